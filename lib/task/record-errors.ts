/** Records that cannot be processed: they are counted, written as dead letters, or stop the task. */
import { type ErrorCode, isMillraceError, type MillraceError } from '../errors.js'
import type { FailurePolicy, ProcessingFailureHandler } from '../record/failure.js'
import { kindOf } from '../record/kind-of.js'
import type { Collector } from './collector.js'
import { DeadLetters } from './dead-letters.js'
import { isTimestampError } from './event-time.js'
import type { TaskOptions } from './options.js'
import { errorAt, placeOf, type RecordOrigin } from './record-origin.js'
import { recordRejected, type WriteLimits } from './rejected-writes.js'

/** Of Millrace's own errors only these are about one record; any other (disk, protocol) must stop the task. */
const RECORD_CODES: readonly ErrorCode[] = [
  'ASYNC_TIMEOUT',
  'PARTITION_INVALID',
  'PROCESSOR_KEY_CHANGED',
  'RECORD_TIMESTAMP_INVALID',
  'SERDE_BYTES_INVALID',
  'SERDE_SCHEMA_UNKNOWN',
  'SERDE_VALUE_INVALID',
]

/** About a record that a sink was to write: for `onProductionError`. */
const PRODUCTION_CODES: readonly ErrorCode[] = [
  'RECORD_REJECTED',
  'RECORD_TOO_LARGE',
  'SERIALIZE_FAILED',
  'TOPIC_NAME_INVALID',
]

/** So often a handler may answer `retry` to one record at one node, less one: then the record has failed. */
const MAX_ATTEMPTS = 10
/** Counted, as Kafka Streams does, but no letter: nothing is lost, the newer row has an answer of its own. */
const SUPERSEDED = 'staleResponse'
/** A word that a handler made up is shown; any other text may be a payload. */
const WORD = /^[A-Za-z]{1,20}$/
const ANSWERS: readonly unknown[] = ['fail', 'deadLetter', 'skip']

export type RecordErrorOptions = WriteLimits &
  Pick<
    TaskOptions,
    'clock' | 'onDrop' | 'onDeserializationError' | 'onProcessingError' | 'onProductionError' | 'deadLetterTopic'
  >

export class RecordErrors {
  readonly #options: RecordErrorOptions
  /** `errorAt` in this task. */
  readonly #error
  readonly #letters: DeadLetters
  readonly #mayRetry: boolean
  /** The error on its way out of the task: outer nodes must not judge it again. */
  #leaving: MillraceError | null = null
  /** Record and node → retries so far, with the origin that tells when a commit is past it. */
  readonly #retries = new Map<string, { readonly topic: string; readonly offset: number; count: number }>()
  /** Record and node of every drop dead-lettered since the last commit; no record is in hand longer than that. */
  readonly #lettered = new Set<string>()

  /** `collector` null: dead letters are only counted and nothing is retried, because nothing is committed. */
  constructor(options: RecordErrorOptions, collector: Pick<Collector, 'send'> | null) {
    this.#options = options
    this.#error = errorAt.bind(null, options.id.text)
    this.#letters = new DeadLetters(options, collector)
    this.#mayRetry = collector !== null
  }

  /**
   * Counts every call, as Kafka Streams does (a record late for two windows counts twice), but writes one dead letter
   * per record and node. `origin` null: inside a punctuation, where no record is in hand.
   */
  drop(reason: string, node: string, origin: RecordOrigin | null): void {
    this.#count(reason, node, origin)
    if (origin === null || origin.cursor === null || this.#options.deadLetterTopic === null) return
    // What comes from there is there: as a letter it would come again and again.
    if (reason === SUPERSEDED || origin.topic === this.#options.deadLetterTopic) return
    const letter = placeOf(origin, node)
    if (this.#lettered.has(letter)) return
    this.#lettered.add(letter)
    this.#letter(reason, node, origin, null)
  }

  /** A commit was collected, or everything since the last one forgotten: records that come again are new. */
  forgetLetters(): void {
    this.#lettered.clear()
  }

  /** Everything of `topic` below `offset` is committed: nobody will try it again. */
  committed(topic: string, offset: number): void {
    for (const [place, retry] of this.#retries) {
      if (retry.topic === topic && retry.offset < offset) this.#retries.delete(place)
    }
  }

  /** A record whose key or value does not deserialise, or that has no event time. */
  unreadable(origin: RecordOrigin, cause: unknown): void {
    const { keySerde, valueSerde, name } = origin.source
    if (isMillraceError(cause, 'SERDE_REGISTRY_REJECTED', 'SERDE_REGISTRY_UNAVAILABLE')) {
      // Not the record's fault: every other would fare the same.
      this.#leave(this.#error(cause.code, `could not be read: ${cause.message}`, name, origin, cause))
    }
    if (isTimestampError(cause)) {
      const error = this.#error('RECORD_TIMESTAMP_INVALID', cause.message, name, origin, cause.cause)
      this.#judge(this.#options.onDeserializationError, 'invalidTimestamp', name, origin, error)
      return
    }
    const error = this.#error(
      'DESERIALIZE_FAILED',
      `could not be read with serdes ${keySerde.name} and ${valueSerde.name} of source ${name}`,
      name,
      origin,
      cause,
    )
    this.#judge(this.#options.onDeserializationError, 'deserialization', name, origin, error)
  }

  negativeTimestamp(origin: RecordOrigin, timestamp: number): void {
    const { name } = origin.source
    if (origin.source.timestampExtractor !== null) {
      this.drop('negativeTimestamp', name, origin)
      return
    }
    const error = this.#error('RECORD_TIMESTAMP_INVALID', `has timestamp ${timestamp}`, name, origin, undefined)
    this.#judge(this.#options.onDeserializationError, 'negativeTimestamp', name, origin, error)
  }

  /** Something thrown by `node`; returns where the policy lets the task continue without the record. */
  processing(node: string, origin: RecordOrigin | null, cause: unknown): void {
    // User code may throw null.
    if (this.#leaving !== null && cause === this.#leaving) throw cause
    const ours = isMillraceError(cause)
    const error = ours
      ? this.#placed(cause, node, origin)
      : this.#error('PROCESS_FAILED', `made node ${node} throw`, node, origin, cause)
    if (PRODUCTION_CODES.includes(error.code)) {
      const reason = error.code === 'SERIALIZE_FAILED' ? 'serialization' : 'production'
      this.#judge(this.#options.onProductionError, reason, node, origin, error)
      return
    }
    const policy = ours && !RECORD_CODES.includes(cause.code) ? 'fail' : this.#options.onProcessingError
    this.#judge(policy, 'processing', node, origin, error)
  }

  /** The topic a sink's function chose does not exist. */
  noTopic(node: string, topic: string, origin: RecordOrigin | null, cause: unknown): void {
    const missing = isMillraceError(cause, 'CLIENT_TOPIC_MISSING')
    this.processing(node, origin, missing ? recordRejected(this.#options, node, topic, origin, cause) : cause)
  }

  #circular(node: string, origin: RecordOrigin, error: MillraceError): MillraceError {
    const problem = `failed (${error.code}), and its topic is the deadLetterTopic: its dead letter would fail again, without an end`
    return this.#error('HANDLER_FAILED', problem, node, origin, error)
  }

  #judge(
    handler: ProcessingFailureHandler,
    reason: string,
    node: string,
    origin: RecordOrigin | null,
    error: MillraceError,
  ): void {
    const policy = typeof handler === 'string' ? handler : this.#ask(handler, reason, node, origin, error)
    if (policy === 'fail') this.#leave(error)
    this.#count(reason, node, origin)
    if (policy === 'deadLetter' && origin !== null) {
      if (origin.topic === this.#options.deadLetterTopic) this.#leave(this.#circular(node, origin, error))
      this.#letter(reason, node, origin, error)
    }
  }

  #leave(error: MillraceError): never {
    this.#leaving = error
    throw error
  }

  /** Throws PROCESS_RETRY where the record shall be retried; a retry that cannot be is `fail`. */
  #ask(
    handler: Exclude<ProcessingFailureHandler, FailurePolicy>,
    reason: string,
    node: string,
    origin: RecordOrigin | null,
    error: MillraceError,
  ): FailurePolicy {
    const { id, deadLetterTopic } = this.#options
    const cursor = origin?.cursor ?? null
    const place = origin === null || cursor === null ? null : placeOf(origin, node)
    const attempt = 1 + (place === null ? 0 : (this.#retries.get(place)?.count ?? 0))
    let answer: unknown
    try {
      answer = handler({
        topic: origin?.topic ?? null,
        partition: origin?.partition ?? null,
        offset: cursor?.offset ?? null,
        taskId: id.text,
        node,
        error,
        attempt,
        record: () =>
          cursor === null
            ? null
            : {
                key: cursor.key(),
                value: cursor.value(),
                headers: cursor.headers(),
                timestamp: Number.isSafeInteger(cursor.timestamp) ? cursor.timestamp : Number.NaN,
              },
      })
    } catch (cause) {
      this.#leave(
        this.#error('HANDLER_FAILED', `made the ${reason} handler throw (${error.code})`, node, origin, cause),
      )
    }
    if (answer === 'retry' && reason === 'processing') {
      if (place === null || attempt >= MAX_ATTEMPTS || !this.#mayRetry) return 'fail'
      this.#retries.set(place, { topic: origin!.topic, offset: cursor!.offset, count: attempt })
      this.#leave(this.#error('PROCESS_RETRY', `is retried after attempt ${attempt}`, node, origin, error, attempt))
    }
    if (!ANSWERS.includes(answer) || (answer === 'deadLetter' && deadLetterTopic === null)) {
      const words = reason === 'processing' ? [...ANSWERS, 'retry'] : ANSWERS
      const why = answer === 'deadLetter' ? 'but deadLetterTopic is not set' : `but must return ${words.join(', ')}`
      const said = typeof answer === 'string' && WORD.test(answer) ? answer : kindOf(answer)
      const problem = `failed (${error.code}), and its ${reason} handler returned ${said}, ${why}`
      this.#leave(this.#error('HANDLER_FAILED', problem, node, origin, error))
    }
    return answer as FailurePolicy
  }

  #letter(reason: string, node: string, origin: RecordOrigin, error: MillraceError | null): void {
    const unwritten = this.#letters.send(reason, node, origin, error)
    if (unwritten !== null) this.#leave(unwritten)
  }

  #count(reason: string, node: string, origin: RecordOrigin | null): void {
    this.#options.onDrop({
      reason,
      taskId: this.#options.id.text,
      node,
      topic: origin?.topic ?? null,
      partition: origin?.partition ?? null,
      offset: origin?.cursor?.offset ?? null,
    })
  }

  /** An error about a record, from where nobody knows which one is in hand. */
  #placed(cause: MillraceError, node: string, origin: RecordOrigin | null): MillraceError {
    if (cause.offset !== undefined || !RECORD_CODES.includes(cause.code)) return cause
    return this.#error(cause.code, `made node ${node} fail: ${cause.message}`, node, origin, cause)
  }
}
