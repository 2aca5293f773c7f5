/** OTTO's sessions, one JSON object a line: clicks, carts and orders with millisecond times, no prices. */
import { type ActivityType, activityOf } from '../../records/activity.js'
import { type ByteSource, linesOf } from './bytes.js'
import { type ActivityRow, type ActivityRows, validRow } from './rows.js'

const TYPES: Readonly<Record<string, ActivityType>> = { clicks: 'view', carts: 'cart', orders: 'purchase' }

/**
 * Every event of every session is a row, numbered through the file; event id = row number. A line that is no session is
 * one unreadable row. The session is the user as well. An order has no price in this set and is taken as 0.
 */
export async function* readOtto(source: ByteSource): ActivityRows {
  let row = 0
  for await (const lines of linesOf(source)) {
    const activities: ActivityRow[] = []
    for (const line of lines) {
      if (line === '') continue
      const session = parseSession(line)
      if (session === undefined) activities.push({ row: ++row, reason: 'line is not a session with events' })
      else for (const event of session.events) activities.push(toActivity(event, session.id, ++row))
    }
    if (activities.length > 0) yield activities
  }
}

function parseSession(line: string): { id: string; events: readonly unknown[] } | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('session' in value) || !('events' in value)) return undefined
  const { session, events } = value
  if ((typeof session !== 'number' && typeof session !== 'string') || !Array.isArray(events)) return undefined
  return { id: String(session), events }
}

function toActivity(event: unknown, sessionId: string, row: number): ActivityRow {
  const { aid, ts, type: typeName } = (event ?? {}) as Readonly<Record<string, unknown>>
  if (typeof aid !== 'number' || !Number.isSafeInteger(aid)) return { row, reason: 'aid is not a whole number' }
  if (typeof ts !== 'number' || !Number.isSafeInteger(ts)) return { row, reason: 'ts is not in epoch milliseconds' }
  const type = typeof typeName === 'string' && Object.hasOwn(TYPES, typeName) ? TYPES[typeName] : undefined
  if (type === undefined) return { row, reason: 'type unknown' }
  const activity = activityOf({
    eventId: String(row),
    userId: sessionId,
    type,
    at: ts,
    itemId: String(aid),
    sessionId,
    unitPriceMicros: type === 'purchase' ? 0 : null,
    source: 'replay',
  })
  return validRow(row, activity)
}
