/** Makes the running stores of a task on their engines. */
import type { Clock } from '../record/clock.js'
import type { StateEngine } from './engine/engine.js'
import type { CellCache } from './layers/cell-cache.js'
import { StateDisk } from './state-disk.js'
import { type StoreDefinition, storeInfo } from './stores/index.js'
import { StoreParts } from './stores/store-parts.js'
import { numberStores, readMetadata } from './task-metadata.js'

export interface OpenStoresOptions {
  readonly taskId: string
  readonly clock: Clock
  readonly cells: CellCache
  /** Per store. */
  readonly cacheBytes: number
  readonly topicName: (store: StoreDefinition) => string
}

/** One engine with those of its task's stores that live in it. */
export function openDisk(
  engine: StateEngine,
  definitions: readonly StoreDefinition[],
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
    const { cells, cacheBytes } = options
    const parts = new StoreParts({
      definition,
      engine,
      number,
      cells,
      cacheBytes,
      topic: options.topicName(definition),
    })
    disk.add(storeInfo(definition).open(parts, stored), number, known)
  }
  return disk
}
