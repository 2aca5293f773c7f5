/**
 * The simulated broker's disk. It keeps every batch that was ever appended, and checks what no reader can see: that
 * committed offsets never go back, and that no producer writes with an old epoch.
 */
import { MemoryStorage } from '../../broker/storage/memory-storage.js'
import type { BrokerStorage, LogStorage, SegmentFile, StateChange, StateValue } from '../../broker/storage/storage.js'
import { type BatchView, readBatches } from '../../protocol/index.js'
import { formatTopicPartition } from '../../record/record.js'

export class SimStorage implements BrokerStorage {
  readonly durable = false
  readonly #memory = new MemoryStorage()
  /** By log id. */
  readonly #archive = new Map<string, BatchView[]>()
  readonly #topicIds = new Map<string, string>()
  readonly #epochs = new Map<number, number>()
  readonly #offsets = new Map<string, number>()
  /** `log/producer` → epoch of what it has written there since the last marker. */
  readonly #open = new Map<string, number>()
  readonly #violated: (invariant: string, what: string) => void
  /** Transactions whose commit was decided, by transactional id. */
  readonly commits = new Map<string, number>()
  /** Offsets of any group that were stored. */
  offsetCommits = 0

  constructor(violated: (invariant: string, what: string) => void) {
    this.#violated = violated
  }

  /** Everything ever appended to a partition, in order, with its offsets. */
  batches(topic: string, partition: number): readonly BatchView[] {
    return this.#archive.get(formatTopicPartition(this.#topicIds.get(topic) ?? topic, partition)) ?? []
  }

  topics(): string[] {
    return [...this.#topicIds.keys()]
  }

  open(): Promise<void> {
    return this.#memory.open()
  }

  state(): Iterable<readonly [string, StateValue]> {
    return this.#memory.state()
  }

  put(changes: readonly StateChange[]): void {
    for (const [key, value] of changes) this.#watch(key, value)
    this.#memory.put(changes)
  }

  log(id: string): LogStorage {
    const log = this.#memory.log(id)
    let archive = this.#archive.get(id)
    if (archive === undefined) {
      archive = []
      this.#archive.set(id, archive)
    }
    const kept = archive
    const watched = (segment: SegmentFile): SegmentFile =>
      new Proxy(segment, {
        get: (target, name) => {
          if (name === 'append') {
            return (batch: Buffer) => {
              this.#appended(id, batch, kept)
              target.append(batch)
            }
          }
          const value: unknown = Reflect.get(target, name)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    return {
      segments: () => log.segments().map(watched),
      create: (baseOffset) => watched(log.create(baseOffset)),
      remove: () => log.remove(),
    }
  }

  logIds(): readonly string[] {
    return this.#memory.logIds()
  }

  async sync(): Promise<void> {}
  async close(): Promise<void> {}

  #appended(id: string, bytes: Buffer, archive: BatchView[]): void {
    const batch = readBatches(Buffer.from(bytes))[0]!
    archive.push(batch)
    if (batch.isControl) this.#open.delete(`${id}/${batch.producerId}`)
    if (!batch.isTransactional || batch.isControl) return
    const epoch = this.#epochs.get(batch.producerId)
    const place = `${id}/${batch.producerId}`
    const open = this.#open.get(place)
    this.#open.set(place, batch.producerEpoch)
    // Between the new epoch and the marker that ends the old transaction here, what the old producer adds to it is legal: it
    // is aborted with the rest.
    if (epoch === batch.producerEpoch || open === batch.producerEpoch) return
    this.#violated('I7', `${id}: producer ${batch.producerId} appended with epoch ${batch.producerEpoch} at ${epoch}`)
  }

  #watch(key: string, value: StateValue | null): void {
    const slash = key.indexOf('/')
    const kind = slash < 0 ? key : key.slice(0, slash)
    const name = key.slice(slash + 1)
    if (value === null) return
    if (kind === 'topic') this.#topicIds.set(name, value.id as string)
    else if (kind === 'transaction') {
      this.#epochs.set(value.producerId as number, value.epoch as number)
      if (value.status === 'PrepareCommit') this.commits.set(name, (this.commits.get(name) ?? 0) + 1)
    } else if (kind === 'offset') {
      this.offsetCommits++
      const next = value.offset as number
      const previous = this.#offsets.get(name) ?? 0
      if (next < previous) this.#violated('I3', `the committed offset of ${name} went back from ${previous} to ${next}`)
      this.#offsets.set(name, next)
    }
  }
}
