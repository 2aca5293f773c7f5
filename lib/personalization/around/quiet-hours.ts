/**
 * Quiet hours: whenever the clock of the user shows a time from `from` until before `to`, decisions wait. The clock decides, so a night
 * has 23 hours if clocks are set forward in it; if they are set back over `to`, it is quiet again until `to` comes a second time.
 */
import type { Channel } from '../records/recommendation.js'
import type { AroundRule } from './rule.js'
import { TimeZone } from './time-zone.js'

/** When it is quiet, and where. */
export interface QuietHours {
  /** The channels that wait. */
  readonly channels: readonly Channel[]
  /** Minute of the local day; 22:00 is 1320. */
  readonly fromMinute: number
  /** Minute of the local day, exclusive, other than `fromMinute`. If it is the smaller one, the hours go over midnight. */
  readonly toMinute: number
  /** The time zone of users whose own is unknown, an IANA name. */
  readonly zone: string
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

export const quietHours: AroundRule = {
  name: 'quiet-hours',
  judge({ decision, state, config, nowMs, notes }) {
    const hours = config.quietHours
    if (hours === null || !hours.channels.includes(decision.channel)) return null
    const own = state.zone === null ? null : TimeZone.named(state.zone.name)
    if (own === null && state.zone !== null) notes.push('unknown-zone')
    const untilMs = endOfQuiet(hours, own ?? TimeZone.named(hours.zone)!, nowMs)
    if (untilMs === nowMs) return null
    if (untilMs > decision.validUntil) return { kind: 'suppress', reason: 'quiet-hours-expired' }
    return { kind: 'hold', untilMs }
  },
}

/** The first time, `nowMs` or later, at which it is not quiet. */
function endOfQuiet({ fromMinute, toMinute }: QuietHours, zone: TimeZone, nowMs: number): number {
  const [fromMs, toMs] = [fromMinute * MINUTE_MS, toMinute * MINUTE_MS]
  let atMs = nowMs
  for (;;) {
    const { offsetMs, endMs } = zone.spanAt(atMs)
    const localMs = remainder(atMs + offsetMs)
    const isQuiet = remainder(localMs - fromMs) < remainder(toMs - fromMs)
    if (!isQuiet) return atMs
    atMs = Math.min(atMs + remainder(toMs - localMs), endMs)
  }
}

/** Of the division by a day, never negative. */
function remainder(ms: number): number {
  return ((ms % DAY_MS) + DAY_MS) % DAY_MS
}
