/** The values that an error policy can have, and handler functions. */
import type { MillraceError } from '../errors.js'
import type { Headers } from './record.js'

/** `fail` ends the instance. `skip` counts the record and continues with the next. `deadLetter` also writes it to `deadLetterTopic`. */
export type FailurePolicy = 'fail' | 'deadLetter' | 'skip'

/** A failed source record as its topic has it. Key and value are views of fetched bytes: copy them to keep them. */
export interface FailedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
  /** Milliseconds since the epoch, as the broker has it; NaN if it is beyond 2^53 and would be rounded. */
  readonly timestamp: number
}

/** What a handler gets. It contains no payload: call `record()` to get the source record. */
export interface RecordFailure {
  /** Origin of the source record. Topic, partition and offset are null in a punctuation, which belongs to no record. */
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
  readonly taskId: string
  readonly node: string
  /** The error. What user code has thrown is its `cause`. */
  readonly error: MillraceError
  /** 1 the first time, and one more after each `retry` of this record at this node. */
  readonly attempt: number
  /** The source record; null in a punctuation. Only during the call of the handler. */
  record(): FailedRecord | null
}

/** A policy, or a synchronous function that returns one. If it throws or returns anything else, the instance ends with HANDLER_FAILED. */
export type FailureHandler = FailurePolicy | ((failure: RecordFailure) => FailurePolicy)

/**
 * As {@link FailureHandler}. `retry` drops everything that its task has done since the last commit and processes it again, at most
 * 10 times for a record.
 */
export type ProcessingFailureHandler = FailurePolicy | ((failure: RecordFailure) => FailurePolicy | 'retry')

/**
 * What follows an error that ends the instance. `shutdownInstance`: it stops. `replace`: it is opened again in this process.
 * `shutdownApplication`: every instance of the application stops.
 */
export type UncaughtAnswer = 'shutdownInstance' | 'replace' | 'shutdownApplication'

/** An answer, or a function that gets the error and returns one. If it throws or returns anything else, the instance stops. */
export type UncaughtHandler = UncaughtAnswer | ((error: unknown) => UncaughtAnswer)
