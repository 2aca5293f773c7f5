/** `suppress`: buffers the latest change per key until it is due, or until the buffer is full. */
import { MillraceError } from '../errors.js'
import type { SuppressBuffer } from '../state/ports/suppress-buffer.js'
import type { SuppressNode } from '../topology/suppress-nodes.js'
import { isClosed } from '../windows/close.js'
import type { Windowed } from '../windows/window.js'
import { advancing } from './advance.js'
import { changeOf, changeRecord } from './change.js'
import type { Dropping, Forwarding, Place, RecordInHand, StoreAccess, TimeKeeping } from './context.js'
import type { Build } from './operator.js'

/** Of changes that a record cache let go at a commit: no record is in hand then. */
const UNKNOWN_ORIGIN = { topic: '', partition: -1, offset: -1 }

/**
 * Whether a window takes a change and whether its result goes out is one question: whether it is closed. So a
 * window goes out once and nothing is accepted after it. Kafka Streams asks two different ones for sliding windows and
 * sessions, and emits a window again that another input of a join or cogroup still changes.
 */
export const buildSuppress: Build<
  SuppressNode,
  Place & Forwarding & Dropping & RecordInHand & StoreAccess & TimeKeeping
> = (node, context) => {
  const buffer = context.store<SuppressBuffer<unknown, unknown>>(node.store)
  const { waitMs, maxRecords, maxBytes, untilWindowCloses } = node
  const time = context.operatorTime()

  const emitFirst = (nowMs: number): void => {
    const first = buffer.first()
    if (first === null) return
    const { key, newValue, oldValue, timestamp, headers } = first
    if (newValue !== null || !untilWindowCloses) {
      context.forward(changeRecord(key, newValue, oldValue, timestamp, headers))
    }
    buffer.removeFirst(nowMs)
  }

  const emitDue = (nowMs: number): number => {
    let emitted = 0
    for (; isClosed(buffer.firstTimeMs, waitMs, nowMs); emitted++) emitFirst(nowMs)
    return emitted
  }

  const full = () => buffer.records > maxRecords || (maxBytes < Number.POSITIVE_INFINITY && buffer.bytes > maxBytes)

  return {
    advance: advancing(time, (_, nowMs) => emitDue(nowMs)),
    push(record) {
      const { key, timestamp, headers } = record
      const { newValue, oldValue } = changeOf(record)
      const nowMs = time.advance(timestamp)
      const bufferTimeMs = untilWindowCloses ? (key as Windowed<unknown>).window.endMs : timestamp
      if (untilWindowCloses && isClosed(bufferTimeMs, waitMs, nowMs)) context.drop('late')
      else {
        const origin = context.recordMetadata() ?? UNKNOWN_ORIGIN
        buffer.put(key, bufferTimeMs, newValue, oldValue, { timestamp, headers, ...origin })
      }
      emitDue(nowMs)
      if (!full()) return
      if (node.onFull === 'shutDown') throw bufferFull(node, buffer, context.taskId)
      while (full()) emitFirst(nowMs)
    },
  }
}

function bufferFull(node: SuppressNode, buffer: SuppressBuffer<unknown, unknown>, taskId: string): MillraceError {
  const bytes = node.maxBytes < Number.POSITIVE_INFINITY ? `, ${buffer.bytes} of ${node.maxBytes} bytes` : ''
  return new MillraceError(
    'SUPPRESS_BUFFER_FULL',
    `The buffer of ${node.name} holds ${buffer.records} of ${node.maxRecords} records${bytes} (task ${taskId}).`,
    { node: node.name, taskId },
  )
}
