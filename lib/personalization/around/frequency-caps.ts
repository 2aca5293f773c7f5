/** Frequency caps: no stretch of event time as long as `perMs` holds more than `most` deliveries of a channel to one user. */
import type { Channel } from '../records/recommendation.js'
import type { AroundRule } from './rule.js'

/** One cap. It counts the deliveries of all decisions together. */
export interface FrequencyCap {
  /** The channel that it limits. */
  readonly channel: Channel
  /** At most this many in any stretch of `perMs`; two deliveries exactly `perMs` apart are not in one. */
  readonly most: number
  /** Length of the stretch, milliseconds. */
  readonly perMs: number
}

/** Deliveries of one channel. */
export interface Delivered {
  /** The channel. */
  readonly channel: Channel
  /** Event times, ascending. */
  readonly times: readonly number[]
  /** The latest of the times that are no longer kept; 0: there are none. */
  readonly forgottenMs: number
}

const DAY_MS = 86_400_000
const NONE_DELIVERED = { times: [], forgottenMs: 0 } as const
/** Merges of users can bring more times than caps allow, and short caps allow many in a day: no more than these are kept. */
const MAX_KEPT = { perMost: 3, besides: 128 }

export const frequencyCaps: AroundRule = {
  name: 'frequency-caps',
  judge(judgement) {
    const { decision, state, config, nowMs } = judgement
    const { channel } = decision
    const caps = config.caps.filter((cap) => cap.channel === channel)
    if (caps.length === 0) return null
    const delivered = state.delivered.find((held) => held.channel === channel) ?? NONE_DELIVERED
    judgement.figures = {
      caps: caps.map(({ most, perMs }) => {
        const before = delivered.times.filter((time) => time <= nowMs && time > nowMs - perMs)
        return { most, perMs, delivered: before.length }
      }),
    }
    const exceeds = caps.some((cap) => isExceeded(cap, delivered, nowMs))
    return exceeds ? { kind: 'suppress', reason: 'cap' } : null
  },
}

/** Whether one more delivery at `atMs`, which may be earlier than others, would be too many. Forgotten times are taken for the worst. */
function isExceeded(
  { most, perMs }: FrequencyCap,
  { times, forgottenMs }: Omit<Delivered, 'channel'>,
  atMs: number,
): boolean {
  if (forgottenMs > atMs - perMs) return true
  const place = placeOf(times, atMs)
  const timeAt = (i: number) => (i < place ? times[i]! : i === place ? atMs : times[i - 1]!)
  const last = Math.min(place, times.length - most)
  for (let first = Math.max(0, place - most); first <= last; first++) {
    if (timeAt(first + most) - timeAt(first) < perMs) return true
  }
  return false
}

/** The deliveries of all channels with one more. Those of a channel without a cap are not kept. */
export function withDelivery(
  all: readonly Delivered[],
  channel: Channel,
  atMs: number,
  caps: readonly FrequencyCap[],
): readonly Delivered[] {
  if (!caps.some((cap) => cap.channel === channel)) return all
  return unitedDeliveries(all, [{ channel, times: [atMs], forgottenMs: 0 }], caps)
}

/** The deliveries of both, without those that are too old to matter for a decision that is a day late. */
export function unitedDeliveries(
  some: readonly Delivered[],
  others: readonly Delivered[],
  caps: readonly FrequencyCap[],
): readonly Delivered[] {
  const united = some.map((held) => {
    const other = others.find(({ channel }) => channel === held.channel)
    return other === undefined ? held : bounded(unitedTimes(held, other), caps)
  })
  return [...united, ...others.filter(({ channel }) => some.every((held) => held.channel !== channel))]
}

function unitedTimes(held: Delivered, { times, forgottenMs }: Delivered): Delivered {
  const all = [...held.times]
  for (const time of times) all.splice(placeOf(all, time), 0, time)
  return { channel: held.channel, times: all, forgottenMs: Math.max(held.forgottenMs, forgottenMs) }
}

function bounded(delivered: Delivered, caps: readonly FrequencyCap[]): Delivered {
  const { channel, times, forgottenMs } = delivered
  let [perMs, most] = [0, 0]
  for (const cap of caps) {
    if (cap.channel !== channel) continue
    perMs = Math.max(perMs, cap.perMs)
    most = Math.max(most, cap.most)
  }
  const keepFromMs = times.at(-1)! - 2 * perMs - DAY_MS
  let first = Math.max(0, times.length - MAX_KEPT.perMost * most - MAX_KEPT.besides)
  while (times[first]! < keepFromMs) first++
  if (first === 0) return delivered
  return { channel, times: times.slice(first), forgottenMs: Math.max(forgottenMs, times[first - 1]!) }
}

/** Where `timeMs` belongs in the ascending `times`: after all that are not later. */
function placeOf(times: readonly number[], timeMs: number): number {
  let place = times.length
  while (place > 0 && times[place - 1]! > timeMs) place--
  return place
}
