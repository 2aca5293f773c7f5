/** Tables computed row by row from another: `filter`, `mapValues`, `transformValues`. */

import type { StoreDefinition } from '../../state/stores/index.js'
import { type Named, type TableHandle, untyped } from './handle.js'
import { sendsOldValues } from './materialization.js'
import { checkOptions } from './operator-options.js'
import { checkSettings, type Materialized, planStore } from './store-options.js'
import { type DerivedStep, type DerivedTable, isVersioned, keepsVersions } from './table-origin.js'

/** `added`: stores that a transformer brings along. */
export function deriveTable(
  table: TableHandle,
  prefix: string,
  step: DerivedStep,
  options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined,
  added: readonly StoreDefinition[] = [],
): TableHandle {
  checkOptions(`table ${step.kind}`, options, table.name)
  const { graph } = table
  const settings = options?.store
  // Store options without a name materialise nothing, but take a number, save for transformValues.
  const unnamed = settings !== undefined && settings.name === undefined
  if (unnamed && step.kind !== 'transformValues') graph.nextStoreName(prefix)
  const name = graph.nameOr(options?.name, prefix)
  const key = untyped(settings?.key) ?? table.key
  const value = untyped(settings?.value) ?? table.value
  const store = settings?.name ?? null
  checkSettings(settings, store ?? 'of a table')
  const definition = store && planStore({ kind: 'timestampedKeyValue', name: store, key, value, settings })
  const above = table.origin
  const origin: DerivedTable = { kind: 'derived', above, step, store, keepsVersions: keepsVersions(settings) }
  const node = graph.add([table.node], {
    name,
    needs: step.kind === 'filter' ? [{ need: 'oldValuesAtNoCost', of: origin }] : [],
    write(topology, parents, { tables }) {
      if (definition) topology.addStore(definition)
      for (const each of added) topology.addStore(each)
      const owned = store === null ? [] : [store]
      const base = { name, parents, stores: owned, store, sendOldValues: sendsOldValues(tables, origin) }
      if (step.kind === 'transformValues') {
        const { supplier, transformerStores } = step
        const stores = [...owned, ...transformerStores]
        topology.addNode({ ...base, stores, kind: 'tableTransformValues', supplier, transformerStores })
      } else if (step.kind === 'filter') {
        const { negate, predicate } = step
        topology.addNode({ ...base, kind: 'tableFilter', versioned: isVersioned(above), negate, predicate })
      } else topology.addNode({ ...base, kind: 'tableMapValues', mapper: step.mapper })
    },
  })
  return { ...table, node, name, key, value, origin }
}
