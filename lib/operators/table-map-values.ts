/** `mapValues` on a table. The mapper never sees null: a deleted row stays deleted. */
import type { KeyValueStore } from '../state/store.js'
import type { TableMapValuesNode } from '../topology/table-nodes.js'
import { changeOf, forwardNow, forwardThrough } from './change.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

export const buildTableMapValues: Build<TableMapValuesNode> = (node, context) => {
  const { mapper, sendOldValues } = node
  const mapped = (key: unknown, value: unknown) => (value === null ? null : orNull(mapper(value, key)))
  const store = node.store === null ? null : context.store<KeyValueStore<unknown, unknown>>(node.store)
  const forward = store === null ? forwardNow(context.forward) : forwardThrough(store, context)
  return {
    push(record) {
      const change = changeOf(record)
      const { key, timestamp } = record
      const after = mapped(key, change.newValue)
      if (store === null) {
        const before = sendOldValues ? mapped(key, change.oldValue) : null
        forward(key, after, before, timestamp, record.headers)
        return
      }
      const stored = store.get(key)
      store.put(key, after, timestamp)
      forward(key, after, stored === null ? null : stored.value, timestamp, record.headers)
    },
  }
}
