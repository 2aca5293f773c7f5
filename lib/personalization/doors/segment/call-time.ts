/** When the event of a call happened, by the clock of the receiver. */
import { isoMs } from '../../records/iso-time.js'
import { InputProblem, type JsonObject } from '../../records/loose-values.js'

/**
 * `timestamp + (received - sentAt)`: the sender's clock may be wrong, but not by another amount when it sent. A call that has
 * `originalTimestamp` beside `timestamp` was corrected before. Without a timestamp it is the time of receipt.
 *
 * `receivedMs`: the receiver's clock; null for a file, where the call's own `receivedAt` counts. `sentAt`: that of the batch.
 * @throws InputProblem
 */
export function callTime(call: JsonObject, receivedMs: number | null, sentAt?: unknown): number {
  const timestampMs = timeOf(call.timestamp, 'timestamp')
  const originalMs = timeOf(call.originalTimestamp, 'originalTimestamp')
  if (timestampMs !== null && originalMs !== null) return timestampMs
  const arrivedMs = receivedMs ?? timeOf(call.receivedAt, 'receivedAt')
  const sentMs = timeOf(call.sentAt, 'sentAt') ?? timeOf(sentAt, 'sentAt')
  const atMs = timestampMs ?? originalMs
  if (atMs === null) {
    const fallbackMs = arrivedMs ?? sentMs
    if (fallbackMs === null) throw new InputProblem('timestamp is missing')
    return fallbackMs
  }
  return sentMs === null || arrivedMs === null ? atMs : atMs + (arrivedMs - sentMs)
}

function timeOf(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === '') return null
  const ms = typeof value === 'string' ? isoMs(value) : Number.isSafeInteger(value) ? (value as number) : undefined
  if (ms === undefined) throw new InputProblem(`${name} is not an ISO 8601 time`)
  return ms
}
