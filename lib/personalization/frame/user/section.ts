/** What one decision keeps of one user: its state, its wake-up and boundary, and the subjects it has decided. */

import type { Decision } from '../define-decision.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'
import type { EntryPart } from './user-entry.js'

/** A section, decoded. Times are epoch milliseconds. */
export class Section implements EntryPart {
  state: unknown
  /** When `onTimer` is due; null: there is no timer. */
  wakes: Wake[] | null = null
  /** When `onBoundary` is due: all events up to this time, itself included, come before. */
  boundaryMs: number | null = null
  /** The latest event or timer of the decision. */
  lastMs = 0
  /** Decided subjects: a hash, and after it the time of the decision. */
  issued: number[] | null = null
  readonly #decision: Decision

  /** That of a user for whom the decision has nothing yet. */
  constructor(decision: Decision) {
    this.#decision = decision
    this.state = decision.state?.initial ?? null
  }

  /** There is nothing to keep. */
  get isEmpty(): boolean {
    return this.wakes === null && this.boundaryMs === null && this.issued === null && this.#isInitial
  }

  /** Subjects decided longer than the decision's `keepForMs` ago are dropped. */
  encode(): Buffer | null {
    if (this.isEmpty) return null
    const { state: kept, keepForMs, name } = this.#decision
    const { wakes, boundaryMs, lastMs } = this
    out.reset()
    const dueMs = firstDueMs(this)
    out.whole(dueMs === NEVER_MS ? 0 : dueMs + 1)
    out.whole(lastMs)
    out.whole(boundaryMs === null ? 0 : boundaryMs + 1)
    out.whole(wakes?.length ?? 0)
    if (wakes !== null) {
      for (const { name: timer, ms } of wakes) {
        out.text(timer)
        out.whole(ms)
      }
    }
    writeIssued(this.issued, lastMs - keepForMs)
    if (!this.#isInitial) out.raw(kept!.serde.serialize(this.state, name))
    return out.copy()
  }

  get #isInitial(): boolean {
    const { state } = this.#decision
    return state === undefined || this.state === state.initial
  }
}

/** A timer of a decision, told from its others by name. */
export interface Wake {
  readonly name: string
  ms: number
}

const out = new ByteWriter()
const NEVER_MS = Number.POSITIVE_INFINITY

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
  const section = new Section(decision)
  const from = new ByteReader(bytes)
  from.whole()
  section.lastMs = from.whole()
  const boundary = from.whole()
  if (boundary > 0) section.boundaryMs = boundary - 1
  const wakes = from.whole()
  if (wakes > 0) section.wakes = []
  for (let left = wakes; left > 0; left--) section.wakes!.push({ name: from.text(), ms: from.whole() })
  const issued = from.whole()
  if (issued > 0) section.issued = []
  for (let left = issued; left > 0; left--) section.issued!.push(from.whole(), from.whole())
  const { state } = decision
  const rest = bytes.subarray(from.position)
  if (state !== undefined && rest.length > 0) section.state = state.serde.deserialize(rest, decision.name)
  return section
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
