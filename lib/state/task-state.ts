/**
 * All stores of one task: their transaction layers, their batches to disk, their restore. The runtime first commits to
 * Kafka and then reports the outcome here. The disk is written after that, so it is never ahead of the changelog.
 */
import { MillraceError } from '../errors.js'
import { NO_HEADERS } from '../record/record.js'
import { headersOf, valueBytes } from '../serde/with-headers.js'
import type { CommittedView } from './committed/view.js'
import { type Cell, NONE } from './layers/cell.js'
import { CellCache } from './layers/cell-cache.js'
import { fillTimeIndexes, rebuildTimeIndexesSync } from './layers/rebuild-time-index.js'
import type { StoreTimes } from './layers/store-times.js'
import { leadingTime } from './layers/time-keys.js'
import { MemoryEngines, type SyncStateEngine } from './memory-engine.js'
import { openDisk } from './open-stores.js'
import { fillOrders, rebuildKeyOrdersSync } from './order/rebuild-key-order.js'
import { readOnly } from './read-only.js'
import type { Checkpoint, StateDisk, StoreEntry } from './state-disk.js'
import type { ChangelogEnd, CloseState, RestoredRecord, Store, TaskStateOptions } from './state-options.js'
import { committedView } from './stores/index.js'
import { isCached } from './stores/store-info.js'
import type { ChangelogSink, LocalStore } from './stores/store-parts.js'

export class TaskState {
  readonly taskId: string
  readonly #options: Required<TaskStateOptions>
  readonly #cells: CellCache
  readonly #disks: readonly StateDisk[]
  readonly #entries = new Map<string, StoreEntry>()
  readonly #stores: readonly LocalStore[]
  /** A store without changelog has only its disk: it is flushed at every commit. */
  readonly #flushAlways: boolean
  #flushing: Promise<void> | null = null
  #flushedAtMs: number
  #closed = false

  private constructor(options: TaskStateOptions) {
    this.#options = {
      topicName: (store) => store.changelogTopic ?? `${store.name}-changelog`,
      cacheBytes: 10 * 2 ** 20,
      residentBytes: 32 * 2 ** 20,
      flushBytes: 4 * 2 ** 20,
      flushIntervalMs: 10_000,
      ...options,
    }
    const { taskId, clock, engine, stores } = this.#options
    this.taskId = taskId
    this.#cells = new CellCache(this.#options.residentBytes)
    const cachedStores = stores.filter(isCached).length
    const open = {
      taskId,
      clock,
      cells: this.#cells,
      cacheBytes: this.#options.cacheBytes / Math.max(cachedStores, 1),
      topicName: this.#options.topicName,
    }
    const inMemory = stores.filter((store) => store.engine === 'memory')
    const onEngine = stores.filter((store) => store.engine !== 'memory')
    const disks = [openDisk(engine, onEngine, open)]
    if (inMemory.length > 0) disks.push(openDisk(new MemoryEngines().openSync(taskId), inMemory, open))
    this.#disks = disks
    for (const disk of disks) for (const [name, entry] of disk.entries) this.#entries.set(name, entry)
    this.#stores = stores.map((store) => this.#entries.get(store.name)!.store)
    this.#flushAlways = onEngine.some((store) => !store.logged)
    this.#flushedAtMs = clock.monotonicMs()
  }

  /** @throws MillraceError STATE_LAYOUT_UNSUPPORTED, STATE_DAMAGED: set aside, open an empty engine, restore */
  static async open(options: TaskStateOptions): Promise<TaskState> {
    const state = new TaskState(options)
    await fillTimeIndexes(state.#stores)
    await fillOrders(state.#disks)
    return state
  }

  /** The same at once, for the test driver. */
  static openSync(options: TaskStateOptions & { readonly engine: SyncStateEngine }): TaskState {
    const state = new TaskState(options)
    rebuildTimeIndexesSync(state.#stores)
    rebuildKeyOrdersSync(state.#disks)
    return state
  }

  /** The store operators use. The caller knows its kind. @throws MillraceError STATE_STORE_UNKNOWN */
  store<S = Store>(name: string): S {
    return this.#entry(name).store as unknown as S
  }

  /** The same store refusing writes: global stores are handed out so. */
  readOnlyStore<S = Store>(name: string): S {
    return readOnly(this.#entry(name).store) as unknown as S
  }

  /** What queries see: committed versions only. */
  committed(name: string): CommittedView {
    return committedView(this.#entry(name).store)
  }

  /** Forwards what the record caches hold back, stores in topology order. The first step of a commit. */
  flushListeners(): void {
    for (const store of this.#stores) store.cache.flush()
  }

  /** True when a commit would have something for the changelogs or the disk. */
  get hasOpenChanges(): boolean {
    return this.#stores.some((store) => store.overlays.some((overlay) => overlay.hasOpenChanges))
  }

  /**
   * Moves everything written so far into the transaction and hands out its changelog records. Stores that are not
   * logged, or whose source topic is their changelog, hand out none.
   * @throws MillraceError STATE_COMMIT_IN_FLIGHT; what a serde throws (abort then)
   */
  beginCommit(sink: ChangelogSink): void {
    for (const store of this.#stores) {
      const { definition, times } = store
      times?.beginCommit()
      const logged = definition.logged && definition.changelogTopic === null
      const data = store.overlays[0]!
      data.beginCommit(
        logged && store.logsPuts !== true
          ? (cell) => {
              const held = cell.inFlight
              if (leavesNoTrace(cell, times)) return
              const stored = held === null || held === NONE ? null : data.encode(held)
              const apart = stored !== null && store.keepsHeaders
              const value = apart ? valueBytes(stored) : stored
              const headers = apart ? headersOf(stored) : (store.changelogHeaders?.(value) ?? NO_HEADERS)
              sink(definition, store.changelogKey(cell.key), value, cell.inFlightMs, headers)
            }
          : null,
      )
      for (const directory of store.overlays.slice(1)) directory.beginCommit(null)
      store.follower?.beginCommit(
        logged ? (key, value, timestampMs) => sink(definition, key, value, timestampMs, NO_HEADERS) : null,
      )
    }
  }

  /** The transaction is committed: its versions are what queries see from now on, and go to disk with the next flush. */
  commitSucceeded(changelogEnds: ReadonlyMap<string, ChangelogEnd>): void {
    for (const store of this.#stores) {
      store.times?.commitSucceeded()
      store.follower?.commitSucceeded()
      for (const overlay of store.overlays) overlay.commitSucceeded()
    }
    for (const [name, end] of changelogEnds) this.restored(name, end.offset, end.topicId, true)
  }

  /** Drops what was written since the last successful commit, record caches included. */
  commitAborted(): void {
    for (const store of this.#stores) {
      store.times?.commitAborted()
      store.follower?.commitAborted()
      store.cache.drop()
      for (const overlay of store.overlays) overlay.commitAborted()
    }
  }

  /** Applies one changelog record to the committed layer. Call maybeFlush between batches: it bounds the memory. */
  restore(store: string, key: Buffer, value: Buffer | null, timestampMs: number, record?: RestoredRecord): void {
    const { store: restored } = this.#entry(store)
    if (restored.keepsHeaders) restored.restore(key, value, timestampMs, record?.headers())
    else restored.restore(key, value, timestampMs, undefined, record?.logged)
  }

  /** A restore begins at `offset`; whatever comes to disk from now on says how far it came, so that it can be continued. */
  beginRestore(store: string, offset: number, topicId: string | null): void {
    const entry = this.#entry(store)
    if (entry.offset === null) entry.restoredFrom = offset
    this.restored(store, offset, topicId)
  }

  /**
   * Notes how far the restore of a store came. `atEnd`: everything the changelog holds is in it, so that its age counts
   * from the next flush and not from when the restore began (a tombstone not read yet may be compacted away meanwhile).
   */
  restored(store: string, offset: number, topicId: string | null, atEnd = false): void {
    const entry = this.#entry(store)
    entry.offset = offset
    entry.topicId = topicId
    entry.moved = true
    if (!atEnd) return
    entry.asOfMs = null
    entry.restoredFrom = null
  }

  /** Where to continue reading the changelog; null: from its start. */
  checkpoint(store: string): Checkpoint | null {
    const { offset, topicId, asOfMs, restoredFrom } = this.#entry(store)
    if (offset === null) return null
    return { offset, topicId, writtenAtMs: asOfMs ?? this.#options.clock.now(), restoredFrom }
  }

  /** Highest time a windowed store has seen, -1 before the first; -1 for stores without retention. */
  observedMs(store: string): number {
    return this.#entry(store).store.times?.observedMs ?? -1
  }

  /** Bytes committed and not on disk, about. */
  get pendingBytes(): number {
    return this.#cells.pendingBytes
  }

  /**
   * Brings the committed layer to disk when enough has gathered, or now with `force`. One flush runs at a time, beside
   * processing; while one runs, a call only waits when memory would otherwise grow without bound.
   * @throws MillraceError STATE_UNWRITABLE and others of the engine: nothing is lost, the next flush retries
   */
  async maybeFlush(force = false): Promise<void> {
    while (this.#flushing !== null) {
      if (!force && this.#cells.pendingBytes < 2 * this.#options.flushBytes) return
      await this.#flushing.catch(() => {})
    }
    if (!this.#isDue(force)) return
    this.#cells.pendingBytes = 0
    this.#flushedAtMs = this.#options.clock.monotonicMs()
    this.#flushing = this.#flush()
    try {
      await this.#flushing
    } finally {
      this.#flushing = null
    }
  }

  /** Closes the engine. Open changes are dropped. @throws MillraceError what the last write or the closing met */
  async close({ flush, again }: CloseState): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      if (flush) await this.#lastFlush(again)
      else await this.#flushing?.catch(() => {})
    } finally {
      for (const disk of this.#disks) await disk.engine.close()
    }
  }

  async #lastFlush(again: CloseState['again']): Promise<void> {
    for (;;) {
      try {
        return await this.maybeFlush(true)
      } catch (error) {
        if (again === undefined || !(await again(error))) throw error
      }
    }
  }

  #isDue(force: boolean): boolean {
    const { flushBytes, flushIntervalMs, clock } = this.#options
    const due =
      force ||
      this.#flushAlways ||
      this.#cells.pendingBytes >= flushBytes ||
      clock.monotonicMs() - this.#flushedAtMs >= flushIntervalMs
    return due && this.#disks.some((disk) => disk.hasPending)
  }

  async #flush(): Promise<void> {
    for (const disk of this.#disks) if (disk.hasPending) await disk.flush(false)
    this.#cells.shrink()
  }

  #entry(name: string): StoreEntry {
    const entry = this.#entries.get(name)
    if (entry === undefined) {
      throw new MillraceError('STATE_STORE_UNKNOWN', `task ${this.taskId} has no store ${name}`, {
        taskId: this.taskId,
      })
    }
    return entry
  }
}

/**
 * A key that came and went within one transaction never existed for the changelog, unless it is what tells a restored
 * store how far its time had come.
 */
function leavesNoTrace(cell: Cell, times: StoreTimes | null): boolean {
  if (cell.inFlight !== null || cell.base !== null) return false
  return times === null || leadingTime(cell.key) < times.inFlightMs
}
