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

/** `2019-10-01 00:00:00` or with a T, taken as UTC, in epoch milliseconds; undefined if there is no such moment. */
export function utcMs(text: string): number | undefined {
  if (text.length !== 19 || text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined
  if (text[10] !== ' ' && text[10] !== 'T') return undefined
  const year = digits(text, 0, 4)
  const month = digits(text, 5, 2)
  const day = digits(text, 8, 2)
  const hour = digits(text, 11, 2)
  const minute = digits(text, 14, 2)
  const second = digits(text, 17, 2)
  // NaN, for what has something else among its digits, is in no range.
  if (!(year >= 0 && hour <= 23 && minute <= 59 && second <= 59 && day >= 1 && day <= daysIn(year, month)))
    return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The number that `count` digits are; NaN if one of them is none. */
function digits(text: string, from: number, count: number): number {
  let value = 0
  for (let i = from; i < from + count; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days of a month of the Gregorian calendar, 0 if there is no such month. */
function daysIn(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0)
}
