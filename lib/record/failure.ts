/** What becomes of a record that failed: the words for it, and functions that choose among them. */
import type { MillraceError } from '../errors.js'
import type { Headers } from './record.js'

/** `fail` stops the instance, `skip` counts the record and goes on, `deadLetter` also writes it to `deadLetterTopic`. */
export type FailurePolicy = 'fail' | 'deadLetter' | 'skip'

/** A failed source record as it lies on its topic; views of fetched bytes, so copy what you keep. */
export interface FailedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Headers
  /** Milliseconds since the epoch, as the broker has it; NaN where that is beyond 2^53 and would be rounded. */
  readonly timestamp: number
}

/** What a handler is told. It holds no payload: `record` gives it to who asks. */
export interface RecordFailure {
  /** Origin of the source record; the three are null inside a punctuation, where no record is in hand. */
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
  readonly taskId: string
  readonly node: string
  /** What user code threw is its `cause`. */
  readonly error: MillraceError
  /** 1 the first time; one more for every `retry` this instance has been told of the record at this node. */
  readonly attempt: number
  /** The source record, null inside a punctuation. Only during the call. */
  record(): FailedRecord | null
}

/** A word, or a function that answers one; it is synchronous, and an error it throws stops the instance. */
export type FailureHandler = FailurePolicy | ((failure: RecordFailure) => FailurePolicy)

/** `retry` drops everything since the last commit and processes it again, at most 10 times per record. */
export type ProcessingFailureHandler = FailurePolicy | ((failure: RecordFailure) => FailurePolicy | 'retry')

/**
 * After an error the instance cannot go on with: `shutdownInstance` stops it, `replace` opens it anew in this process,
 * `shutdownApplication` stops every instance of the application.
 */
export type UncaughtAnswer = 'shutdownInstance' | 'replace' | 'shutdownApplication'

export type UncaughtHandler = UncaughtAnswer | ((error: unknown) => UncaughtAnswer)
