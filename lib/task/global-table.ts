/** Fills one fully replicated store from its topic. Every instance runs one, so nothing it does is ever produced. */
import { MillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import type { TopicRecord } from '../record/record.js'
import type { KeyValueStore } from '../state/store.js'
import type { Processor, ProcessorContext, RecordMetadata } from '../topology/processor.js'
import type { GlobalStoreDefinition } from '../topology/topology.js'

export interface GlobalTableOptions {
  readonly definition: GlobalStoreDefinition
  readonly applicationId: string
  readonly store: KeyValueStore<unknown, unknown>
  readonly clock: Pick<Clock, 'now'>
  /** A record without a key, or with a negative time, was left out. */
  readonly onDrop: (reason: string, record: TopicRecord) => void
}

export class GlobalTable {
  readonly #options: GlobalTableOptions
  readonly #processor: Processor | null
  #metadata: RecordMetadata | null = null
  #streamTimeMs = -1

  constructor(options: GlobalTableOptions) {
    this.#options = options
    const { supplier } = options.definition
    this.#processor = supplier === null ? null : supplier()
    this.#processor?.init?.(this.#context())
  }

  /** @throws whatever a serde or user code throws: a global table with a hole in it would be wrong everywhere */
  apply(record: TopicRecord): void {
    const { definition, store, onDrop } = this.#options
    const { topic, partition, offset, headers } = record
    const key = record.key === null ? null : definition.keySerde.deserialize(record.key, topic)
    const value = record.value === null ? null : definition.valueSerde.deserialize(record.value, topic)
    const extract = definition.timestampExtractor
    const { timestamp: written } = record
    const timestamp =
      extract === null
        ? written
        : extract({ key, value, timestamp: written, topic, partition, offset }, this.#streamTimeMs)
    if (timestamp < 0) {
      onDrop('negativeTimestamp', record)
      return
    }
    this.#streamTimeMs = Math.max(this.#streamTimeMs, timestamp)
    if (this.#processor !== null) {
      this.#metadata = { topic, partition, offset }
      this.#processor.process({ key, value, timestamp, headers })
      this.#metadata = null
    } else if (key === null) onDrop('nullKey', record)
    else store.put(key, value, timestamp)
  }

  close(): void {
    this.#processor?.close?.()
  }

  #context(): ProcessorContext {
    const { definition, applicationId, store, clock } = this.#options
    const refuse = (what: string): never => {
      throw new MillraceError(
        'OPERATOR_INVALID',
        `The processor of global store ${definition.store.name} cannot ${what}: every instance runs it.`,
        { node: definition.processorName },
      )
    }
    return {
      taskId: 'global',
      applicationId,
      forward: () => refuse('forward'),
      getStateStore<S>(name: string): S {
        if (name === definition.store.name) return store as S
        throw new MillraceError(
          'TOPOLOGY_STORE_UNKNOWN',
          `The processor of global store ${definition.store.name} asked for store ${name}; it has its own only.`,
          { node: definition.processorName },
        )
      },
      schedule: () => refuse('schedule'),
      commit: () => {},
      recordMetadata: () => this.#metadata,
      currentStreamTimeMs: () => this.#streamTimeMs,
      currentSystemTimeMs: () => clock.now(),
      drop: () => {},
    }
  }
}
