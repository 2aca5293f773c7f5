/** Fills one global store from its topic: bytes as they are, or through the user's processor. */
import type { FetchedBatches } from '../client/fetcher.js'
import { MillraceError } from '../errors.js'
import type { RecordCursor } from '../protocol/index.js'
import type { Clock } from '../record/clock.js'
import type { TaskState } from '../state/task-state.js'
import type { Drop } from '../task/options.js'
import type { Processor, ProcessorContext, RecordMetadata } from '../topology/processor.js'
import type { GlobalStoreDefinition } from '../topology/topology.js'

export class GlobalProcessor {
  readonly #definition: GlobalStoreDefinition
  readonly #state: TaskState
  readonly #processor: Processor | null
  readonly #onDrop: (drop: Drop) => void
  #metadata: RecordMetadata | null = null
  #streamTimeMs = -1

  constructor(
    definition: GlobalStoreDefinition,
    state: TaskState,
    options: { readonly applicationId: string; readonly clock: Clock; readonly onDrop?: (drop: Drop) => void },
  ) {
    this.#onDrop = options.onDrop ?? (() => {})
    this.#definition = definition
    this.#state = state
    this.#processor = definition.supplier?.() ?? null
    this.#processor?.init?.(this.#context(options))
  }

  apply(chunk: FetchedBatches): void {
    for (const batch of chunk.batches) {
      const cursor = batch.records()
      while (cursor.next()) if (cursor.offset >= chunk.startOffset) this.#record(chunk, cursor)
    }
    if (this.#processor === null) return
    // What the processor wrote is committed already: its input is.
    this.#state.beginCommit(() => {})
    this.#state.commitSucceeded(new Map())
  }

  close(): void {
    this.#processor?.close?.()
  }

  #record(chunk: FetchedBatches, cursor: RecordCursor): void {
    const key = cursor.key()
    if (key === null) {
      const { topic, partition } = chunk
      const node = this.#definition.processorName
      this.#onDrop({ reason: 'nullKey', taskId: 'global', node, topic, partition, offset: cursor.offset })
      return
    }
    const { store, keySerde, valueSerde, timestampExtractor } = this.#definition
    const value = cursor.value()
    if (this.#processor === null) {
      this.#state.restore(store.name, key, value, cursor.timestamp)
      return
    }
    this.#metadata = { topic: chunk.topic, partition: chunk.partition, offset: cursor.offset }
    const record = {
      key: keySerde.deserialize(key, chunk.topic),
      value: value === null ? null : valueSerde.deserialize(value, chunk.topic),
      timestamp: cursor.timestamp,
      headers: cursor.headers(),
    }
    const extracted = timestampExtractor?.({ ...record, ...this.#metadata }, this.#streamTimeMs)
    const timestamp = extracted ?? record.timestamp
    this.#streamTimeMs = Math.max(this.#streamTimeMs, timestamp)
    this.#processor.process({ ...record, timestamp })
    this.#metadata = null
  }

  #context(options: { readonly applicationId: string; readonly clock: Clock }): ProcessorContext {
    const { processorName, store } = this.#definition
    const refuse = (what: string) => (): never => {
      throw new MillraceError('TOPOLOGY_GLOBAL_PROCESSOR', `${processorName} fills a global store and cannot ${what}`, {
        node: processorName,
      })
    }
    return {
      taskId: 'global',
      applicationId: options.applicationId,
      forward: refuse('forward records'),
      getStateStore: <S>(name: string): S => {
        if (name === store.name) return this.#state.store<S>(name)
        return refuse(`use store ${name}`)()
      },
      schedule: refuse('schedule punctuations'),
      commit() {},
      recordMetadata: () => this.#metadata,
      currentStreamTimeMs: () => this.#streamTimeMs,
      currentSystemTimeMs: () => options.clock.now(),
      drop() {},
    }
  }
}
