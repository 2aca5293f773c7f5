/** `suppress`: the node and the store of its buffer. */
import { MillraceError } from '../../errors.js'
import { finalAfterEndMs } from './final-windows.js'
import type { Named, TableHandle } from './handle.js'
import { checkOptions } from './operator-options.js'
import { planStore } from './store-options.js'
import type { Suppressed } from './suppressed.js'
import { isVersioned, type SuppressedTable } from './table-origin.js'

const PREFIX = 'KTABLE-SUPPRESS-'

/** A name also names the store: `<name>-store`. */
export interface SuppressOptions extends Named {
  /** Default true. False: no changelog, so a lost disk loses what is buffered. */
  readonly logged?: boolean
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

export function suppressTable(
  table: TableHandle,
  suppressed: Suppressed<never>,
  options: SuppressOptions | undefined,
): TableHandle {
  const { graph, key, value } = table
  if (isVersioned(table.origin)) {
    throw new MillraceError(
      'TOPOLOGY_VERSIONED',
      `suppress does not support versioned tables; table ${table.name} is versioned`,
      { node: table.name },
    )
  }
  if (suppressed?.onFull === undefined) {
    const made = 'the result of untilWindowCloses or untilTimeLimit'
    throw new MillraceError('TOPOLOGY_INPUT_INVALID', `suppress of ${table.name} takes ${made}`, { node: table.name })
  }
  checkOptions('suppress', options, table.name)
  const name = options?.name ?? graph.nextName(PREFIX)
  const { untilWindowCloses, limitMs, maxRecords, maxBytes, onFull } = suppressed
  const waitMs = untilWindowCloses ? finalAfterEndMs(table.node) : limitMs
  const store = options?.name === undefined ? graph.nextStoreName(PREFIX) : `${options.name}-store`
  const settings = { ...options, cached: false }
  const definition = planStore({ kind: 'suppressBuffer', name: store, key, value, settings })
  const origin: SuppressedTable = { kind: 'suppressed', above: table.origin, buffer: store }
  const node = graph.add([table.node], {
    name,
    awaitsClose: untilWindowCloses,
    // The buffer shows readers what stood before the changes it holds.
    needs: [{ need: 'oldValues', of: table.origin }],
    write: (topology, parents) =>
      topology.addStore(definition).addNode({
        kind: 'suppress',
        name,
        parents,
        stores: [store],
        store,
        untilWindowCloses,
        waitMs,
        maxRecords,
        maxBytes,
        onFull,
      }),
  })
  return { ...table, node, name, origin }
}
