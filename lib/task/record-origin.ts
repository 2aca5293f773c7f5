/** The origin of a record of a task, and errors that contain it. */

import { type ErrorCode, MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import type { Headers } from '../record/record.js'
import type { SourceNode } from '../topology/node.js'
import type { RecordMetadata } from '../topology/processor.js'

/** Where a record came from; a queue says it of its head. */
export interface RecordOrigin {
  readonly topic: string
  readonly partition: number
  readonly source: Pick<SourceNode, 'name' | 'keySerde' | 'valueSerde' | 'timestampExtractor'>
  readonly cursor: {
    readonly offset: number
    readonly timestamp: number
    headers(): Headers
    key(): Buffer | null
    value(): Buffer | null
  } | null
}

/** Stays true when the queue has moved on. */
export function lastingOrigin(origin: RecordOrigin): RecordOrigin {
  const { topic, partition, source, cursor } = origin
  if (cursor === null) return { topic, partition, source, cursor }
  const { offset, timestamp } = cursor
  const [headers, key, value] = [cursor.headers(), cursor.key(), cursor.value()]
  const lasting = { offset, timestamp, headers: () => headers, key: () => key, value: () => value }
  return { topic, partition, source, cursor: lasting }
}

/** What user code may ask about the current record. */
export function metadataOf({ topic, partition, cursor }: RecordOrigin): RecordMetadata {
  return { topic, partition, offset: cursor?.offset ?? -1 }
}

/** Record and node, as one text. */
export function placeOf({ topic, partition, cursor }: RecordOrigin, node: string): string {
  return `${topic}-${partition}/${cursor?.offset}/${node}`
}

/** The error `code` about the record from `origin`, with its place; null: a punctuation, where no record is in hand. */
export function errorAt(
  taskId: string,
  code: ErrorCode,
  problem: string,
  node: string,
  origin: RecordOrigin | null,
  cause: unknown,
  attempt?: number,
): MillraceError {
  if (origin === null) {
    return new MillraceError(code, `A punctuation of task ${taskId} ${problem}.`, { taskId, node, cause })
  }
  const { topic, partition } = origin
  const offset = origin.cursor?.offset ?? -1
  const at = { taskId, node, topic, partition, offset, cause, ...(attempt !== undefined && { attempt }) }
  return new MillraceError(
    code,
    `The record at offset ${offset} of ${topic}-${partition} ${problem} (task ${taskId}).`,
    at,
  )
}

/** Noticed at the commit, where the change is logged: which record it was is not known any more. */
export function putWithoutTime(store: string, timestamp: unknown, taskId: string): MillraceError {
  const text = `store ${store} was given an entry whose timestamp is ${kindOf(timestamp)}, not a whole number of milliseconds: use put(key, value, timestamp) (task ${taskId})`
  return new MillraceError('RECORD_TIMESTAMP_INVALID', text, { taskId })
}
