/** Checks a record of a producer before it is sent. */
import { MillraceError } from '../../errors.js'
import type { OffsetToCommit } from '../commit.js'

/** A record as JavaScript may hand it over, whatever its types promise. */
interface Unchecked {
  readonly topic?: unknown
  readonly partition?: unknown
  readonly key?: unknown
  readonly value?: unknown
  readonly timestamp?: unknown
  readonly headers?: unknown
}

/** `record` is one of `append`: key and value are there, the rest may be omitted. @throws CLIENT_RECORD_INVALID */
export function checkRecord(record: Unchecked): void {
  if (typeof record !== 'object' || record === null) throw invalid({}, `it is ${typeNameOf(record)}, not an object`)
  const { topic, partition, key, value, timestamp, headers } = record
  checkTopic(record, topic)
  if (partition !== undefined) checkPartition(record, partition)
  if (!isBytes(key)) throw invalid(record, notBytes('key', key))
  if (!isBytes(value)) throw invalid(record, notBytes('value', value))
  if (timestamp !== undefined && !isWhole(timestamp, Number.MAX_SAFE_INTEGER)) {
    throw invalid(record, `its timestamp is ${shown(timestamp)}, not a whole number of milliseconds from 0 to 2^53 - 1`)
  }
  if (headers !== undefined) checkHeaders(record, headers)
}

/** Where a batch goes. @throws CLIENT_RECORD_INVALID */
export function checkPlace(place: { readonly topic: unknown; readonly partition: unknown }): void {
  checkTopic(place, place.topic)
  checkPartition(place, place.partition)
}

/** @throws CLIENT_RECORD_INVALID */
export function checkOffsets(offsets: readonly OffsetToCommit[]): void {
  for (const row of offsets) {
    checkPlace(row)
    if (!isWhole(row.offset, Number.MAX_SAFE_INTEGER)) {
      throw invalid(row, `the offset to commit is ${shown(row.offset)}, not a whole number >= 0`)
    }
    if (typeof row.metadata !== 'string') {
      throw invalid(row, `the metadata of the offset is ${typeNameOf(row.metadata)}, not a string`)
    }
  }
}

function checkTopic(record: Unchecked, topic: unknown): void {
  if (typeof topic !== 'string') throw invalid(record, `its topic is ${typeNameOf(topic)}, not a string`)
  if (topic === '') throw invalid(record, 'its topic is the empty string')
}

function checkPartition(record: Unchecked, partition: unknown): void {
  if (isWhole(partition, 2 ** 31 - 1)) return
  throw invalid(record, `its partition is ${shown(partition)}, not a whole number >= 0`)
}

function checkHeaders(record: Unchecked, headers: unknown): void {
  if (!Array.isArray(headers)) throw invalid(record, `its headers are ${typeNameOf(headers)}, not an array`)
  headers.forEach((header: { key?: unknown; value?: unknown } | null, i) => {
    if (typeof header?.key !== 'string') {
      throw invalid(record, `the key of its header ${i} is ${typeNameOf(header?.key)}, not a string`)
    }
    if (!isBytes(header.value)) throw invalid(record, notBytes(`header ${i}`, header.value))
  })
}

function isBytes(value: unknown): boolean {
  return value === null || value instanceof Uint8Array
}

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max
}

function notBytes(part: string, value: unknown): string {
  return `its ${part} is ${typeNameOf(value)}, not a Buffer, Uint8Array or null: encode it first, for example a string with Buffer.from(text)`
}

/** Numbers are places and times, no payload. */
function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeNameOf(value)
}

function typeNameOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  return Array.isArray(value) ? 'an array' : `an object (${value.constructor?.name ?? 'no class'})`
}

function invalid({ topic, partition }: Unchecked, why: string): MillraceError {
  const where = {
    ...(typeof topic === 'string' ? { topic } : {}),
    ...(typeof partition === 'number' ? { partition } : {}),
  }
  const to = where.topic === undefined ? '' : ` for topic "${where.topic}"`
  const at = where.partition === undefined ? '' : `, partition ${where.partition},`
  return new MillraceError('CLIENT_RECORD_INVALID', `A record${to}${at} was not sent: ${why}.`, where)
}
