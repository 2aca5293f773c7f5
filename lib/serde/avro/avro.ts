/**
 * Avro without a registry: single-object encoding, which carries the fingerprint of the writer's schema.
 *
 *     | C3 01 | CRC-64-AVRO of the schema, 8 bytes little endian | Avro binary |
 */
import { MillraceError } from '../../errors.js'
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

export interface AvroOptions {
  /** Schemas written earlier, or by others, that this one can still read. */
  readonly readable?: readonly AvroSchema[]
  /** What `long` is: a number below 2^53, beyond which it is refused, or a bigint of 64 bits. Default `'number'`. */
  readonly longs?: AvroLongs
}

/**
 * Writes `schema`; reads it and every schema in `readable`, resolved to `schema` by Avro's rules.
 * @throws MillraceError SERDE_SCHEMA_INVALID
 */
export function avro<T>(schema: AvroSchema, options: AvroOptions = {}): Serde<T> {
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
