/**
 * Waits for the schema of one record: asks again after growing pauses, within a time limit. If the schema can never be
 * read, the serde throws another error than `SchemaPending`.
 */
import { MillraceError } from '../errors.js'
import type { Cancel, Clock } from '../record/clock.js'
import type { SchemaPending } from '../serde/serde.js'
import type { Log } from '../telemetry/log.js'

/** The pause doubles from the first to the last. An attempt that succeeds needs none. */
const FIRST_PAUSE_MS = 50
const MAX_PAUSE_MS = 10_000
/** No answer within this is given up and asked for again. */
const ANSWER_MS = 30_000
const LOG_EVERY_MS = 1_000

export interface SchemaWaitOptions {
  readonly clock: Pick<Clock, 'monotonicMs' | 'setTimer'>
  /** So long a record may wait; 0: for as long as it takes. */
  readonly timeoutMs: number
  readonly log: Pick<Log, 'warn'>
}

export interface WaitingRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class SchemaWait {
  readonly #options: SchemaWaitOptions
  #place = ''
  #attempts = 0
  /** The last attempt: if the record still waits, the next is not believed at once. */
  #wasSaidReady = false
  #sinceMs = 0
  #loggedMs = Number.NEGATIVE_INFINITY
  #stop: () => void = () => {}

  constructor(options: SchemaWaitOptions) {
    this.#options = options
  }

  /**
   * Calls `done` with null when the record at `at` may be read again, or with SERDE_REGISTRY_UNAVAILABLE once it has
   * waited for `timeoutMs`, or with CLIENT_CLOSED after `stop`.
   */
  again(pending: SchemaPending, at: WaitingRecord, done: (error: MillraceError | null) => void): void {
    const { clock, timeoutMs } = this.#options
    const place = `${at.topic}-${at.partition}@${at.offset}`
    if (place !== this.#place) {
      this.#place = place
      this.#attempts = 0
      this.#wasSaidReady = false
      this.#sinceMs = clock.monotonicMs()
    }
    const attempt = ++this.#attempts
    this.#answer(pending, done, (cause) => {
      const believed = cause === null && !this.#wasSaidReady
      this.#wasSaidReady = cause === null
      if (believed) return done(null)
      const waitedMs = clock.monotonicMs() - this.#sinceMs
      const leftMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs - waitedMs
      if (leftMs <= 0) return done(timedOut(at, waitedMs, attempt, cause))
      this.#warn(at, attempt, cause)
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), MAX_PAUSE_MS, leftMs)
      this.#stoppable(
        done,
        clock.setTimer(pauseMs, () => done(null)),
      )
    })
  }

  /** The same as a promise. @throws what `done` would be given */
  wait(pending: SchemaPending, at: WaitingRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.again(pending, at, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** What is waited for is not wanted any more: no timer is left. */
  stop(): void {
    this.#place = ''
    this.#stop()
    this.#stop = () => {}
  }

  /** `settled` is given null where the schema is said to be there; else why not. */
  #answer(
    { ready, forget }: SchemaPending,
    done: (error: MillraceError) => void,
    settled: (cause: Error | null) => void,
  ): void {
    let open = true
    const settle = (cause: unknown) => {
      if (!open) return
      open = false
      cancel()
      settled(cause === null || cause instanceof Error ? cause : new Error('it was rejected without an error'))
    }
    const cancel = this.#options.clock.setTimer(ANSWER_MS, () => {
      forget()
      settle(new Error(`no answer came within ${ANSWER_MS} ms`))
    })
    this.#stoppable(done, () => {
      open = false
      cancel()
    })
    ready.then(() => settle(null), settle)
  }

  #stoppable(done: (error: MillraceError) => void, cancel: Cancel): void {
    this.#stop = () => {
      cancel()
      done(new MillraceError('CLIENT_CLOSED', 'the schema is no longer needed'))
    }
  }

  #warn(at: WaitingRecord, attempt: number, cause: Error | null): void {
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs - this.#loggedMs < LOG_EVERY_MS) return
    this.#loggedMs = nowMs
    const { topic, partition, offset } = at
    const said = cause?.message ?? 'the serde reported that it is loaded, but it is not'
    this.#options.log.warn({ topic, partition, offset, attempt, cause: said }, 'a record waits for its schema')
  }
}

function timedOut(at: WaitingRecord, waitedMs: number, attempt: number, cause: Error | null): MillraceError {
  const { topic, partition, offset } = at
  const waited = `has waited ${Math.round(waitedMs)} ms for its schema, ${attempt} attempts`
  const message = `The record at offset ${offset} of ${topic}-${partition} ${waited}.`
  return new MillraceError('SERDE_REGISTRY_UNAVAILABLE', message, { topic, partition, offset, attempt, cause })
}
