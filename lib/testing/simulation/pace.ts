/**
 * Slows down members that start when all input is present, so that they do not read it before the first fault. They
 * read it in pieces over a part of the run, with a commit for each piece.
 */
import type { SimApplication } from './application.js'
import type { SimPlan, SlowPlan, Span } from './plan.js'

export interface Pace {
  readonly slow: SlowPlan
  /** What reading takes longer by, hops included. */
  readonly readMs: number
}

/** Reading the sources takes this share of the run, and what goes through repartition topics some times as long. */
const SHARE = 0.25
const HOPS = 4

export function paceOf(plan: SimPlan, { inputFirst, input, sources }: SimApplication): Pace {
  const { slow, durationMs } = plan
  if (!inputFirst) return { slow, readMs: 0 }
  const records = input.records ?? plan.input.records
  // Each transaction leaves a batch and a marker in each topic.
  const pieces = plan.input.rounds === 0 ? records : 2 * plan.input.rounds * sources.length
  const pieceMs = (SHARE * durationMs) / pieces
  const span: Span = [pieceMs / 2, (3 * pieceMs) / 2]
  const lanes = { fetch: span, 'fetch-prompt': span, ...slow.lanes }
  return { slow: { ...slow, lanes, inPieces: ['fetch', 'fetch-prompt', 'restore'] }, readMs: HOPS * SHARE * durationMs }
}
