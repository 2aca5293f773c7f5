/**
 * Avro without a registry: single-object encoding, which carries the fingerprint of the writer's schema.
 *
 *     | C3 01 | CRC-64-AVRO of the schema, 8 bytes little endian | Avro binary |
 */

import { MillraceError } from '../../errors.js'
import { requireKnown } from '../../record/known-options.js'
import { own } from '../checked.js'
import type { Serde } from '../serde.js'
import {
  type AvroResolver,
  type AvroSchema,
  avroResolver,
  avroType,
  fingerprint,
  framedWriter,
  readAvro,
  schemaName,
  writerType,
} from './avro-schema.js'
import type { AvroLongs } from './exact-types.js'

const HEADER_BYTES = 10

/** Options of {@link avro}. */
export interface AvroOptions {
  /** Other schemas that records may have been written with; each must resolve to `schema`. Default: none. */
  readonly readable?: readonly AvroSchema[]
  /** How Avro's `long` is read and written: as a number, which rejects values beyond 2^53 (default), or as a bigint. */
  readonly longs?: AvroLongs
}

/**
 * Avro without a registry, in single-object encoding (`C3 01`, fingerprint of the schema, Avro binary). Writes `schema`; reads it and
 * the schemas in `readable`, resolved to `schema` by Avro's rules.
 * @throws MillraceError SERDE_SCHEMA_INVALID
 */
export function avro<T>(schema: AvroSchema, options: AvroOptions = {}): Serde<T> {
  requireKnown(options, ['readable', 'longs'], 'avro', 'CONFIG_INVALID')
  const type = avroType(schema, options.longs)
  const header = Buffer.concat([Buffer.from([0xc3, 0x01]), fingerprint(type)])
  const write = framedWriter(type, header)
  const resolvers = new Map<string, AvroResolver | undefined>()
  for (const writer of (options.readable ?? []).map(writerType)) {
    resolvers.set(fingerprint(writer).toString('latin1'), avroResolver(type, writer))
  }
  const mine = header.toString('latin1', 2)
  resolvers.set(mine, undefined)
  return own({
    name: `avro(${schemaName(type)})`,
    serialize: (value: T, topic: string) => write(value, topic),
    deserialize(bytes: Buffer, topic: string): T {
      if (bytes.length < HEADER_BYTES || bytes[0] !== 0xc3 || bytes[1] !== 0x01) {
        throw new MillraceError(
          'SERDE_BYTES_INVALID',
          `${bytes.length} bytes on topic ${topic} are not in Avro single-object encoding`,
          { topic },
        )
      }
      const writer = bytes.toString('latin1', 2, HEADER_BYTES)
      if (writer !== mine && !resolvers.has(writer)) {
        throw new MillraceError(
          'SERDE_SCHEMA_UNKNOWN',
          `a record on topic ${topic} was written with the unknown schema ${bytes.toString('hex', 2, HEADER_BYTES)}`,
          { topic },
        )
      }
      return readAvro(type, bytes.subarray(HEADER_BYTES), resolvers.get(writer), topic) as T
    },
  })
}
