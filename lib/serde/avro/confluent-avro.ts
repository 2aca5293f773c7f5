/**
 * Avro with a schema registry: Confluent's framing, which carries the id of the writer's schema.
 *
 *     | 00 | schema id, int32 | Avro binary |
 */

import { isMillraceError, MillraceError } from '../../errors.js'
import { requireKnown } from '../../record/known-options.js'
import { own } from '../checked.js'
import { SchemaPending, type Serde } from '../serde.js'
import {
  type AvroResolver,
  type AvroSchema,
  type AvroType,
  avroResolver,
  avroType,
  framedWriter,
  readAvro,
  schemaName,
  writerType,
} from './avro-schema.js'
import type { AvroLongs } from './exact-types.js'
import { isSchemaId, type SchemaRegistry } from './schema-registry.js'

const HEADER_BYTES = 5

/** Options of {@link confluentAvro}. */
export interface ConfluentAvroOptions {
  /** The schema to write, and to resolve what is read to. */
  readonly schema: AvroSchema
  /** From {@link confluentRegistry}, or one of your own. */
  readonly registry: SchemaRegistry
  /** The subject under which the schema is registered, by convention `<topic>-value` or `<topic>-key`. */
  readonly subject: string
  /** How Avro's `long` is read and written: as a number, which rejects values beyond 2^53 (default), or as a bigint. */
  readonly longs?: AvroLongs
}

type Known = { readonly resolver: AvroResolver | undefined } | { readonly failure: MillraceError }

/** What can never be read, or never be asked for; anything else passes. */
function isLasting(error: unknown): error is MillraceError {
  return isMillraceError(error, 'SERDE_SCHEMA_INVALID', 'SERDE_SCHEMA_UNKNOWN', 'SERDE_REGISTRY_REJECTED')
}

/**
 * Avro with a schema registry, in Confluent's format (`00`, schema id, Avro binary). Registers the schema first, so that writing never
 * waits. The first record with an unknown schema id waits until the registry has answered; answers are kept.
 * @throws MillraceError SERDE_SCHEMA_INVALID, SERDE_REGISTRY_REJECTED, SERDE_REGISTRY_UNAVAILABLE
 */
export async function confluentAvro<T>(options: ConfluentAvroOptions): Promise<Serde<T>> {
  requireKnown(options, ['schema', 'registry', 'subject', 'longs'], 'confluentAvro', 'CONFIG_INVALID')
  const type = avroType(options.schema, options.longs)
  const ownId = await options.registry.register(options.subject, options.schema)
  if (!isSchemaId(ownId)) {
    const message = `the registry returned ${String(ownId)} instead of an id for the schema of ${options.subject}`
    throw new MillraceError('SERDE_REGISTRY_UNAVAILABLE', message)
  }
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeInt32BE(ownId, 1)
  const write = framedWriter(type, header)
  const schemas = new WriterSchemas(type, options.registry, ownId)
  return own({
    name: `confluentAvro(${schemaName(type)})`,
    serialize: (value: T, topic: string) => write(value, topic),
    deserialize(bytes: Buffer, topic: string): T {
      if (bytes.length < HEADER_BYTES || bytes[0] !== 0) {
        throw new MillraceError(
          'SERDE_BYTES_INVALID',
          `${bytes.length} bytes on topic ${topic} are not in Confluent's format`,
          {
            topic,
          },
        )
      }
      const resolver = schemas.resolver(bytes.readInt32BE(1), topic)
      return readAvro(type, bytes.subarray(HEADER_BYTES), resolver, topic) as T
    },
  })
}

/** The schemas met so far, by their id. */
class WriterSchemas {
  readonly #type: AvroType
  readonly #registry: SchemaRegistry
  readonly #known: Map<number, Known>
  readonly #pending = new Map<number, Promise<void>>()

  constructor(type: AvroType, registry: SchemaRegistry, ownId: number) {
    this.#type = type
    this.#registry = registry
    this.#known = new Map([[ownId, { resolver: undefined }]])
  }

  /** @throws SchemaPending, or a MillraceError where it can never be read */
  resolver(id: number, topic: string): AvroResolver | undefined {
    const found = this.#known.get(id)
    if (found === undefined) throw this.#ask(id, topic)
    if (!('failure' in found)) return found.resolver
    // Credentials can be corrected while the serde lives on.
    if (found.failure.code === 'SERDE_REGISTRY_REJECTED') this.#known.delete(id)
    throw found.failure
  }

  #ask(id: number, topic: string): SchemaPending {
    let ready = this.#pending.get(id)
    if (ready === undefined) {
      ready = this.#fetch(id, topic).finally(() => {
        if (this.#pending.get(id) === ready) this.#pending.delete(id)
      })
      // Who waits for it hears of a failure; nobody has to.
      ready.catch(() => {})
      this.#pending.set(id, ready)
    }
    return new SchemaPending(ready, () => this.#pending.delete(id))
  }

  async #fetch(id: number, topic: string): Promise<void> {
    try {
      const schema = await this.#registry.schema(id)
      if (schema === null || schema === undefined) throw unknownSchema(id, topic)
      this.#known.set(id, { resolver: avroResolver(this.#type, writerType(schema)) })
    } catch (error) {
      if (!isLasting(error)) throw error
      this.#known.set(id, { failure: error })
    }
  }
}

function unknownSchema(id: number, topic: string): MillraceError {
  return new MillraceError(
    'SERDE_SCHEMA_UNKNOWN',
    `the registry does not have schema ${id}, which a record on topic ${topic} uses`,
    {
      topic,
    },
  )
}
