/**
 * The batches that brokers have recently rejected, by the tasks of one instance. A rejected batch aborts its
 * transaction, so everything since the last commit is processed again; the rejected record is then recognised before it
 * is batched, with its origin. Rejections are forgotten after a while, because the topic may have been created or its
 * limit raised.
 */
import { RejectedBatch } from '../client/producer/rejected-batch.js'
import { isMillraceError, type MillraceError } from '../errors.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { Clock } from '../record/clock.js'
import type { Headers } from '../record/record.js'
import { MAX_BATCH_BYTES, recordBytes } from './collector.js'
import type { TaskCommit } from './task-commit.js'

/** So long a refusal stands without the broker being asked again. */
const STANDS_MS = 30_000
/** Batches of a topic that rejects them get so much smaller, until they hold one record. */
const SHRINK = 4

const TOO_LARGE: ReadonlySet<number> = new Set<number>([
  KAFKA_ERROR.MESSAGE_TOO_LARGE,
  KAFKA_ERROR.RECORD_LIST_TOO_LARGE,
])

export interface WrittenRecord {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: Headers
}

interface TopicRefusals {
  untilMs: number
  /** The topic as a whole. */
  all: MillraceError | null
  /** Records of so many bytes and more. */
  fromBytes: number
  tooLarge: MillraceError | null
  /** By what is in them. */
  readonly records: Map<string, MillraceError>
  maxBatchBytes: number
}

export class RejectedBatches {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #isInternal: (topic: string) => boolean
  readonly #topics = new Map<string, TopicRefusals>()

  /** `isInternal`: of topics the application cannot do without; it must not continue where one is missing. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, isInternal: (topic: string) => boolean = () => false) {
    this.#clock = clock
    this.#isInternal = isInternal
  }

  /** True where processing again will come to the record at fault, or send smaller batches: the error is dealt with. */
  note(error: unknown, parts: readonly Pick<TaskCommit, 'changelogs'>[]): boolean {
    if (!isMillraceError(error) || error.topic === undefined) return false
    const { topic } = error
    const code = error.kafkaCode ?? KAFKA_ERROR.NONE
    // The topic was created again with fewer: processed again, the records go to those it has.
    if (error.code === 'CLIENT_PARTITION_MISSING') return !this.#isInternal(topic)
    if (error.code === 'CLIENT_TOPIC_MISSING' || code === KAFKA_ERROR.INVALID_TOPIC_EXCEPTION) {
      if (this.#isInternal(topic)) return false
      this.#of(topic).all = error
      return true
    }
    if (!(error instanceof RejectedBatch) || error.kind !== 'record') return false
    const culprits = error.culprits()
    // A change that is not logged would leave the store and its changelog different permanently.
    const logs = parts.some(({ changelogs }) => [...changelogs.values()].some((changelog) => changelog.topic === topic))
    if (logs && culprits.length > 0) return false
    const refused = this.#of(topic)
    if (culprits.length === 0) {
      refused.maxBatchBytes = Math.max(1, Math.floor(Math.min(refused.maxBatchBytes, error.sizeBytes) / SHRINK))
    } else if (TOO_LARGE.has(code)) {
      const bytes = culprits.map(({ key, value, headers }) => recordBytes(key, value, headers))
      refused.fromBytes = Math.min(refused.fromBytes, ...bytes)
      refused.tooLarge = error
    } else for (const record of culprits) refused.records.set(identity(record), error)
    return true
  }

  /** True while nothing was rejected: every record written asks this. */
  get none(): boolean {
    return this.#topics.size === 0
  }

  /** What the broker would say of the record; null: nothing is known against it. */
  of(record: WrittenRecord): MillraceError | null {
    const refused = this.#standing(record.topic)
    if (refused === null) return null
    if (refused.all !== null) return refused.all
    if (refused.tooLarge !== null && recordBytes(record.key, record.value, record.headers) >= refused.fromBytes) {
      return refused.tooLarge
    }
    return refused.records.size === 0 ? null : (refused.records.get(identity(record)) ?? null)
  }

  /** Most bytes of a batch with more than one record. */
  maxBatchBytes(topic: string): number {
    return this.#standing(topic)?.maxBatchBytes ?? MAX_BATCH_BYTES
  }

  #standing(topic: string): TopicRefusals | null {
    if (this.#topics.size === 0) return null
    const refused = this.#topics.get(topic)
    if (refused === undefined) return null
    if (this.#clock.monotonicMs() < refused.untilMs) return refused
    this.#topics.delete(topic)
    return null
  }

  #of(topic: string): TopicRefusals {
    const refused = this.#standing(topic) ?? {
      untilMs: 0,
      all: null,
      fromBytes: Number.POSITIVE_INFINITY,
      tooLarge: null,
      records: new Map(),
      maxBatchBytes: MAX_BATCH_BYTES,
    }
    refused.untilMs = this.#clock.monotonicMs() + STANDS_MS
    this.#topics.set(topic, refused)
    return refused
  }
}

/** The same record, created again, has the same. */
function identity({ key, value, timestamp, headers }: Omit<WrittenRecord, 'topic'>): string {
  const parts = [key, value, ...headers.flatMap((header) => [Buffer.from(header.key), header.value])]
  return `${timestamp}/${parts.map((part) => part?.toString('base64') ?? '-').join('/')}`
}
