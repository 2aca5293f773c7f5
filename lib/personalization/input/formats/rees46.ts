/** The REES46 multi-category shop: views, carts and purchases of known users, with prices in dollars. */
import { type ActivityType, activityOf } from '../../records/activity.js'
import { utcMs } from '../../records/iso-time.js'
import { parseMicros } from '../../records/money.js'
import type { ByteSource } from './bytes.js'
import { type ActivityRow, type ActivityRows, csvActivities, optional } from './rows.js'

const HEADER = [
  'event_time',
  'event_type',
  'product_id',
  'category_id',
  'category_code',
  'brand',
  'price',
  'user_id',
  'user_session',
] as const

const TYPES: Readonly<Record<string, ActivityType>> = {
  view: 'view',
  cart: 'cart',
  remove_from_cart: 'remove',
  purchase: 'purchase',
}

/** One event per row, event id = row number. The category is `category_code`, its id where the code is empty. */
export function readRees46(source: ByteSource): ActivityRows {
  return csvActivities(source, 'rees46', HEADER, toActivity)
}

function toActivity(fields: readonly string[], row: number): ActivityRow {
  const [time, typeName, productId, categoryId, categoryCode, brand, price, userId, session] = fields as string[]
  const at = time!.endsWith(' UTC') ? utcMs(time!.slice(0, -4)) : undefined
  if (at === undefined) return { row, reason: 'event_time is not "YYYY-MM-DD hh:mm:ss UTC"' }
  const type = Object.hasOwn(TYPES, typeName!) ? TYPES[typeName!] : undefined
  if (type === undefined) return { row, reason: 'event_type unknown' }
  const unitPriceMicros = parseMicros(price!)
  if (unitPriceMicros === undefined) return { row, reason: 'price is not a decimal' }
  if (productId === '') return { row, reason: 'product_id is empty' }
  if (userId === '') return { row, reason: 'user_id is empty' }
  return activityOf({
    eventId: String(row),
    userId: userId!,
    type,
    at,
    itemId: productId!,
    sessionId: optional(session!),
    unitPriceMicros,
    currency: 'USD',
    category: optional(categoryCode!) ?? optional(categoryId!),
    brand: optional(brand!),
    source: 'replay',
  })
}
