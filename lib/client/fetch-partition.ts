/** One partition of a fetcher: its position, whether it is requested, and the data that has arrived. */
import { type ErrorCode, type ErrorKind, MillraceError } from '../errors.js'
import type { BatchView } from '../protocol/batch/batch.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import { formatTopicPartition, type TopicPartition } from '../record/record.js'
import { brokerError, mayRepeat } from './broker-error.js'

/** What arrived for one partition since the last poll. */
export interface FetchedBatches {
  readonly topic: string
  readonly partition: number
  /**
   * Whole data batches in log order, checksums verified, aborted ones omitted (read_committed). The first may begin
   * before `startOffset`: records below it were not asked for and must be skipped.
   */
  readonly batches: readonly BatchView[]
  readonly startOffset: number
  /** Behind the last batch of the range, whether that was data, control or aborted. */
  readonly nextOffset: number
  /** Under which leader the last of the batches was written; -1 where that is not known. */
  readonly leaderEpoch: number
  readonly highWatermark: number
  /** -1 from brokers that do not send it. */
  readonly lastStableOffset: number
  readonly logStartOffset: number
  /** Bytes of the range on the wire. */
  readonly bytes: number
}

export interface Watermarks {
  /** -1 before the first response. */
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
}

export interface FetchPosition extends TopicPartition {
  /** Next to ask for. */
  readonly offset: number
}

export class FetchPartition {
  readonly topic: string
  readonly partition: number
  /** `topic-partition`. */
  readonly key: string
  /** Next offset to ask for. */
  position: number
  /** Epoch of the leader that wrote what lies before the position, or of a later one in the same log; -1: not known. */
  lastEpoch: number
  /** Epoch of the leader that was asked last, and of the last one known to have what was read. */
  askedEpoch = -1
  validatedEpoch = -1
  /** The broker said that the position is out of range; where the log ends is asked before that is believed. */
  suspected = false
  /** Of the topic when it was first asked for; null before, and from brokers without ids. */
  topicId: string | null = null
  /** An error was reported. */
  stopped = false
  paused = false
  /** A response is in progress for this `version`. */
  asked = false
  /** Raised by seek: what was asked for before it is then ignored. */
  version = 0
  /** Asked for on the prompt lane without result since the last main fetch that included it. */
  prompted = false
  /** Waits for a pause to end, for its leader, or forever after an error that was reported. */
  blocked = false
  failures = 0
  /** Monotonic time of the first of these failures; null: there is none. */
  #failingSinceMs: number | null = null
  /** Monotonic time since when nothing but damaged records came; null while they are whole. */
  #damagedSinceMs: number | null = null
  arrivedBytes = 0
  /** Monotonic time of the last response that had no error. */
  answeredMs = 0
  watermarks: Watermarks = { highWatermark: -1, lastStableOffset: -1, logStartOffset: -1 }

  constructor(topic: string, partition: number, position: number, lastEpoch: number) {
    this.topic = topic
    this.partition = partition
    this.key = formatTopicPartition(topic, partition)
    this.position = position
    this.lastEpoch = lastEpoch
  }

  get place(): FetchPosition {
    return { topic: this.topic, partition: this.partition, offset: this.position }
  }

  /** `errorCode` is not 0. */
  refusedBy(errorCode: number): MillraceError {
    return brokerError(errorCode, 'Fetch', `${this.key} at offset ${this.position}`, this.place)
  }

  /** What the reader hears of an error that stopped the partition. */
  stoppedBy(error: unknown): MillraceError {
    const code = error instanceof MillraceError ? error.code : 'CLIENT_REQUEST_FAILED'
    const text = error instanceof Error ? error.message : String(error)
    const { kafkaCode, kind = 'instance' } = error as { kafkaCode?: number; kind?: ErrorKind }
    const isLasting = this.#damagedSinceMs !== null
    return new MillraceError(code, `Reading ${this.key} stopped at offset ${this.position}: ${text}`, {
      ...this.place,
      kind: isLasting ? 'instance' : kind,
      cause: error,
      ...(kafkaCode === undefined ? {} : { kafkaCode }),
    })
  }

  /** An answer without an error came. */
  succeeded(): void {
    this.failures = 0
    this.#failingSinceMs = null
    this.#damagedSinceMs = null
  }

  /** It failed once more: for how long it has. */
  failingMs(nowMs: number): number {
    this.#failingSinceMs ??= nowMs
    return nowMs - this.#failingSinceMs
  }

  /**
   * Whether it is asked for again after `error`. What comes damaged was damaged on its way, or on one broker's disk: the
   * next answer, or the next leader, may have it whole. If not within `damageMs`, the damage lasts.
   */
  mayGoOn(error: unknown, nowMs: number, damageMs: number): boolean {
    if (!isDamage(error)) return mayRepeat(error)
    this.#damagedSinceMs ??= nowMs
    return nowMs - this.#damagedSinceMs < damageMs
  }

  wanted(bufferBytes: number): boolean {
    return !this.paused && !this.asked && !this.blocked && this.arrivedBytes < bufferBytes
  }

  /** Whether another broker leads than the one that is known to have what was read. */
  needsValidation(leaderEpoch: number): boolean {
    return this.lastEpoch >= 0 && leaderEpoch >= 0 && leaderEpoch !== this.validatedEpoch
  }

  moveTo(offset: number): void {
    this.version++
    if (this.stopped || offset > this.position) {
      this.lastEpoch = -1
      this.topicId = null
    }
    this.stopped = false
    this.suspected = false
    this.position = offset
    this.asked = false
    this.prompted = false
    this.blocked = false
    this.succeeded()
    this.arrivedBytes = 0
  }
}

/** Bytes that are no records, be it the broker or we who noticed. */
const DAMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'PROTOCOL_BATCH_INVALID',
  'PROTOCOL_COMPRESSION_FAILED',
  'PROTOCOL_CRC_MISMATCH',
  'PROTOCOL_INVALID',
  'PROTOCOL_TRUNCATED',
])

function isDamage(error: unknown): boolean {
  return error instanceof MillraceError && (DAMAGE.has(error.code) || error.kafkaCode === KAFKA_ERROR.CORRUPT_MESSAGE)
}

/** Whether a broker answered, however badly; otherwise it is not this partition that is the trouble. */
export function isAnswered(error: unknown): error is MillraceError {
  return error instanceof MillraceError && (isDamage(error) || error.kafkaCode !== undefined)
}
