/**
 * Global stores: every instance reads the whole topic before any task starts, and continues to read it. They are in
 * memory and rebuilt at each start, because their offsets belong to no group.
 */
import type { Admin } from '../client/admin.js'
import type { FetchedBatches, Fetcher } from '../client/fetcher.js'
import { formatTopicPartition, type TopicPartition } from '../record/record.js'
import { MemoryEngines } from '../state/memory-engine.js'
import { TaskState } from '../state/task-state.js'
import type { GlobalStore } from '../task/options.js'
import type { GlobalStoreDefinition } from '../topology/topology.js'
import { GlobalProcessor, type GlobalProcessorOptions } from './global-processor.js'
import type { RestoreListeners, RestoreReport } from './restore/listener.js'
import type { MakeFetcher } from './restore/restore.js'
import { Signal } from './signal.js'

export interface GlobalStoresOptions extends GlobalProcessorOptions {
  readonly definitions: readonly GlobalStoreDefinition[]
  readonly admin: Admin
  readonly makeFetcher: MakeFetcher
  readonly restores: RestoreListeners
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
  /** Topic → partitions that are read. */
  readonly #partitions = new Map<string, number>()
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
      this.#added(topic, this.#options.partitionCount(topic)),
    )
    for (const { topic, partition } of partitions) this.#partitions.set(topic, partition + 1)
    if (partitions.length === 0) return
    const { admin } = this.#options
    const ends = new Map<string, number>()
    for (const { topic, partition, offset } of await admin.listOffsets(partitions, 'latest', 'readCommitted')) {
      ends.set(formatTopicPartition(topic, partition), offset)
    }
    const starts = await admin.listOffsets(partitions, 'earliest', 'readCommitted')
    const missing = new Map<string, Missing>()
    try {
      for (const start of starts) {
        const name = formatTopicPartition(start.topic, start.partition)
        const endOffset = Math.max(start.offset, ends.get(name)!)
        const report = this.#report(start, endOffset)
        if (start.offset < endOffset) missing.set(name, { endOffset, report })
        else report.end()
        this.#fetcher.add(start, start.offset)
      }
      while (missing.size > 0) await this.#next(missing)
    } finally {
      for (const { report } of missing.values()) report.suspend()
    }
    this.#following = this.#follow().catch((error) => {
      if (!this.#closed) this.#options.onFailed(error)
    })
  }

  /** The topic has so many partitions now: those that are new are read from their start. */
  async grow(topic: string, partitions: number): Promise<void> {
    const added = this.#added(topic, partitions)
    if (added.length === 0) return
    // Only what is read counts: where the brokers do not answer, the next call begins here.
    const starts = await this.#options.admin.listOffsets(added, 'earliest', 'readCommitted')
    this.#partitions.set(topic, Math.max(partitions, this.#partitions.get(topic) ?? 0))
    for (const start of starts) this.#fetcher.add(start, start.offset)
  }

  #added(topic: string, partitions: number): TopicPartition[] {
    const from = this.#partitions.get(topic) ?? 0
    return Array.from({ length: Math.max(0, partitions - from) }, (_, i) => ({ topic, partition: from + i }))
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

  /** A record that waits for its schema does not any more: `open` rejects. */
  stopWaiting(): void {
    for (const processor of this.#byTopic.values()) processor.stopWaiting()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#signal.raise()
    this.#fetcher.close()
    this.stopWaiting()
    await this.#following
    for (const processor of this.#byTopic.values()) processor.close()
    await this.#state.close({ flush: false })
  }

  async #follow(): Promise<void> {
    while (!this.#closed) await this.#next()
  }

  async #next(missing?: Map<string, Missing>): Promise<void> {
    const arrived = this.#fetcher.poll()
    if (arrived.length === 0) await this.#signal.wait(null)
    for (const chunk of arrived) {
      const processor = this.#byTopic.get(chunk.topic)
      if (processor === undefined) continue
      const before = processor.records
      await processor.apply(chunk)
      if (missing !== undefined) came(missing, chunk, processor.records - before)
    }
  }

  #report(
    { topic, partition, offset }: TopicPartition & { readonly offset: number },
    endOffset: number,
  ): RestoreReport {
    const store = this.#options.definitions.find((definition) => definition.topic === topic)!.store.name
    return this.#options.restores.start({ taskId: 'global', store, topic, partition, startOffset: offset, endOffset })
  }
}

/** A partition that has not been read to the end it had at the start. */
interface Missing {
  readonly endOffset: number
  readonly report: RestoreReport
}

function came(missing: Map<string, Missing>, { topic, partition, nextOffset }: FetchedBatches, records: number): void {
  const name = formatTopicPartition(topic, partition)
  const found = missing.get(name)
  if (found === undefined) return
  found.report.read(nextOffset, records)
  if (nextOffset < found.endOffset) return
  missing.delete(name)
  found.report.end()
}
