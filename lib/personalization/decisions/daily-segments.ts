/** Daily segments: who belongs to a named segment at the close of each UTC day, by the days on which the user bought. */
import { defineDecision } from '../frame/define-decision.js'
import { fields, integer, list, packed, text } from '../frame/packed/packed.js'

/** A segment: those who bought on at least so many of the last days. */
interface Segment {
  readonly name: string
  /** The days that count, the one that closes included. */
  readonly days: number
  readonly atLeast: number
}

interface Bought {
  /** Days with a purchase, since 1970. */
  readonly days: readonly number[]
  /** The segments that the user is in. */
  readonly memberOf: readonly string[]
}

const DAY_MS = 86_400_000
const NOTHING: Bought = { days: [], memberOf: [] }
const SHIPPED: readonly Segment[] = [{ name: 'repeat-customers', days: 30, atLeast: 2 }]

export const dailySegments = defineDecision({
  name: 'daily-segments',
  title: 'Daily segments',
  within: '1d',
  channel: 'none',
  validFor: '1d',
  reads: ['purchase'],
  order: 'arrival',
  kinds: { added: 'Daily segments: entered', removed: 'Daily segments: left' },
  onlyKinds: true,
  boundary: { every: DAY_MS, included: false },
  keepFor: '400d',
  settings: { segments: SHIPPED },
  prepare: ({ segments }) => segments.map(prepared),
  state: {
    initial: NOTHING,
    serde: packed(fields<Bought>({ days: list(integer), memberOf: list(text) })),
  },
  onEvent({ days, memberOf }: Bought, event, turn) {
    const day = Math.floor(event.at / DAY_MS)
    if (event.userId === null || days.includes(day)) return undefined
    turn.judgeAt(turn.boundaryOf(event.at))
    return { days: [...days, day], memberOf }
  },
  onBoundary({ days, memberOf }: Bought, atMs, turn) {
    const closing = atMs / DAY_MS - 1
    const members = new Set(memberOf)
    let longest = 0
    for (const { name, days: count, atLeast } of turn.settings) {
      longest = Math.max(longest, count)
      const bought = days.filter((day) => day > closing - count && day <= closing).length
      const isMember = bought >= atLeast
      if (isMember !== members.has(name)) {
        const subject = `${name}/${new Date(closing * DAY_MS).toISOString().slice(0, 10)}`
        turn.decide({ kind: isMember ? 'added' : 'removed', subject, reason: name })
      }
      if (isMember) members.add(name)
      else members.delete(name)
      // The number changes next when a day leaves.
      for (const day of days) if (day + count > closing) turn.judgeAt((day + count + 1) * DAY_MS)
    }
    for (const day of days) if (day > closing) turn.judgeAt((day + 1) * DAY_MS)
    const left = days.filter((day) => day > closing - longest)
    return left.length === 0 && members.size === 0 ? NOTHING : { days: left, memberOf: [...members] }
  },
})

function prepared({ name, days, atLeast }: Segment): Segment {
  if (typeof name !== 'string' || name === '') throw new RangeError('each of segments needs a name')
  if (!Number.isSafeInteger(days) || days < 1 || days > 366) throw new RangeError(`days of ${name} must be 1 to 366`)
  if (!Number.isSafeInteger(atLeast) || atLeast < 1 || atLeast > days) {
    throw new RangeError(`atLeast of ${name} must be 1 to days`)
  }
  return { name, days, atLeast }
}
