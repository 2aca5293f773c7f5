/** The stores of a task that share one engine, and the atomic batches that are written to it. */
import type { Clock } from '../record/clock.js'
import type { EngineWrite, StateEngine } from './engine/engine.js'
import { storeInfo } from './stores/index.js'
import type { DefinitionBase } from './stores/store-info.js'
import type { LocalStore } from './stores/store-parts.js'
import { encodeMetadata, LAYOUT_VERSION, METADATA_KEY, type StoredStore, type TaskMetadata } from './task-metadata.js'

/** How far a store's changelog is contained in the store. */
export interface Checkpoint {
  /** Next changelog offset to read. */
  readonly offset: number
  readonly topicId: string | null
  /** Wall-clock time at which the store was known to hold everything before `offset`; compare with delete.retention.ms. */
  readonly writtenAtMs: number
  /** Where the log began when a restore from there began that has not ended; null: the store was complete. */
  readonly restoredFrom: number | null
}

export interface StoreEntry {
  readonly store: LocalStore
  readonly number: number
  offset: number | null
  topicId: string | null
  /** Null while the store follows its changelog's end: then every flush is as of now. */
  asOfMs: number | null
  /** See `Checkpoint`. */
  restoredFrom: number | null
  /** Something but cells changed. */
  moved: boolean
  /** Keys are to be in order, and the disk was written without that. */
  lacksOrder: boolean
}

export class StateDisk {
  readonly engine: StateEngine
  readonly entries = new Map<string, StoreEntry>()
  readonly #clock: Clock
  /** Stores on disk that the topology no longer has keep their record. */
  readonly #retired: Record<string, StoredStore> = {}

  constructor(engine: StateEngine, clock: Clock, metadata: TaskMetadata, stores: readonly DefinitionBase[]) {
    this.engine = engine
    this.#clock = clock
    const names = new Set(stores.map((store) => store.name))
    for (const [name, known] of Object.entries(metadata.stores)) if (!names.has(name)) this.#retired[name] = known
  }

  add(store: LocalStore, number: number, known: StoredStore | undefined): void {
    this.entries.set(store.definition.name, {
      store,
      number,
      offset: known?.offset ?? null,
      topicId: known?.topicId ?? null,
      // An empty store holds everything up to "nothing" as of now.
      asOfMs: known?.writtenAtMs ?? this.#clock.now(),
      restoredFrom: known?.restoredFrom ?? null,
      moved: false,
      lacksOrder: known !== undefined && known.ordered !== true && ordered(store),
    })
  }

  get hasPending(): boolean {
    for (const entry of this.entries.values()) {
      if (entry.moved || entry.store.overlays.some((overlay) => overlay.hasPending)) return true
    }
    return false
  }

  /** Takes what is committed now into one batch and writes it; expired ranges go afterwards. */
  async flush(sync: boolean): Promise<void> {
    const writes: EngineWrite[] = []
    const stores: Record<string, StoredStore> = { ...this.#retired }
    const now = this.#clock.now()
    for (const [name, entry] of this.entries) {
      for (const overlay of entry.store.overlays) overlay.collect(writes)
      stores[name] = metadataOf(entry, now)
      entry.moved = false
    }
    writes.push({ type: 'put', key: METADATA_KEY, value: encodeMetadata({ version: LAYOUT_VERSION, stores }) })
    try {
      await this.engine.write(writes, { sync })
    } catch (error) {
      for (const { store } of this.entries.values()) for (const overlay of store.overlays) overlay.writeFailed()
      throw error
    }
    for (const { store } of this.entries.values()) for (const overlay of store.overlays) overlay.written()
    for (const { store } of this.entries.values()) await store.expire()
  }
}

function ordered(store: LocalStore): boolean {
  return store.order !== undefined && store.order !== null
}

function metadataOf(entry: StoreEntry, now: number): StoredStore {
  return {
    number: entry.number,
    ...(entry.store.keepsHeaders && { headers: true }),
    kind: storeInfo(entry.store.definition).savedAs,
    offset: entry.offset,
    topicId: entry.topicId,
    writtenAtMs: entry.asOfMs ?? now,
    ...(entry.restoredFrom !== null && { restoredFrom: entry.restoredFrom }),
    ...(ordered(entry.store) && { ordered: true }),
    ...entry.store.times?.stored(),
  }
}
