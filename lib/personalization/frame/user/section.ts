/** What one decision keeps of one user: its state, its wake-up and boundary, and the subjects it has decided. */

import type { Decision } from '../define-decision.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'

/** A section, decoded. Times are epoch milliseconds. */
export interface Section {
  state: unknown
  /** When `onTimer` is due; null: there is no timer. */
  wakes: Wake[] | null
  /** When `onBoundary` is due: all events up to this time, itself included, come before. */
  boundaryMs: number | null
  /** The latest event or timer of the decision. */
  lastMs: number
  /** Decided subjects: a hash, and after it the time of the decision. */
  issued: number[] | null
}

/** A timer of a decision, told from its others by name. */
export interface Wake {
  readonly name: string
  ms: number
}

const out = new ByteWriter()
const NEVER_MS = Number.POSITIVE_INFINITY

/** A section of a user for whom the decision has nothing yet. */
export function newSection({ state }: Decision): Section {
  return { state: state?.initial ?? null, wakes: null, boundaryMs: null, lastMs: 0, issued: null }
}

/** When a section next changes by time alone. Its bytes begin with all that this takes. */
export function encodedDueMs(bytes: Buffer, keepForMs: number): number {
  const from = new ByteReader(bytes)
  const due = from.whole()
  return due > 0 ? due - 1 : from.whole() + keepForMs
}

/** The same for a section that is decoded. */
export function sectionDueMs(section: Section, keepForMs: number): number {
  const dueMs = firstDueMs(section)
  return dueMs === NEVER_MS ? section.lastMs + keepForMs : dueMs
}

/** The first timer; null: there is none. Of one time, the first by name. */
export function firstWake({ wakes }: Section): Wake | null {
  if (wakes === null) return null
  let first = wakes[0]!
  for (let i = 1; i < wakes.length; i++) {
    const wake = wakes[i]!
    if (wake.ms < first.ms || (wake.ms === first.ms && wake.name < first.name)) first = wake
  }
  return first
}

/** The timer of a name. */
export function wakeNamed({ wakes }: Section, name: string): Wake | undefined {
  return wakes?.find((wake) => wake.name === name)
}

/** Sets the timer of a name; null takes it back. */
export function setWake(section: Section, name: string, ms: number | null): void {
  const wake = wakeNamed(section, name)
  if (ms === null) {
    if (wake === undefined) return
    const others = section.wakes!.filter((other) => other !== wake)
    section.wakes = others.length === 0 ? null : others
  } else if (wake !== undefined) wake.ms = ms
  else if (section.wakes === null) section.wakes = [{ name, ms }]
  else section.wakes.push({ name, ms })
}

/** Notes that a subject is decided. False: it was, after `afterMs`. */
export function issue(section: Section, hash: number, atMs: number, afterMs: number): boolean {
  section.issued ??= []
  const { issued } = section
  for (let i = 0; i < issued.length; i += 2) {
    if (issued[i] !== hash) continue
    if (issued[i + 1]! > afterMs) return false
    issued[i + 1] = atMs
    return true
  }
  issued.push(hash, atMs)
  return true
}

function firstDueMs(section: Section): number {
  return Math.min(firstWake(section)?.ms ?? NEVER_MS, section.boundaryMs ?? NEVER_MS)
}

export function decodeSection(bytes: Buffer, decision: Decision): Section {
  const from = new ByteReader(bytes)
  from.whole()
  const lastMs = from.whole()
  const boundary = from.whole()
  const wakes: Wake[] = []
  for (let left = from.whole(); left > 0; left--) wakes.push({ name: from.text(), ms: from.whole() })
  const issued: number[] = []
  for (let left = from.whole(); left > 0; left--) issued.push(from.whole(), from.whole())
  const { state } = decision
  const rest = bytes.subarray(from.position)
  const isInitial = state === undefined || rest.length === 0
  return {
    state: isInitial ? (state?.initial ?? null) : state.serde.deserialize(rest, decision.name),
    wakes: wakes.length === 0 ? null : wakes,
    boundaryMs: boundary === 0 ? null : boundary - 1,
    lastMs,
    issued: issued.length === 0 ? null : issued,
  }
}

/** Null: there is nothing to keep. Subjects decided longer than `keepForMs` ago are dropped. */
export function encodeSection(section: Section, decision: Decision): Buffer | null {
  const { state, wakes, boundaryMs, lastMs, issued } = section
  const { state: kept, keepForMs } = decision
  const isInitial = kept === undefined || state === kept.initial
  if (isInitial && wakes === null && boundaryMs === null && issued === null) return null
  out.reset()
  const dueMs = firstDueMs(section)
  out.whole(dueMs === NEVER_MS ? 0 : dueMs + 1)
  out.whole(lastMs)
  out.whole(boundaryMs === null ? 0 : boundaryMs + 1)
  out.whole(wakes?.length ?? 0)
  if (wakes !== null) {
    for (const { name, ms } of wakes) {
      out.text(name)
      out.whole(ms)
    }
  }
  writeIssued(issued, lastMs - keepForMs)
  if (!isInitial) out.raw(kept.serde.serialize(state, decision.name))
  return out.copy()
}

function writeIssued(issued: readonly number[] | null, afterMs: number): void {
  let kept = 0
  if (issued !== null) for (let i = 1; i < issued.length; i += 2) if (issued[i]! > afterMs) kept++
  out.whole(kept)
  if (issued === null) return
  for (let i = 0; i < issued.length; i += 2) {
    if (issued[i + 1]! <= afterMs) continue
    out.whole(issued[i]!)
    out.whole(issued[i + 1]!)
  }
}
