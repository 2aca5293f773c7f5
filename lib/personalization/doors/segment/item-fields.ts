/** Fields that events about products, pages and searches take out of their properties. */
import type { UserActivity } from '../../records/activity.js'
import { isObject, microsOf, wordOf } from '../../records/loose-values.js'
import type { LooseProperties } from '../../records/other-properties.js'

/** Where the id of an item stands, the first that is there. */
export const ITEM_NAMES = ['product_id', 'productId', 'sku'] as const
/** Products, unlike pages, may have a plain `id`: the first e-commerce spec. */
export const PRODUCT_NAMES = [...ITEM_NAMES, 'id'] as const

/** @throws InputProblem */
export function itemFields(properties: LooseProperties): Partial<UserActivity> {
  return {
    unitPriceMicros: properties.take(['price'], microsOf),
    currency: takeCurrency(properties),
    category: properties.take(['category'], wordOf),
    brand: properties.take(['brand'], wordOf),
  }
}

const CURRENCY_CODE = /^[A-Za-z]{3}$/

export function takeCurrency(properties: LooseProperties): string | null {
  return properties.take(['currency'], (value) =>
    typeof value === 'string' && CURRENCY_CODE.test(value) ? value.toUpperCase() : null,
  )
}

/** The visitor's session, where the context does not say it. A playback's `session_id` is another thing. */
export function sessionFields(
  properties: LooseProperties,
  common: Pick<UserActivity, 'sessionId'>,
): Pick<UserActivity, 'sessionId'> {
  return { sessionId: common.sessionId ?? properties.take(['session_id', 'sessionId'], wordOf) }
}

/** A query may be an object of search terms. */
export function takeQuery(properties: LooseProperties): string | null {
  return properties.take(['query'], (value, name) => (isObject(value) ? JSON.stringify(value) : wordOf(value, name)))
}
