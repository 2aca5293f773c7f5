/**
 * Which subjects a user has been told of, or will be when a hold ends, by decisions that may meet the same subject once more after a
 * merge: those of slower tiers, and those that are held. Each with the decision that came first.
 */
import type { Recommendation } from '../../records/recommendation.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import { CHUNK, type UserEntry } from '../user/user-entry.js'

interface Told {
  /** Of rule and subject. */
  readonly hash: number
  /** The first half of the decision's id as a number; 0: another decision that is not here. */
  readonly decision: number
  /** Until when it counts, event time, epoch milliseconds. */
  readonly untilMs: number
}

const out = new ByteWriter()

/** Whether another decision has told the user of the subject. */
export function isTold(entry: UserEntry, hash: number, { decisionId, at }: Recommendation): boolean {
  const told = toldOf(entry).find((one) => one.hash === hash && one.untilMs > at)
  return told !== undefined && told.decision !== numberOf(decisionId)
}

/** Notes that a decision tells the user of the subject, unless another one has. */
export function noteTold(entry: UserEntry, hash: number, { decisionId, at }: Recommendation, keepForMs: number): void {
  const kept = toldOf(entry).filter(({ untilMs }) => untilMs > at)
  if (kept.some((told) => told.hash === hash)) return
  write(entry, [...kept, { hash, decision: numberOf(decisionId), untilMs: at + keepForMs }])
}

/** Of a subject that both were told of, the known user's decision counts. `both`: subjects that decisions of this tier say so of. */
export function mergeTold(known: UserEntry, visitor: UserEntry, both: readonly number[]): void {
  const own = toldOf(known)
  const others = toldOf(visitor)
    .filter(({ hash }) => own.every((told) => told.hash !== hash))
    .map((told) => (both.includes(told.hash) ? { ...told, decision: 0 } : told))
  if (others.length > 0) write(known, [...own, ...others])
}

/** 48 bits. */
function numberOf(decisionId: string): number {
  return Number.parseInt(decisionId.slice(0, 12), 16)
}

function toldOf(entry: UserEntry): Told[] {
  const bytes = entry.get(CHUNK.issued)
  if (bytes === undefined) return []
  const from = new ByteReader(bytes)
  const all: Told[] = []
  while (!from.done) all.push({ hash: from.whole(), decision: from.whole(), untilMs: from.whole() })
  return all
}

function write(entry: UserEntry, all: readonly Told[]): void {
  out.reset()
  for (const { hash, decision, untilMs } of all) {
    out.whole(hash)
    out.whole(decision)
    out.whole(untilMs)
  }
  entry.set(CHUNK.issued, out.copy())
}
