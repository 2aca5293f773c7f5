/**
 * Avro with a schema registry: Confluent's framing, which carries the id of the writer's schema.
 *
 *     | 00 | schema id, int32 | Avro binary |
 */
import { MillraceError } from '../errors.js'
import {
  type AvroResolver,
  type AvroSchema,
  avroResolver,
  avroType,
  framedWriter,
  readAvro,
  schemaName,
} from './avro-schema.js'
import type { SchemaRegistry } from './registry.js'
import { SchemaPending, type Serde } from './serde.js'

const HEADER_BYTES = 5

export interface ConfluentAvroOptions {
  readonly schema: AvroSchema
  readonly registry: SchemaRegistry
  /** Under which the schema is registered; by convention `<topic>-value` or `<topic>-key`. */
  readonly subject: string
}

type Known = { readonly resolver: AvroResolver | undefined } | { readonly failure: MillraceError }

function unknownSchema(id: number, topic: string): MillraceError {
  return new MillraceError('SERDE_SCHEMA_UNKNOWN', `the registry does not know schema ${id}, met on topic ${topic}`, {
    topic,
  })
}

/**
 * Registers the schema and returns the serde, so that writing never waits. Reading a schema id for the first time throws
 * `SchemaPending`; what the registry then answers is kept for good, unless it did not answer.
 * @throws MillraceError SERDE_SCHEMA_INVALID, SERDE_REGISTRY_UNAVAILABLE
 */
export async function confluentAvro<T>(options: ConfluentAvroOptions): Promise<Serde<T>> {
  const type = avroType(options.schema)
  const ownId = await options.registry.register(options.subject, options.schema)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32BE(ownId, 1)
  const write = framedWriter(type, header)
  const known = new Map<number, Known>([[ownId, { resolver: undefined }]])
  const pending = new Map<number, Promise<void>>()

  const fetchSchema = async (id: number, topic: string): Promise<void> => {
    try {
      const schema = await options.registry.schema(id)
      known.set(id, schema === null ? { failure: unknownSchema(id, topic) } : resolved(schema))
    } finally {
      pending.delete(id)
    }
  }
  const resolved = (schema: AvroSchema): Known => {
    try {
      return { resolver: avroResolver(type, avroType(schema)) }
    } catch (failure) {
      return { failure: failure as MillraceError }
    }
  }
  const resolverOf = (id: number, topic: string): AvroResolver | undefined => {
    const found = known.get(id)
    if (found === undefined) {
      const ready = pending.get(id) ?? fetchSchema(id, topic)
      pending.set(id, ready)
      throw new SchemaPending(ready)
    }
    if ('failure' in found) throw found.failure
    return found.resolver
  }
  return Object.freeze({
    name: `confluentAvro(${schemaName(type)})`,
    serialize: (value: T, topic: string) => write(value, topic),
    deserialize(bytes: Buffer, topic: string): T {
      if (bytes.length < HEADER_BYTES || bytes[0] !== 0) {
        throw new MillraceError(
          'SERDE_BYTES_INVALID',
          `${bytes.length} bytes on topic ${topic} are not in Confluent's framing`,
          {
            topic,
          },
        )
      }
      const resolver = resolverOf(bytes.readInt32BE(1), topic)
      return readAvro(type, bytes.subarray(HEADER_BYTES), resolver, topic) as T
    },
  })
}
