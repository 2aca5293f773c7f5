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
  judge(judgement) {
    const { decision, state, config, nowMs, notes } = judgement
    const hours = config.quietHours
    if (hours === null || !hours.channels.includes(decision.channel)) return null
    const own = state.zone === null ? null : TimeZone.named(state.zone.name)
    if (own === null && state.zone !== null) notes.push('unknown-zone')
    const zone = own ?? TimeZone.named(hours.zone)!
    const untilMs = endOfQuiet(hours, zone, nowMs)
    const minute = Math.floor(remainder(nowMs + zone.spanAt(nowMs).offsetMs) / MINUTE_MS)
    judgement.figures = {
      zone: own === null ? hours.zone : state.zone!.name,
      known: own !== null,
      clock: timeOfDay(minute),
      from: timeOfDay(hours.fromMinute),
      to: timeOfDay(hours.toMinute),
      until: untilMs === nowMs ? null : untilMs,
    }
    if (untilMs === nowMs) return null
    if (untilMs > decision.validUntil) return { kind: 'suppress', reason: 'quiet-hours-expired' }
    return { kind: 'hold', untilMs }
  },
}

/** `07:05` of minute 425. */
function timeOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
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
