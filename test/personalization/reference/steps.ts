/**
 * Histories and decisions in one line, for tables of rows: `cart 0; purchase 5m+1 item=b` is two events, their ids their
 * places from 0; `withdrawn 2026-03-02/ann 1d` is a decision of that kind with its subject and its time.
 */
import { type ActivityType, activityOf, type UserActivity } from '../../../lib/personalization/records/activity.js'
import { DAY_MS, HOUR_MS, MINUTE_MS, type ReferenceDecision, SECOND_MS } from './plain.js'

/** A midnight; times in the lines count from it. */
export const STEPS_START_MS = Date.UTC(2026, 2, 2)

const FIELDS: Readonly<Record<string, (value: string) => Partial<UserActivity>>> = {
  id: (eventId) => ({ eventId }),
  user: (userId) => ({ userId }),
  visitor: (anonymousId) => ({ userId: null, anonymousId }),
  item: (itemId) => ({ itemId }),
  category: (category) => ({ category }),
  session: (sessionId) => ({ sessionId }),
  price: (units) => ({ unitPriceMicros: Math.round(Number(units) * 1_000_000) }),
  pieces: (quantity) => ({ quantity: Number(quantity) }),
  video: (videoId) => ({ videoId }),
  from: (seconds) => ({ positionMs: Math.round(Number(seconds) * SECOND_MS) }),
  to: (seconds) => ({ seekToMs: Math.round(Number(seconds) * SECOND_MS) }),
}

/** The events of a line. User `ann` does all of them unless a step names another; `always` holds for each step that says nothing else. */
export function eventsOfLine(line: string, always: Partial<UserActivity> = {}): UserActivity[] {
  return partsOf(line).map((step, i) => {
    const [type, time, ...fields] = step.split(' ') as [ActivityType, string, ...string[]]
    const own = fields.map((field) => {
      const [name, value] = field.split('=') as [string, string]
      return FIELDS[name]!(value)
    })
    const at = STEPS_START_MS + msOf(time)
    const event = { eventId: String(i), userId: 'ann', ...always, type, at, source: 'replay' } as const
    return activityOf(Object.assign(event, ...own))
  })
}

/** What `name` decided, in the form of {@link sortedLine}. */
export function lineOfDecisions(name: string, decisions: readonly ReferenceDecision[]): string {
  const parts = decisions.map(({ rule, subject, at }) => {
    const kind = rule.slice(name.length + 1)
    return `${kind === '' ? '' : `${kind} `}${subject} ${at - STEPS_START_MS}`
  })
  return parts.sort().join('; ')
}

/** The expected decisions of a row, their times in milliseconds. */
export function sortedLine(line: string): string {
  return partsOf(line)
    .map((part) => part.replace(/\S+$/, (time) => String(msOf(time))))
    .sort()
    .join('; ')
}

function partsOf(line: string): string[] {
  return line.split('; ').filter((part) => part !== '')
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** `5m`, `1d-1ms`, `10h+30m`, `0`. */
function msOf(time: string): number {
  return [...time.matchAll(/([+-]?)([\d.]+)([a-z]*)/g)].reduce((total, [, sign, count, unit]) => {
    return total + (sign === '-' ? -1 : 1) * Number(count) * (unit === '' ? 1 : UNITS_MS[unit!]!)
  }, 0)
}
