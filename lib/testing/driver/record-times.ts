/** Timestamps of records piped without one. */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'

/** Timestamps of records that are piped without one. */
export interface TestInputTimes {
  /** The first timestamp, milliseconds since the epoch. Default: the driver's wall clock. */
  readonly startMs?: number
  /** Added for each further record, 0 or more. Default 0; without both options each record has the driver's wall clock. */
  readonly autoAdvanceMs?: number
}

export class TestTimes {
  readonly #wallClockMs: () => number
  readonly #autoAdvanceMs: number
  /** Null: the wall clock says. */
  #nextMs: number | null

  constructor(wallClockMs: () => number, { startMs, autoAdvanceMs }: TestInputTimes) {
    this.#wallClockMs = wallClockMs
    this.#autoAdvanceMs = atLeastZero('autoAdvanceMs', autoAdvanceMs ?? 0)
    this.#nextMs = startMs ?? (autoAdvanceMs === undefined ? null : wallClockMs())
  }

  take(): number {
    if (this.#nextMs === null) return this.#wallClockMs()
    const taken = this.#nextMs
    this.#nextMs += this.#autoAdvanceMs
    return taken
  }

  /** From here on the wall clock does not count any more. */
  advance(byMs: number): void {
    this.#nextMs = (this.#nextMs ?? this.#wallClockMs()) + atLeastZero('advanceTime', byMs)
  }
}

/** The times of a list: of `startMs` and every `advanceMs` after. */
export function timesOf(startMs: number, advanceMs: number): TestTimes {
  return new TestTimes(() => startMs, { startMs, autoAdvanceMs: advanceMs })
}

/** @throws MillraceError CONFIG_INVALID */
export function atLeastZero(name: string, ms: number): number {
  if (typeof ms === 'number' && ms >= 0) return ms
  const problem = typeof ms === 'number' ? `${ms}, but time cannot go back` : `${kindOf(ms)}, not milliseconds`
  throw new MillraceError('CONFIG_INVALID', `${name} is ${problem}: use at least 0`)
}
