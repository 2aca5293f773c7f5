/**
 * Global stores: every instance holds the whole topic, read to its end before any task starts, and follows it from then
 * on. Kept in memory and rebuilt at each start, because their offsets belong to no group.
 */
import type { Admin } from '../client/admin.js'
import type { FetchedBatches, Fetcher } from '../client/fetcher.js'
import { formatTopicPartition, type TopicPartition } from '../record/record.js'
import { MemoryEngines } from '../state/memory-engine.js'
import { TaskState } from '../state/task-state.js'
import type { GlobalStore } from '../task/options.js'
import type { GlobalStoreDefinition } from '../topology/topology.js'
import { GlobalProcessor, type GlobalProcessorOptions } from './global-processor.js'
import type { MakeFetcher } from './restore.js'
import { Signal } from './signal.js'

export interface GlobalStoresOptions extends GlobalProcessorOptions {
  readonly definitions: readonly GlobalStoreDefinition[]
  readonly admin: Admin
  readonly makeFetcher: MakeFetcher
  readonly partitionCount: (topic: string) => number
  /** Following the topics failed after the start. */
  readonly onFailed: (error: unknown) => void
}

export class GlobalStores {
  readonly #options: GlobalStoresOptions
  readonly #state: TaskState
  readonly #byTopic = new Map<string, GlobalProcessor>()
  readonly #signal: Signal
  readonly #fetcher: Fetcher
  #closed = false
  #following: Promise<void> = Promise.resolve()

  constructor(options: GlobalStoresOptions) {
    this.#options = options
    this.#signal = new Signal(options.clock)
    this.#state = TaskState.openSync({
      taskId: 'global',
      stores: options.definitions.map(({ store }) => store),
      engine: new MemoryEngines().openSync('global'),
      clock: options.clock,
      cacheBytes: 0,
    })
    for (const definition of options.definitions) {
      this.#byTopic.set(definition.topic, new GlobalProcessor(definition, this.#state, options))
    }
    this.#fetcher = options.makeFetcher(this.#signal.raise)
  }

  /** Resolves when every global store holds what its topic held when this was called; then follows. */
  async open(): Promise<void> {
    const partitions = this.#options.definitions.flatMap(({ topic }) =>
      Array.from(
        { length: this.#options.partitionCount(topic) },
        (_, partition): TopicPartition => ({ topic, partition }),
      ),
    )
    if (partitions.length === 0) return
    const missing = new Map<string, number>()
    for (const { topic, partition, offset } of await this.#options.admin.listOffsets(
      partitions,
      'latest',
      'readCommitted',
    )) {
      missing.set(formatTopicPartition(topic, partition), offset)
    }
    for (const start of await this.#options.admin.listOffsets(partitions, 'earliest', 'readCommitted')) {
      const name = formatTopicPartition(start.topic, start.partition)
      if (start.offset >= missing.get(name)!) missing.delete(name)
      this.#fetcher.add(start, start.offset)
    }
    while (missing.size > 0) {
      for (const chunk of await this.#next()) {
        const name = formatTopicPartition(chunk.topic, chunk.partition)
        if (chunk.nextOffset >= (missing.get(name) ?? Number.POSITIVE_INFINITY)) missing.delete(name)
      }
    }
    this.#following = this.#follow().catch((error) => {
      if (!this.#closed) this.#options.onFailed(error)
    })
  }

  /** For tasks: read only. Null for a name that is no global store. */
  store(name: string): GlobalStore | null {
    const definition = this.#options.definitions.find(({ store }) => store.name === name)
    if (definition === undefined) return null
    return { store: this.#state.readOnlyStore(name), kind: definition.store.kind }
  }

  /** For queries. Null for a name that is no global store. */
  committed(name: string) {
    return this.store(name) === null ? null : this.#state.committed(name)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#signal.raise()
    this.#fetcher.close()
    await this.#following
    for (const processor of this.#byTopic.values()) processor.close()
    await this.#state.close({ flush: false })
  }

  async #follow(): Promise<void> {
    while (!this.#closed) await this.#next()
  }

  async #next(): Promise<readonly FetchedBatches[]> {
    const arrived = this.#fetcher.poll()
    if (arrived.length === 0) await this.#signal.wait(null)
    for (const chunk of arrived) await this.#byTopic.get(chunk.topic)?.apply(chunk)
    return arrived
  }
}
