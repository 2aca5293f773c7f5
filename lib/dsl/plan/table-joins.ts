/** Joins of two tables on their primary key. */

import type { TableJoinNode } from '../../topology/join-nodes.js'
import { requireFunction } from '../../topology/validate/functions.js'
import { copartition, type Named, sameBuilder, type TableHandle, untyped } from './handle.js'
import { sendsOldValues, type TableNeed } from './materialization.js'
import { requireOptions } from './operator-options.js'
import { type Materialized, planStore, storeName } from './store-options.js'
import { isVersioned, type JoinedTable, keepsVersions, viewOf, viewStores } from './table-origin.js'

export interface TableTableJoin<K, VL, VR, VOut, Store = Materialized<K, VOut>> extends Named {
  /** Combines the values of two rows. */
  readonly joiner: (left: VL, right: VR, key: K) => VOut
  /** Keeps the result in a store. Without, it is computed when needed. */
  readonly store?: Store
}

export function joinTables(
  left: TableHandle,
  right: TableHandle,
  join: TableJoinNode['join'],
  options: Named & {
    readonly joiner: (left: never, right: never, key: never) => unknown
    readonly store?: Materialized<unknown, unknown>
  },
): TableHandle {
  const { graph } = left
  sameBuilder(left, right?.origin && right, 'join')
  requireOptions('join of tables', options, left.name)
  requireFunction(options?.joiner, 'joiner', `join of ${left.name} and ${right.name}`)
  const settings = options.store
  const store = settings === undefined ? null : storeName(graph, settings, 'KTABLE-MERGE-')
  const merge = graph.nameOr(options.name, 'KTABLE-MERGE-')
  const sources = copartition(left, right)
  const suffixed = (suffix: string, prefix: string) =>
    graph.nameOr(options.name === undefined ? undefined : options.name + suffix, prefix)
  const names = {
    left: suffixed('-join-this', 'KTABLE-JOINTHIS-'),
    right: suffixed('-join-other', 'KTABLE-JOINOTHER-'),
  }
  const key = untyped(settings?.key) ?? left.key
  const value = untyped(settings?.value) ?? left.value
  const definition = store && planStore({ kind: 'timestampedKeyValue', name: store, key, value, settings })
  const userJoiner = options.joiner as (left: unknown, right: unknown, key: unknown) => unknown
  const joiner: TableJoinNode['joiner'] = (rowKey, a, b) => userJoiner(a, b, rowKey)
  const origin: JoinedTable = {
    kind: 'joined',
    left: left.origin,
    right: right.origin,
    how: { join, joiner },
    store,
    keepsVersions: keepsVersions(settings),
  }
  const views = { left: viewOf(left.origin), right: viewOf(right.origin) }
  const node = graph.add([left.node, right.node], {
    name: merge,
    needs: needsOf(join, left, right),
    write(topology, _parents, { tables }) {
      const sendOldValues = sendsOldValues(tables, origin)
      for (const side of ['left', 'right'] as const) {
        const other = side === 'left' ? views.right : views.left
        const stores = viewStores(other)
        topology.addNode({
          kind: 'tableJoin',
          name: names[side],
          parents: [side === 'left' ? left.node.name : right.node.name],
          stores,
          join,
          side,
          joiner,
          versioned: isVersioned((side === 'left' ? left : right).origin),
          otherStore: stores[0]!,
          other,
          sendOldValues,
        })
      }
      if (definition) topology.addStore(definition)
      topology.addNode({
        kind: 'tableJoinMerge',
        name: merge,
        parents: [names.left, names.right],
        stores: store === null ? [] : [store],
        store,
        sendOldValues,
      })
    },
  })
  return { graph, node, name: merge, key, value, sources, origin }
}

/** Each side is looked up by the other's changes; a side whose rows continue alone must know what stood before. */
function needsOf(join: TableJoinNode['join'], left: TableHandle, right: TableHandle): readonly TableNeed[] {
  return [
    ...(join === 'inner' ? [] : [{ need: 'oldValues', of: left.origin } as const]),
    ...(join === 'outer' ? [{ need: 'oldValues', of: right.origin } as const] : []),
    { need: 'rows', of: left.origin },
    { need: 'rows', of: right.origin },
  ]
}
