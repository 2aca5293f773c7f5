/** `toStream`: each change becomes a record with the new value; a deletion has value null. */
import type { TableToStreamNode } from '../topology/table-nodes.js'
import { changeOf } from './change.js'
import type { Forwarding } from './context.js'
import type { Build } from './operator.js'

export const buildTableToStream: Build<TableToStreamNode, Forwarding> = (node, { forward }) => {
  const { mapper } = node
  return {
    push(record) {
      const value = changeOf(record).newValue
      const key = mapper === null ? record.key : mapper(record.key, value)
      forward({ key, value, timestamp: record.timestamp, headers: record.headers })
    },
  }
}
