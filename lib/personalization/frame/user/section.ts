/** What one decision keeps of one user: its state, its wake-up and boundary, and the subjects it has decided. */

import type { Decision } from '../define-decision.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'

/** A section, decoded. Times are epoch milliseconds. */
export interface Section {
  state: unknown
  /** When `onTimer` is due, by the name of the timer; null: there is none. */
  wakes: Map<string, number> | null
  /** When `onBoundary` is due: all events up to this time, itself included, come before. */
  boundaryMs: number | null
  /** The latest event or timer of the decision. */
  lastMs: number
  /** Decided subjects, as hashes, with the time of the decision. */
  issued: Map<number, number> | null
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

/** The name and time of the first timer; null: there is none. Of one time, the first by name. */
export function firstWake({ wakes }: Section): readonly [name: string, ms: number] | null {
  let first: readonly [string, number] | null = null
  if (wakes === null) return first
  for (const wake of wakes) {
    if (first === null || wake[1] < first[1] || (wake[1] === first[1] && wake[0] < first[0])) first = wake
  }
  return first
}

function firstDueMs(section: Section): number {
  return Math.min(firstWake(section)?.[1] ?? NEVER_MS, section.boundaryMs ?? NEVER_MS)
}

export function decodeSection(bytes: Buffer, decision: Decision): Section {
  const from = new ByteReader(bytes)
  from.whole()
  const lastMs = from.whole()
  const boundary = from.whole()
  const wakes = readTimes(from, (reader) => reader.text())
  const issued = readTimes(from, (reader) => reader.whole())
  const { state } = decision
  const rest = bytes.subarray(from.position)
  const isInitial = state === undefined || rest.length === 0
  return {
    state: isInitial ? (state?.initial ?? null) : state.serde.deserialize(rest, decision.name),
    wakes,
    boundaryMs: boundary === 0 ? null : boundary - 1,
    lastMs,
    issued,
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
  out.whole(wakes?.size ?? 0)
  if (wakes !== null) {
    for (const [name, ms] of wakes) {
      out.text(name)
      out.whole(ms)
    }
  }
  writeIssued(issued, lastMs - keepForMs)
  if (!isInitial) out.raw(kept.serde.serialize(state, decision.name))
  return out.copy()
}

function readTimes<K>(from: ByteReader, readName: (from: ByteReader) => K): Map<K, number> | null {
  const count = from.whole()
  if (count === 0) return null
  const times = new Map<K, number>()
  for (let left = count; left > 0; left--) times.set(readName(from), from.whole())
  return times
}

function writeIssued(issued: Map<number, number> | null, afterMs: number): void {
  if (issued === null) {
    out.whole(0)
    return
  }
  for (const [hash, atMs] of issued) if (atMs <= afterMs) issued.delete(hash)
  out.whole(issued.size)
  for (const [hash, atMs] of issued) {
    out.whole(hash)
    out.whole(atMs)
  }
}
