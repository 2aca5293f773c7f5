/**
 * The bytes inside JoinGroup and SyncGroup for protocol type `consumer`: a version, then a struct. A newer version only
 * appends fields, so a reader takes what it knows and ignores the rest.
 */
import { MillraceError } from '../errors.js'
import { Reader } from './wire/byte-reader.js'
import { Writer } from './wire/byte-writer.js'
import { array, bytes, type Decoded, type Input, int32, type Shape, string } from './wire/field.js'
import { compileSchema } from './wire/schema.js'

const LAST_VERSION = 3

const subscription = {
  topics: array('0+', string()),
  userData: bytes('0+', { nullable: '0+', default: null }),
  ownedPartitions: array('1+', { topic: string(), partitions: array('0+', int32()) }, { ignorable: true }),
  generationId: int32('2+', { default: -1, ignorable: true }),
  rackId: string('3+', { nullable: '0+', default: null, ignorable: true }),
}

const assignment = {
  assignedPartitions: array('0+', { topic: string(), partitions: array('0+', int32()) }),
  userData: bytes('0+', { nullable: '0+', default: null }),
}

export type ConsumerSubscription = Decoded<typeof subscription>
export type ConsumerAssignment = Decoded<typeof assignment>

/** `version` 0 to 3: 1 adds ownedPartitions, 2 generationId, 3 rackId. */
export function encodeConsumerSubscription(version: number, value: Input<typeof subscription>): Buffer {
  return encode(subscription, version, value)
}

export function decodeConsumerSubscription(data: Buffer): ConsumerSubscription {
  return decode(subscription, data)
}

/** `version` 0 to 3; all have the same fields. */
export function encodeConsumerAssignment(version: number, value: Input<typeof assignment>): Buffer {
  return encode(assignment, version, value)
}

export function decodeConsumerAssignment(data: Buffer): ConsumerAssignment {
  return decode(assignment, data)
}

function encode<S extends Shape>(shape: S, version: number, value: Input<S>): Buffer {
  const writer = new Writer()
  writer.int16(version)
  compileSchema(shape, version, false).write(writer, value)
  return writer.finish()
}

function decode<S extends Shape>(shape: S, data: Buffer): Decoded<S> {
  const reader = new Reader(data)
  const version = reader.int16()
  if (version < 0) throw new MillraceError('PROTOCOL_INVALID', `A group member's metadata has version ${version}.`)
  return compileSchema(shape, Math.min(version, LAST_VERSION), false).read(reader)
}
