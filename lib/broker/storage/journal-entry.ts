/**
 * An entry of the journal: CRC-32 of the rest, length of the rest after it, kind, fields. A journal file starts with a
 * `start` entry and contains its entries in order of events.
 */
import { crc32 } from 'node:zlib'
import type { StateChange } from './storage.js'

/** Bytes in front of an entry's kind: checksum and length. */
const FRAME_BYTES = 8

export const ENTRY = { start: 1, append: 2, removeSegment: 3, removeLog: 4, put: 5 } as const

export type Entry =
  /** `previousBytes`: the size at which the file before this one was left. */
  | { readonly kind: typeof ENTRY.start; readonly previousBytes: number }
  /** Without bytes: the segment was made. */
  | {
      readonly kind: typeof ENTRY.append
      readonly log: string
      readonly segment: number
      readonly generation: number
      readonly position: number
      readonly bytes: Buffer
    }
  | { readonly kind: typeof ENTRY.removeSegment; readonly log: string; readonly segment: number }
  | { readonly kind: typeof ENTRY.removeLog; readonly log: string }
  | { readonly kind: typeof ENTRY.put; readonly changes: readonly StateChange[] }

export function encodeStart(previousBytes: number): readonly Buffer[] {
  const head = headOf(ENTRY.start, 8)
  head.writeDoubleBE(previousBytes, FRAME_BYTES + 1)
  return sealed(head)
}

export function encodeAppend(
  log: string,
  segment: number,
  generation: number,
  position: number,
  bytes: Buffer,
): readonly Buffer[] {
  const head = headOf(ENTRY.append, 21 + log.length)
  let at = FRAME_BYTES + 1
  at = head.writeDoubleBE(segment, at)
  at = head.writeUInt32BE(generation, at)
  at = head.writeDoubleBE(position, at)
  at = head.writeUInt8(log.length, at)
  head.write(log, at, 'latin1')
  return sealed(head, bytes)
}

export function encodeRemoveSegment(log: string, segment: number): readonly Buffer[] {
  const head = headOf(ENTRY.removeSegment, 8 + log.length)
  head.write(log, head.writeDoubleBE(segment, FRAME_BYTES + 1), 'latin1')
  return sealed(head)
}

export function encodeRemoveLog(log: string): readonly Buffer[] {
  const head = headOf(ENTRY.removeLog, log.length)
  head.write(log, FRAME_BYTES + 1, 'latin1')
  return sealed(head)
}

export function encodePut(changes: readonly StateChange[]): readonly Buffer[] {
  return sealed(headOf(ENTRY.put, 0), Buffer.from(JSON.stringify(changes)))
}

/** The entry at `position` and where it ends; undefined when there is no whole, undamaged one. */
export function decodeEntry(file: Buffer, position: number): { entry: Entry; end: number } | undefined {
  const body = position + FRAME_BYTES
  if (body >= file.length) return undefined
  const end = body + file.readUInt32BE(position + 4)
  if (end > file.length || end === body) return undefined
  if (crc32(file.subarray(position + 4, end)) !== file.readUInt32BE(position)) return undefined
  return { entry: decodeBody(file, body, end), end }
}

function decodeBody(file: Buffer, body: number, end: number): Entry {
  const at = body + 1
  const kind = file[body]
  switch (kind) {
    case ENTRY.start:
      return { kind, previousBytes: file.readDoubleBE(at) }
    case ENTRY.append: {
      const idEnd = at + 21 + file[at + 20]!
      return {
        kind,
        segment: file.readDoubleBE(at),
        generation: file.readUInt32BE(at + 8),
        position: file.readDoubleBE(at + 12),
        log: file.toString('latin1', at + 21, idEnd),
        bytes: file.subarray(idEnd, end),
      }
    }
    case ENTRY.removeSegment:
      return { kind, segment: file.readDoubleBE(at), log: file.toString('latin1', at + 8, end) }
    case ENTRY.removeLog:
      return { kind, log: file.toString('latin1', at, end) }
    case ENTRY.put:
      return { kind, changes: JSON.parse(file.toString('utf8', at, end)) as StateChange[] }
    default:
      throw new Error(`a journal entry of kind ${kind}, which this version does not know`)
  }
}

function headOf(kind: number, fieldBytes: number): Buffer {
  const head = Buffer.allocUnsafe(FRAME_BYTES + 1 + fieldBytes)
  head[FRAME_BYTES] = kind
  return head
}

function sealed(head: Buffer, bytes?: Buffer): readonly Buffer[] {
  const follows = bytes?.length ?? 0
  head.writeUInt32BE(head.length - FRAME_BYTES + follows, 4)
  const sum = crc32(head.subarray(4))
  head.writeUInt32BE(follows === 0 ? sum : crc32(bytes!, sum), 0)
  return follows === 0 ? [head] : [head, bytes!]
}
