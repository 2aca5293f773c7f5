/** Builds the time indexes of newly opened stores from the disk. */
import type { StateEngine } from '../engine/engine.js'
import type { SyncStateEngine } from '../memory-engine.js'
import type { KeyFollower, LocalStore } from '../stores/store-parts.js'
import type { Overlay } from './overlay.js'
import { leadingTime } from './time-keys.js'

function indexed(stores: readonly LocalStore[]): { index: KeyFollower; data: Overlay }[] {
  return stores.flatMap(({ index, overlays }) => (index === null ? [] : [{ index, data: overlays[0]! }]))
}

function addEntry(index: KeyFollower, data: Overlay, [diskKey, diskValue]: readonly [Buffer, Buffer]): void {
  const localKey = diskKey.toString('latin1', data.prefix.length)
  index.add(leadingTime(localKey), localKey, diskValue)
}

export async function fillTimeIndexes(stores: readonly LocalStore[]): Promise<void> {
  for (const { index, data } of indexed(stores)) {
    for await (const entry of data.engine.entries(data.section)) addEntry(index, data, entry)
  }
}

export function rebuildTimeIndexesSync(stores: readonly LocalStore[]): void {
  for (const { index, data } of indexed(stores)) {
    const engine = data.engine
    if (!canScanSync(engine)) continue
    for (const entry of engine.entriesSync(data.section)) addEntry(index, data, entry)
  }
}

export function canScanSync(engine: StateEngine): engine is SyncStateEngine {
  return 'entriesSync' in engine
}
