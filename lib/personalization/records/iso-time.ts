/** Times of input as epoch milliseconds: ISO 8601 with or without a zone, checked against the calendar. */

const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(?: ?([Zz]|[+-]\d{2}(?::?\d{2})?))?$/

/**
 * An ISO 8601 date or date and time in epoch milliseconds, what is finer than a millisecond cut off. Without a zone it is
 * UTC. Undefined if there is no such moment.
 */
export function isoMs(text: string): number | undefined {
  const parts = ISO.exec(text)
  if (parts === null) return undefined
  const [, day, minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = parts
  const civilMs = utcMs(`${day} ${minutes}:${seconds}`)
  const aheadMs = offsetMs(zone)
  if (civilMs === undefined || aheadMs === undefined) return undefined
  return civilMs + Number(fraction.slice(0, 3).padEnd(3, '0')) - aheadMs
}

/** How far the zone is ahead of UTC; undefined if no place on earth is so far. */
function offsetMs(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || '0')
  if (hours > 14 || minutes > 59) return undefined
  const ms = (hours * 60 + minutes) * 60_000
  return zone.startsWith('-') ? -ms : ms
}

const CIVIL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})$/

/** `2019-10-01 00:00:00` or with a T, taken as UTC, in epoch milliseconds; undefined if there is no such moment. */
export function utcMs(text: string): number | undefined {
  const parts = CIVIL.exec(text)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts as unknown as [string, ...string[]]
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  if (Number(day) < 1 || Number(day) > daysIn(Number(year), Number(month))) return undefined
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days of a month of the Gregorian calendar, 0 if there is no such month. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0)
}
