/**
 * How long temporary errors of work outside the loop are tolerated, with growing pauses and one log line per attempt.
 */
import type { StreamsConfig } from '../config.js'
import { isMillraceError, MillraceError } from '../errors.js'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000

interface Failing {
  readonly sinceMs: number
  count: number
}

function doubling(failures: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS)
}

export class Patience {
  readonly #config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>
  /** What fails → since when. */
  readonly #failing = new Map<string, Failing>()
  readonly #pauseAfterMs: (failures: number) => number

  /** `pauseAfterMs`: the pause after failure number `failures` in a row, from 0. */
  constructor(config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>, pauseAfterMs = doubling) {
    this.#config = config
    this.#pauseAfterMs = pauseAfterMs
  }

  /**
   * `what` failed once more. Answers how long to wait before it is retried.
   * @throws the error, where it does not pass; MillraceError STREAMS_TASK_TIMEOUT after `taskTimeoutMs` (0: never)
   */
  failed(what: string, error: unknown): number {
    const { clock, log, taskTimeoutMs } = this.#config
    if (!isMillraceError(error) || !error.retriable) throw error
    const nowMs = clock.monotonicMs()
    const failing = this.#failing.get(what) ?? { sinceMs: nowMs, count: 0 }
    this.#failing.set(what, failing)
    const forMs = Math.round(nowMs - failing.sinceMs)
    if (taskTimeoutMs > 0 && forMs >= taskTimeoutMs) {
      const message = `${what} has failed for ${forMs} ms, taskTimeoutMs is ${taskTimeoutMs}`
      throw new MillraceError('STREAMS_TASK_TIMEOUT', message, { cause: error })
    }
    const pauseMs = this.#pauseAfterMs(failing.count++)
    log.warn({ code: error.code, cause: error.message, pauseMs }, `${what} failed and is retried`)
    return pauseMs
  }

  succeeded(what: string): void {
    this.#failing.delete(what)
  }
}
