/** `filter` and `filterNot` on a table: a row that does not pass is deleted downstream. */
import type { KeyValueStore } from '../state/store.js'
import type { TableFilterNode } from '../topology/table-nodes.js'
import { changeOf, forwardNow, forwardThrough } from './change.js'
import type { Build } from './operator.js'

/**
 * Where somebody downstream needs old values, a change from nothing to nothing is not forwarded. Where nobody does, a
 * tombstone goes out for every rejected row, because it may have passed before.
 */
export const buildTableFilter: Build<TableFilterNode> = (node, context) => {
  const { predicate, negate, sendOldValues } = node
  const passing = (key: unknown, value: unknown) => (value !== null && predicate(key, value) !== negate ? value : null)
  const store = node.store === null ? null : context.store<KeyValueStore<unknown, unknown>>(node.store)
  const forward = store === null ? forwardNow(context.forward) : forwardThrough(store, context)
  return {
    push(record) {
      const change = changeOf(record)
      const { key, timestamp } = record
      const after = passing(key, change.newValue)
      const before = store === null ? passing(key, change.oldValue) : (store.get(key)?.value ?? null)
      if (after === null && before === null && sendOldValues) return
      store?.put(key, after, timestamp)
      forward(key, after, before, timestamp, record.headers)
    },
  }
}
