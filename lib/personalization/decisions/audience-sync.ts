/** Audience sync: who belongs to a named audience, by what the user has spent in the time before each boundary. */
import { DURATION_ADVICE, duration } from '../config/duration.js'
import { defineDecision } from '../frame/define-decision.js'
import { fields, integer, list, packed, text } from '../frame/packed/packed.js'
import { micros } from '../records/money.js'

/** An audience: those whose purchases less cancellations of the time before reach an amount. */
interface Audience {
  readonly name: string
  /** How far back purchases count: a multiple of the boundary, such as `7d`. */
  readonly trailing: string
  /** The amount, such as `200.00`. */
  readonly reaches: string
}

/** Purchases less cancellations up to one boundary. */
interface Bucket {
  readonly boundaryMs: number
  readonly netMicros: number
}

interface Spent {
  readonly buckets: readonly Bucket[]
  /** The audiences that the user is in. */
  readonly memberOf: readonly string[]
}

const BOUNDARY_MS = 4 * 3_600_000
const NOTHING: Spent = { buckets: [], memberOf: [] }
const SHIPPED: readonly Audience[] = [{ name: 'weekly-200', trailing: '7d', reaches: '200.00' }]

export const audienceSync = defineDecision({
  name: 'audience-sync',
  title: 'Audience sync',
  within: '4h',
  channel: 'none',
  validFor: '1d',
  reads: ['purchase', 'cancellation'],
  order: 'arrival',
  kinds: { added: 'Audience sync: added', removed: 'Audience sync: removed' },
  onlyKinds: true,
  boundary: { every: BOUNDARY_MS, included: true },
  keepFor: '31d',
  settings: { audiences: SHIPPED },
  prepare: ({ audiences }) => audiences.map(prepared),
  state: {
    initial: NOTHING,
    serde: packed(
      fields<Spent>({
        buckets: list(fields<Bucket>({ boundaryMs: integer, netMicros: integer })),
        memberOf: list(text),
      }),
    ),
  },
  onEvent({ buckets, memberOf }: Spent, event, turn) {
    if (event.userId === null || event.unitPriceMicros === null) return undefined
    const amountMicros = Math.max(0, event.unitPriceMicros * event.quantity)
    const boundaryMs = turn.boundaryOf(event.at)
    turn.judgeAt(boundaryMs)
    const held = buckets.find((bucket) => bucket.boundaryMs === boundaryMs)
    const netMicros = (held?.netMicros ?? 0) + (event.type === 'purchase' ? amountMicros : -amountMicros)
    return { buckets: [...buckets.filter((bucket) => bucket !== held), { boundaryMs, netMicros }], memberOf }
  },
  onBoundary({ buckets, memberOf }: Spent, atMs, turn) {
    const members = new Set(memberOf)
    let longestMs = 0
    for (const { name, trailingMs, reachesMicros } of turn.settings) {
      longestMs = Math.max(longestMs, trailingMs)
      const sum = buckets
        .filter(({ boundaryMs }) => boundaryMs > atMs - trailingMs && boundaryMs <= atMs)
        .reduce((total, { netMicros }) => total + netMicros, 0)
      const isMember = sum >= reachesMicros
      if (isMember !== members.has(name)) {
        const kind = isMember ? 'added' : 'removed'
        turn.decide({ kind, subject: `${name}/${new Date(atMs).toISOString()}`, reason: name, amountMicros: sum })
      }
      if (isMember) members.add(name)
      else members.delete(name)
      // The sum changes next when a bucket leaves.
      for (const { boundaryMs } of buckets) if (boundaryMs + trailingMs > atMs) turn.judgeAt(boundaryMs + trailingMs)
    }
    for (const { boundaryMs } of buckets) if (boundaryMs > atMs) turn.judgeAt(boundaryMs)
    const left = buckets.filter(({ boundaryMs }) => boundaryMs > atMs - longestMs)
    return left.length === 0 && members.size === 0 ? NOTHING : { buckets: left, memberOf: [...members] }
  },
})

function prepared({ name, trailing, reaches }: Audience) {
  if (typeof name !== 'string' || name === '') throw new RangeError('each of audiences needs a name')
  const trailingMs = duration(trailing)
  if (trailingMs === undefined || trailingMs <= 0) throw new RangeError(`trailing of ${name}: ${DURATION_ADVICE}`)
  if (trailingMs % BOUNDARY_MS !== 0) throw new RangeError(`trailing of ${name} must be a multiple of 4h`)
  return { name, trailingMs, reachesMicros: micros(reaches, `reaches of ${name}`) }
}
