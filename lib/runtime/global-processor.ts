/**
 * Fills one global store from its topic, unchanged or with the user's processor. Every record is first deserialised, so
 * an unreadable record is never stored.
 */
import type { FetchedBatches } from '../client/fetcher.js'
import { MillraceError } from '../errors.js'
import { atOnce } from '../operators/at-once.js'
import { starting } from '../operators/user-code.js'
import type { RecordCursor } from '../protocol/index.js'
import type { Clock } from '../record/clock.js'
import { formatTopicPartition, type TopicRecord } from '../record/record.js'
import { SchemaPending } from '../serde/serde.js'
import type { TaskState } from '../state/task-state.js'
import { eventTime } from '../task/event-time.js'
import { type RecordErrorOptions, RecordErrors } from '../task/record-errors.js'
import type { RecordOrigin } from '../task/record-origin.js'
import { SchemaWait } from '../task/schema-wait.js'
import { type Log, silentLog } from '../telemetry/log.js'
import type { AppConfigs, Processor, ProcessorContext, RecordMetadata, StoreReference } from '../topology/processor.js'
import { storeNameOf } from '../topology/processor.js'
import type { GlobalStoreDefinition } from '../topology/topology.js'

export interface GlobalProcessorOptions extends Omit<RecordErrorOptions, 'id'> {
  readonly applicationId: string
  readonly appConfigs: AppConfigs
  readonly clock: Clock
  /** How long a record may wait for its schema. Default 0: for as long as it takes. */
  readonly taskTimeoutMs?: number
  readonly log?: Log
  /** False: an error of the processor stops the instance, whatever `onProcessingError` says. */
  readonly handleGlobalErrors: boolean
}

type Chunk = Pick<FetchedBatches, 'topic' | 'partition' | 'batches' | 'startOffset'>
type Read = Omit<TopicRecord, 'key' | 'value'> & { readonly key: unknown; readonly value: unknown }

export class GlobalProcessor {
  readonly #definition: GlobalStoreDefinition
  readonly #source: RecordOrigin['source']
  readonly #state: TaskState
  readonly #processor: Processor | null
  readonly #failures: RecordErrors
  /** Of the current record. */
  #origin: (RecordOrigin & { readonly cursor: RecordCursor }) | null = null
  /** `topic-partition` → offset of the record that comes next: a chunk that had to wait is continued there. */
  readonly #next = new Map<string, number>()
  /** Read since the start. */
  records = 0
  #waiting: Promise<void> | null = null
  readonly #wait: SchemaWait
  #streamTimeMs = -1

  constructor(definition: GlobalStoreDefinition, state: TaskState, options: GlobalProcessorOptions) {
    const { sourceName: name, keySerde, valueSerde, timestampExtractor } = definition
    this.#definition = definition
    this.#source = { name, keySerde, valueSerde, timestampExtractor }
    this.#state = state
    const { clock, taskTimeoutMs: timeoutMs = 0, log = silentLog } = options
    this.#wait = new SchemaWait({ clock, timeoutMs, log })
    const onProcessingError = options.handleGlobalErrors ? options.onProcessingError : 'fail'
    this.#failures = new RecordErrors({ ...options, onProcessingError, id: { text: 'global' } }, null)
    const context = this.#context(options)
    const place = { nodeName: definition.processorName, taskId: context.taskId }
    this.#processor = starting('supplier', place, () => definition.supplier?.(context) ?? null)
    starting<unknown>('init', place, () => this.#processor?.init?.(context))
  }

  /**
   * Chunks are applied in the order of the calls; null when it is done, a promise where a schema has to come first.
   * @throws MillraceError where a handler says `fail`; the promise rejects with the same
   */
  apply(chunk: Chunk): Promise<void> | null {
    if (this.#waiting === null) this.#waiting = this.#applyNow(chunk)
    else this.#waiting = this.#waiting.then(() => this.#applyNow(chunk) ?? undefined)
    const mine = this.#waiting
    if (mine === null) return null
    return mine.finally(() => {
      if (this.#waiting === mine) this.#waiting = null
    })
  }

  /** A record that waits for its schema does not any more: what `apply` promised rejects. */
  stopWaiting(): void {
    this.#wait.stop()
  }

  close(): void {
    this.#processor?.close?.()
  }

  #applyNow(chunk: Chunk): Promise<void> | null {
    try {
      this.#records(chunk)
    } catch (error) {
      if (!(error instanceof SchemaPending)) throw error
      const { topic, partition, cursor } = this.#origin!
      const at = { topic, partition, offset: cursor.offset }
      return this.#wait.wait(error, at).then(() => this.#applyNow(chunk) ?? undefined)
    } finally {
      this.#origin = null
    }
    if (this.#processor === null) return null
    // What the processor wrote is committed already: its input is.
    this.#state.beginCommit(() => {})
    this.#state.commitSucceeded(new Map())
    return null
  }

  #records({ topic, partition, batches, startOffset }: Chunk): void {
    const name = formatTopicPartition(topic, partition)
    const from = Math.max(startOffset, this.#next.get(name) ?? 0)
    for (const batch of batches) {
      const cursor = batch.records()
      while (cursor.next()) {
        if (cursor.offset < from) continue
        this.records++
        this.#origin = { topic, partition, source: this.#source, cursor }
        this.#record(this.#origin)
        this.#next.set(name, cursor.offset + 1)
      }
    }
  }

  #record(origin: RecordOrigin & { readonly cursor: RecordCursor }): void {
    const { store, processorName } = this.#definition
    const { cursor } = origin
    const key = cursor.key()
    if (key === null) {
      this.#failures.drop('nullKey', processorName, origin)
      return
    }
    const record = this.#read(origin, key)
    if (record === null) return
    if (record.timestamp < 0) {
      this.#failures.negativeTimestamp(origin, record.timestamp)
      return
    }
    this.#streamTimeMs = Math.max(this.#streamTimeMs, record.timestamp)
    if (this.#processor === null) {
      this.#state.restore(store.name, key, cursor.value(), cursor.timestamp, cursor)
      return
    }
    const { key: read, value, timestamp, headers } = record
    try {
      atOnce<unknown>(this.#processor.process({ key: read, value, timestamp, headers }), 'processor')
    } catch (error) {
      this.#failures.processing(processorName, origin, error)
    }
  }

  /** Null where the handler continues without a record that cannot be read. */
  #read(origin: RecordOrigin & { readonly cursor: RecordCursor }, keyBytes: Buffer): Read | null {
    const { topic, partition, cursor } = origin
    const { keySerde, valueSerde, timestampExtractor } = this.#source
    const { offset, timestamp } = cursor
    const valueBytes = cursor.value()
    try {
      const key = keySerde.deserialize(keyBytes, topic)
      const value = valueBytes === null ? null : valueSerde.deserialize(valueBytes, topic)
      const read = { topic, partition, offset, timestamp, key, value, headers: cursor.headers() }
      const extract = this.#processor === null ? null : timestampExtractor
      return { ...read, timestamp: eventTime(extract, read, this.#streamTimeMs) }
    } catch (error) {
      if (error instanceof SchemaPending) throw error
      this.#failures.unreadable(origin, error)
      return null
    }
  }

  #metadata(): RecordMetadata | null {
    if (this.#origin === null) return null
    const { topic, partition, cursor } = this.#origin
    return { topic, partition, offset: cursor.offset }
  }

  #context(options: GlobalProcessorOptions): ProcessorContext {
    const { processorName, store } = this.#definition
    const refuse = (what: string) => (): never => {
      throw new MillraceError('TOPOLOGY_GLOBAL_PROCESSOR', `${processorName} fills a global store and cannot ${what}`, {
        node: processorName,
      })
    }
    return {
      taskId: 'global',
      applicationId: options.applicationId,
      appConfigs: options.appConfigs,
      forward: refuse('forward records'),
      getStateStore: <S>(used: string | StoreReference<S>): S => {
        const name = storeNameOf(used)
        if (name === store.name) return this.#state.store<S>(name)
        return refuse(`use store ${name}`)()
      },
      schedule: refuse('schedule punctuations'),
      commit() {},
      recordMetadata: () => this.#metadata(),
      currentStreamTimeMs: () => this.#streamTimeMs,
      currentSystemTimeMs: () => options.clock.now(),
      drop: (reason) => this.#failures.drop(reason, processorName, this.#origin),
    }
  }
}
