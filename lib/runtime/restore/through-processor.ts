/**
 * Restores a store whose source topic is its only changelog (a read-only store, or a table that reuses its source).
 * Already processed records are read and stored again with the same rules. Records that the processor forwards are
 * ignored, because they were already written.
 */
import { isMillraceError } from '../../errors.js'
import type { RecordCursor } from '../../protocol/index.js'
import type { Clock } from '../../record/clock.js'
import { SchemaPending } from '../../serde/serde.js'
import type { TaskState } from '../../state/task-state.js'
import { eventTime, isTimestampError } from '../../task/event-time.js'
import { SchemaWait } from '../../task/schema-wait.js'
import type { Log } from '../../telemetry/log.js'
import type { StoreFiller } from '../../topology/fillers.js'
import type { SourceNode } from '../../topology/node.js'
import type {
  AppConfigs,
  Processor,
  ProcessorContext,
  RecordMetadata,
  StoreReference,
} from '../../topology/processor.js'
import { storeNameOf } from '../../topology/processor.js'
import { CANCEL_CHECK_MS } from '../pause-unless.js'
import { periodically } from '../periodic.js'

export interface RestoreThroughProcessorOptions {
  readonly taskId: string
  readonly applicationId: string
  readonly appConfigs: AppConfigs
  readonly source: SourceNode
  readonly filler: StoreFiller['filler']
  /** The real source topic, and the partition of the task. */
  readonly topic: string
  readonly partition: number
  readonly state: TaskState
  readonly clock: Clock
  /** How long a record may wait for its schema; 0: for as long as it takes. */
  readonly taskTimeoutMs: number
  readonly log: Log
  /** Nothing waits for the store any more. */
  readonly cancelled: () => boolean
}

export class RestoreThroughProcessor {
  readonly #options: RestoreThroughProcessorOptions
  #processor: Processor | null = null
  #metadata: RecordMetadata | null = null
  #streamTimeMs = -1
  readonly #wait: SchemaWait

  constructor(options: RestoreThroughProcessorOptions) {
    this.#options = options
    const { clock, taskTimeoutMs: timeoutMs, log } = options
    this.#wait = new SchemaWait({ clock, timeoutMs, log })
  }

  /** A record that could not be processed then cannot be now: it was omitted, as the error policy said. */
  async apply(cursor: RecordCursor): Promise<void> {
    this.#processor ??= this.#start()
    for (;;) {
      try {
        this.#process(this.#processor, cursor)
        return
      } catch (error) {
        if (error instanceof SchemaPending) await this.#waitFor(error, cursor.offset)
        else if (isMillraceError(error) && !error.code.startsWith('SERDE_') && !isTimestampError(error)) throw error
        else return
      }
    }
  }

  /** What was written so far is as good as committed: its input is. */
  commit(): void {
    this.#options.state.beginCommit(() => {})
    this.#options.state.commitSucceeded(new Map())
  }

  close(): void {
    this.#processor?.close?.()
  }

  /** @throws MillraceError SERDE_REGISTRY_UNAVAILABLE; CLIENT_CLOSED soon after `cancelled` has turned true */
  async #waitFor(pending: SchemaPending, offset: number): Promise<void> {
    const { topic, partition, clock, cancelled } = this.#options
    const looking = periodically(
      clock,
      { firstMs: CANCEL_CHECK_MS, intervalMs: CANCEL_CHECK_MS },
      async () => {
        if (cancelled()) this.#wait.stop()
      },
      () => undefined,
    )
    try {
      await this.#wait.wait(pending, { topic, partition, offset })
    } finally {
      await looking.stop()
    }
  }

  #start(): Processor {
    const context = this.#context()
    const processor = this.#options.filler.supplier(context)
    processor.init?.(context)
    return processor
  }

  #process(processor: Processor, cursor: RecordCursor): void {
    const { topic, partition, source } = this.#options
    const [key, value] = [cursor.key(), cursor.value()]
    const record = {
      key: key === null ? null : source.keySerde.deserialize(key, topic),
      value: value === null ? null : source.valueSerde.deserialize(value, topic),
      timestamp: cursor.timestamp,
      headers: cursor.headers(),
    }
    this.#metadata = { topic, partition, offset: cursor.offset }
    const timestamp = eventTime(source.timestampExtractor, { ...record, ...this.#metadata }, this.#streamTimeMs)
    if (timestamp < 0) return
    this.#streamTimeMs = Math.max(this.#streamTimeMs, timestamp)
    processor.process({ ...record, timestamp })
  }

  #context(): ProcessorContext {
    const { taskId, applicationId, appConfigs, state, clock } = this.#options
    return {
      taskId,
      applicationId,
      appConfigs,
      forward() {},
      // The topology was checked: it is the only store of the processor.
      getStateStore: <S>(store: string | StoreReference<S>): S => state.store<S>(storeNameOf(store)),
      // The task that runs next rejects it.
      schedule: () => () => {},
      commit() {},
      recordMetadata: () => this.#metadata,
      currentStreamTimeMs: () => this.#streamTimeMs,
      currentSystemTimeMs: () => clock.now(),
      drop() {},
    }
  }
}
