/**
 * How to fill a store whose source topic is its only changelog: with the user's processor of a read-only store, or as a
 * table. A restore uses the same rules, so it gives the same table.
 */

import type { StoreDefinition } from '../state/stores/index.js'
import type { SourceNode } from './node.js'
import type { ProcessorSupplier } from './processor.js'
import type { Topology } from './topology.js'

export interface StoreFiller {
  readonly filler: { readonly supplier: ProcessorSupplier }
  readonly source: SourceNode
}

/** Null for a store that has a changelog of its own, or none. */
export function fillerOf(topology: Topology, store: string): StoreFiller | null {
  const definition = topology.stores.find(({ name }) => name === store)
  if (definition === undefined || definition.changelogTopic === null) return null
  const filler = topology.nodes.find((node) =>
    definition.filledBy === undefined
      ? node.kind === 'tableSource' && node.store === store
      : node.name === definition.filledBy,
  )
  const source = topology.nodes.find((node) => node.name === filler?.parents[0])
  if (source?.kind !== 'source') return null
  if (filler?.kind === 'process') return { filler, source }
  return filler?.kind === 'tableSource' ? { filler: { supplier: rows(definition) }, source } : null
}

/** As `operators/table-source`: null keys are omitted, null deletes. */
function rows({ name }: StoreDefinition): ProcessorSupplier {
  return (context) => {
    const store = context.getStateStore<{
      put(key: unknown, value: unknown, timestamp: number, headers: unknown): unknown
    }>(name)
    return {
      process({ key, value, timestamp, headers }) {
        if (key !== null) store.put(key, value, timestamp, headers)
      },
    }
  }
}
