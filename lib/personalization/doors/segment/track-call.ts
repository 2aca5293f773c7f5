/** `track` calls: the name of the event says which activity it is and how its properties are read. */
import type { ActivityFields, UserActivity } from '../../records/activity.js'
import {
  countOf,
  InputProblem,
  isObject,
  type JsonObject,
  objectOf,
  secondsToMs,
  wordOf,
} from '../../records/loose-values.js'
import { LooseProperties, propertiesText } from '../../records/other-properties.js'
import { type EventRule, eventRule } from './event-names.js'
import { itemFields, PRODUCT_NAMES, sessionFields, takeCurrency, takeQuery } from './item-fields.js'
import { booleansOf, type SharedFields } from './who-and-when.js'

type NamedFields = SharedFields & Pick<UserActivity, 'name'>

/** One activity, or one for each product of an order. @throws InputProblem */
export function trackCall(call: JsonObject, shared: SharedFields): ActivityFields[] {
  const name = wordOf(call.event, 'event')
  if (name === null) throw new InputProblem('track without event')
  const rule = eventRule(name)
  const common = { ...shared, name, consent: rule?.about === 'consent' ? shared.consent : null }
  const values = objectOf(call.properties, 'properties')
  if (rule?.about === 'order') return orderFields(rule, values, common)
  const properties = new LooseProperties(values)
  const fields = rule === undefined ? custom(properties, common) : ruleFields(rule, properties, common)
  return [{ ...fields, properties: propertiesText(properties.rest()) }]
}

function custom(properties: LooseProperties, common: NamedFields): ActivityFields {
  return { ...common, ...sessionFields(properties, common), type: 'custom' }
}

function ruleFields(rule: EventRule, properties: LooseProperties, common: NamedFields): ActivityFields {
  const { type } = rule
  switch (rule.about) {
    case 'product': {
      const itemId = properties.take(PRODUCT_NAMES, wordOf)
      if (itemId === null) throw new InputProblem(`${type} without product_id or sku`)
      const quantity = type === 'view' ? 1 : (properties.take(['quantity'], countOf) ?? 1)
      return { ...common, ...sessionFields(properties, common), ...itemFields(properties), type, itemId, quantity }
    }
    case 'query': {
      const query = takeQuery(properties)
      if (query === null) throw new InputProblem('search without query')
      return { ...common, ...sessionFields(properties, common), type, query }
    }
    case 'shown': {
      const decisionId = properties.take(['decision_id', 'decisionId'], wordOf)
      const itemId = properties.take(PRODUCT_NAMES, wordOf)
      if (decisionId === null && itemId === null) return custom(properties, common)
      return { ...common, ...sessionFields(properties, common), ...itemFields(properties), type, decisionId, itemId }
    }
    case 'video':
      return { ...common, ...videoFields(rule, properties) }
    case 'code':
      return { ...common, type, name: properties.take(['code', 'error_code', 'errorCode'], wordOf) ?? common.name }
    default:
      return { ...common, type, consent: common.consent ?? booleansOf(properties.rest()) }
  }
}

const ORDER_ID_NAMES = ['order_id', 'orderId']

/** One activity per product, with the index behind the event id. What is said of the whole order stands in the first. */
function orderFields({ type }: EventRule, values: JsonObject, common: NamedFields): ActivityFields[] {
  const order = new LooseProperties(values)
  const session = sessionFields(order, common)
  const products = values.products ?? []
  if (!Array.isArray(products)) throw new InputProblem('products is not a list')
  if (products.length === 0) {
    // Only the refund of a whole order may omit its products. It names no item, so it cancels no purchase of one.
    if (type === 'purchase') throw new InputProblem('purchase without products')
    return [{ ...common, ...session, type: 'custom', properties: propertiesText(order.rest()) }]
  }
  order.omit('products')
  const currency = takeCurrency(order)
  const rest = order.rest()
  const orderId = rest.filter(([name]) => ORDER_ID_NAMES.includes(name))
  return products.map((value: unknown, index): ActivityFields => {
    if (!isObject(value)) throw new InputProblem(`products[${index}] is not an object`)
    const product = new LooseProperties(value)
    const itemId = product.take(PRODUCT_NAMES, wordOf)
    if (itemId === null) throw new InputProblem(`products[${index}] without product_id or sku`)
    const fields = itemFields(product)
    return {
      ...common,
      ...session,
      ...fields,
      type,
      itemId,
      eventId: `${common.eventId}#${index}`,
      quantity: product.take(['quantity'], countOf) ?? 1,
      currency: fields.currency ?? currency,
      properties: propertiesText([...(index === 0 ? rest : orderId), ...product.rest()]),
    }
  })
}

const VIDEO_NAMES = ['content_asset_id', 'contentAssetId', 'asset_id', 'assetId'] as const

/**
 * A seek is said by the event that has both `position` and `seek_position`: by Segment's spec the one that starts it; some clients
 * send only the one that completes it. Without `seek_position` either only tells the position.
 */
function videoFields(
  { type }: EventRule,
  properties: LooseProperties,
): Pick<ActivityFields, 'type'> & Partial<UserActivity> {
  const videoId =
    properties.take(VIDEO_NAMES, wordOf) ?? properties.take(['content_asset_ids', 'contentAssetIds'], firstOf)
  if (videoId === null) throw new InputProblem(`${type} without content_asset_id or asset_id`)
  const positionMs = properties.take(['position'], secondsToMs) ?? impliedPosition(type, properties)
  if (positionMs === null) throw new InputProblem(`${type} without position`)
  if (type !== 'video_seek') return { type, videoId, positionMs }
  const seekToMs = properties.take(['seek_position', 'seekPosition'], secondsToMs)
  return seekToMs === null ? { type: 'video_progress', videoId, positionMs } : { type, videoId, positionMs, seekToMs }
}

/** A video starts at its start and is complete at its end, if the event does not say otherwise. */
function impliedPosition(type: EventRule['type'], properties: LooseProperties): number | null {
  if (type === 'video_play') return 0
  return type === 'video_complete' ? properties.take(['total_length', 'totalLength'], secondsToMs) : null
}

/** The event that starts a playback has a list of the videos to come. */
function firstOf(value: unknown, name: string): string | null {
  return Array.isArray(value) ? wordOf(value[0], name) : wordOf(value, name)
}
