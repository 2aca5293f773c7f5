/** `transformValues` on a table: user code with stores and timers computes each row's value, also for deletes. */
import type { TableTransformValuesNode } from '../topology/table-nodes.js'
import { changeOf, changeRecord } from './change.js'
import type { CacheForwarding, UserCode } from './context.js'
import type { Build } from './operator.js'
import { tableStore } from './table-store.js'
import { ending } from './user-code.js'
import { startTransformer } from './value-transformer.js'

/** Without a store the old value is created again where somebody asks for it, so the transformer runs twice per change. */
export const buildTableTransformValues: Build<TableTransformValuesNode, UserCode & CacheForwarding> = (
  node,
  context,
) => {
  const { transform, transformer } = startTransformer(node, context, true)
  const { forward } = context
  const store = node.store === null ? null : tableStore(node.store, context)
  return {
    push(record) {
      const change = changeOf(record)
      const { key, timestamp, headers } = record
      const after = transform(key, change.newValue)
      if (store === null) {
        const before = node.sendOldValues ? transform(key, change.oldValue) : null
        forward(changeRecord(key, after, before, timestamp, headers, change.isLatest))
        return
      }
      store.write(key, after, store.get(key)?.value ?? null, timestamp, headers)
    },
    ...(transformer.close !== undefined && { close: () => ending('close', context, () => transformer.close?.()) }),
  }
}
