/** `count`, `reduce` and `aggregate` of a grouped stream without windows. */
import type { AggregateNode } from '../topology/aggregate-nodes.js'
import type { TableKeeping } from './context.js'
import { foldStep, orNull } from './fold.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'

/**
 * Null keys and null values are dropped; the result's time is the later of record and stored aggregate. The old value
 * of a key's first change is the initial aggregate, as in Kafka Streams.
 */
export const buildAggregate: Build<AggregateNode, TableKeeping> = (node, context) => {
  const store = tableStore(node.store, context)
  const step = foldStep(node.fold)
  const initial = node.sendOldValues ? node.fold.initializer : null
  return {
    push(record) {
      const { key, value, timestamp } = record
      if (key === null || value === null) {
        context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      const stored = store.get(key)
      const before = stored === null ? null : stored.value
      const at = stored !== null && stored.timestamp > timestamp ? stored.timestamp : timestamp
      const after = orNull(step(key, value, before))
      const old = before === null && initial !== null ? initial() : before
      store.write(key, after, old, at, record.headers)
    },
  }
}
