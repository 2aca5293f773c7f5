/** Builds the running stores of a task over their engines. */
import type { Clock } from '../record/clock.js'
import type { StateEngine } from './engine/engine.js'
import type { CellCache } from './layers/cell-cache.js'
import { type StoredTimes, StoreTimes } from './layers/store-times.js'
import { TimeIndex } from './layers/time-index.js'
import type { StoreSettings } from './ports/store-settings.js'
import { StateDisk } from './state-disk.js'
import { LocalExpiringStore } from './stores/expiring-store.js'
import { LocalJoinWindowStore } from './stores/join-window-store.js'
import { LocalKeyValueStore } from './stores/key-value-store.js'
import { type LocalStore, StoreParts } from './stores/local-store.js'
import { LocalStreamBuffer } from './stores/local-stream-buffer.js'
import { LocalSuppressBuffer } from './stores/local-suppress-buffer.js'
import { LocalTimerStore } from './stores/local-timer-store.js'
import { LocalLruStore } from './stores/lru-store.js'
import { LocalSessionStore } from './stores/session-store.js'
import { LocalSubscriptionStore } from './stores/subscription-store.js'
import { LocalUnmatchedStore } from './stores/unmatched-store.js'
import { LocalVersionedStore } from './stores/versioned-store.js'
import { LocalWindowStore } from './stores/window-store.js'
import { numberStores, readMetadata } from './task-metadata.js'

export interface OpenStoresOptions {
  readonly taskId: string
  readonly clock: Clock
  readonly cells: CellCache
  /** Per store. */
  readonly cacheBytes: number
  readonly topicName: (store: StoreSettings) => string
}

/** One engine with those of its task's stores that live in it. */
export function openDisk(
  engine: StateEngine,
  definitions: readonly StoreSettings[],
  options: OpenStoresOptions,
): StateDisk {
  const metadata = readMetadata(engine, options.taskId)
  const numbers = numberStores(metadata, definitions, options.taskId)
  const disk = new StateDisk(engine, options.clock, metadata, definitions)
  for (const definition of definitions) {
    const number = numbers.get(definition.name)!
    const known = metadata.stores[definition.name]
    const stored =
      known?.observedMs === undefined ? null : { observedMs: known.observedMs, segments: known.segments ?? [] }
    disk.add(openStore(definition, engine, number, stored, options), number, known)
  }
  return disk
}

/**
 * Every record of a join is an entry of its own: shorter segments keep the list of a key that comes often short. Stores on
 * disk rely on the figure.
 */
const LEAST_JOIN_SEGMENT_MS = 5_000

function openStore(
  definition: StoreSettings,
  engine: StateEngine,
  number: number,
  stored: StoredTimes | null,
  options: OpenStoresOptions,
): LocalStore {
  const windowed = definition.kind === 'window' || definition.kind === 'session' || definition.kind === 'versioned'
  const leastSegmentMs = definition.keepsDuplicates === true ? LEAST_JOIN_SEGMENT_MS : undefined
  const times = windowed ? new StoreTimes(definition.retentionMs, stored, leastSegmentMs) : null
  const parts = new StoreParts({
    definition,
    engine,
    number,
    cells: options.cells,
    cacheBytes: options.cacheBytes,
    topic: options.topicName(definition),
  })
  if (definition.kind === 'streamBuffer') return new LocalStreamBuffer(parts)
  if (definition.kind === 'timers') return new LocalTimerStore(parts)
  if (definition.kind === 'unmatched') return new LocalUnmatchedStore(parts)
  if (definition.kind === 'suppressBuffer') return new LocalSuppressBuffer(parts)
  if (definition.kind === 'subscription') return new LocalSubscriptionStore(parts)
  if (definition.ttlMs !== undefined) {
    return new LocalExpiringStore(parts, new StoreTimes(null, stored), definition.ttlMs)
  }
  if (definition.maxEntries !== undefined) return new LocalLruStore(parts, definition.maxEntries)
  if (times === null) return new LocalKeyValueStore(parts)
  if (definition.kind === 'versioned') return new LocalVersionedStore(parts, times)
  if (definition.keepsDuplicates === true) return new LocalJoinWindowStore(parts, times)
  const index = definition.timeIndexed === true ? new TimeIndex() : null
  return definition.kind === 'window'
    ? new LocalWindowStore(parts, times, index)
    : new LocalSessionStore(parts, times, index)
}
