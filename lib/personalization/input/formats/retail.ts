/** The UK gift shop's order lines: purchases and cancellations with exact prices, guests included. */
import { activityOf } from '../../records/activity.js'
import { utcMs } from '../../records/iso-time.js'
import { parseMicros, timesQuantity } from '../../records/money.js'
import type { ByteSource } from './bytes.js'
import { type ActivityRow, type ActivityRows, csvActivities, optional, wholeNumber } from './rows.js'

const HEADER = [
  'invoice_no',
  'stock_code',
  'description',
  'quantity',
  'invoice_time',
  'unit_price',
  'customer_id',
  'country',
] as const

/**
 * One event per order line, event id = row number, session = invoice. An invoice number with a leading C makes a
 * cancellation, whose quantity is turned positive. What remains below zero (written-off stock, a corrected debt) is an
 * `adjustment`, which counts for no rule. Lines without customer have no user: anonymous. Times are taken as UTC.
 */
export function readRetail(source: ByteSource): ActivityRows {
  return csvActivities(source, 'retail', HEADER, toActivity)
}

function toActivity(fields: readonly string[], row: number): ActivityRow {
  const [invoice, stockCode, , quantityText, time, price, customerId, country] = fields as string[]
  const quantity = wholeNumber(quantityText!)
  if (quantity === undefined) return { row, reason: 'quantity is not a whole number' }
  const at = utcMs(time!)
  if (at === undefined) return { row, reason: 'invoice_time is not "YYYY-MM-DDThh:mm:ss"' }
  const unitPriceMicros = parseMicros(price!)
  if (unitPriceMicros === undefined) return { row, reason: 'unit_price is not a decimal' }
  if (timesQuantity(unitPriceMicros, quantity) === undefined) return { row, reason: 'amount too large' }
  if (stockCode === '') return { row, reason: 'stock_code is empty' }
  const isCancellation = invoice!.startsWith('C')
  const isRegular = unitPriceMicros >= 0 && (isCancellation ? quantity < 0 : quantity > 0)
  return activityOf({
    eventId: String(row),
    userId: optional(customerId!),
    type: isRegular ? (isCancellation ? 'cancellation' : 'purchase') : 'adjustment',
    at,
    itemId: stockCode!,
    sessionId: optional(invoice!),
    unitPriceMicros,
    currency: 'GBP',
    quantity: isRegular ? Math.abs(quantity) : quantity,
    country: optional(country!),
    source: 'replay',
  })
}
