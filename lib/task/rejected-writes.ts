/** Finds records that a broker would reject before they are sent, so that they do not abort a transaction. */
import type { MillraceError } from '../errors.js'
import type { Headers } from '../record/record.js'
import type { TaskId } from '../record/task-id.js'
import { recordBytes } from './collector.js'
import type { TaskOptions } from './options.js'
import { errorAt, type RecordOrigin } from './record-origin.js'

export interface WriteLimits extends Pick<TaskOptions, 'maxRecordBytes' | 'rejectedBatches'> {
  /** The task, or what fills a global store. */
  readonly id: Pick<TaskId, 'text'>
}

/**
 * @throws MillraceError SERIALIZE_FAILED, RECORD_TOO_LARGE or RECORD_REJECTED if the broker would not take, or has just rejected,
 * what `node` wants to write
 */
export function checkWrite(
  limits: WriteLimits,
  node: string,
  origin: RecordOrigin | null,
  topic: string,
  key: Buffer | null,
  value: Buffer | null,
  timestamp: number,
  headers: Headers,
): void {
  const { id, maxRecordBytes, rejectedBatches } = limits
  for (const header of headers) {
    if (header.value === null || header.value instanceof Uint8Array) continue
    const problem = `made node ${node} write a header to topic ${topic} whose value is not bytes`
    throw errorAt(id.text, 'SERIALIZE_FAILED', problem, node, origin, undefined)
  }
  const bytes = recordBytes(key, value, headers)
  if (bytes > maxRecordBytes) throw recordTooLarge(limits, node, topic, origin, bytes)
  if (rejectedBatches === undefined || rejectedBatches.none) return
  const rejection = rejectedBatches.of({ topic, key, value, timestamp, headers })
  if (rejection !== null) throw recordRejected(limits, node, topic, origin, rejection)
}

export function recordTooLarge(
  { id, maxRecordBytes }: WriteLimits,
  node: string,
  topic: string,
  origin: RecordOrigin | null,
  bytes: number,
): MillraceError {
  const problem = `made node ${node} write ${bytes} bytes to topic ${topic}; maxRecordBytes is ${maxRecordBytes}`
  return errorAt(id.text, 'RECORD_TOO_LARGE', problem, node, origin, undefined)
}

/** `cause`: the broker's answer. */
export function recordRejected(
  { id }: WriteLimits,
  node: string,
  topic: string,
  origin: RecordOrigin | null,
  cause: MillraceError,
): MillraceError {
  const problem = `made node ${node} write a record that topic ${topic} does not take: ${cause.message}`
  return errorAt(id.text, 'RECORD_REJECTED', problem, node, origin, cause)
}
