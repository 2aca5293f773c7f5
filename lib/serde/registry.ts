/** What a schema registry must be able to do, and the one that speaks to Confluent's. */
import { MillraceError } from '../errors.js'
import type { AvroSchema } from './avro-schema.js'

export interface SchemaRegistry {
  /** The schema with this id; null where the registry does not know it. Rejects where the registry does not answer. */
  schema(id: number): Promise<AvroSchema | null>
  /** The id of `schema` under `subject`, registered if need be. */
  register(subject: string, schema: AvroSchema): Promise<number>
}

export interface ConfluentRegistryOptions {
  /** e.g. `http://localhost:8081`. */
  readonly host: string
  readonly auth?: { readonly username: string; readonly password: string }
}

/** The part of `@kafkajs/confluent-schema-registry` that is used. */
interface RegistryClient {
  getSchema(id: number): Promise<unknown>
  register(schema: unknown, options: { readonly subject: string }): Promise<{ readonly id: number }>
}

interface RegistryModule {
  readonly SchemaRegistry: new (options: ConfluentRegistryOptions) => RegistryClient
}

const PACKAGE = '@kafkajs/confluent-schema-registry'
const NOT_FOUND = 404

/** The client's errors that another try does not cure. */
const REFUSED = new Set(['ConfluentSchemaRegistryCompatibilityError', 'ConfluentSchemaRegistryInvalidSchemaError'])

async function loadModule(): Promise<RegistryModule> {
  try {
    return (await import(PACKAGE)) as RegistryModule
  } catch (cause) {
    throw new MillraceError('SERDE_REGISTRY_MISSING', `the optional package ${PACKAGE} is not installed`, { cause })
  }
}

function unavailable(host: string, what: string, cause: unknown): MillraceError {
  return new MillraceError('SERDE_REGISTRY_UNAVAILABLE', `the schema registry ${host} failed to ${what}`, {
    retriable: true,
    cause,
  })
}

/**
 * Confluent's registry, through the optional package `@kafkajs/confluent-schema-registry`.
 * @throws MillraceError SERDE_REGISTRY_MISSING where the package is not installed
 */
export async function confluentRegistry(options: ConfluentRegistryOptions): Promise<SchemaRegistry> {
  const { SchemaRegistry: Client } = await loadModule()
  const client = new Client(options)
  return {
    async schema(id) {
      try {
        return rawSchema(await client.getSchema(id))
      } catch (cause) {
        if ((cause as { readonly status?: number }).status === NOT_FOUND) return null
        throw unavailable(options.host, `give schema ${id}`, cause)
      }
    },
    async register(subject, schema) {
      try {
        return (await client.register({ type: 'AVRO', schema: JSON.stringify(schema) }, { subject })).id
      } catch (cause) {
        if (REFUSED.has((cause as Error).constructor.name)) {
          const message = `the schema registry ${options.host} refused the schema for ${subject}`
          throw new MillraceError('SERDE_SCHEMA_INVALID', `${message}: ${(cause as Error).message}`, { cause })
        }
        throw unavailable(options.host, `register a schema for ${subject}`, cause)
      }
    },
  }
}

/** The client answers with a parsed type, whose `schema()` gives the JSON with what resolution needs. */
function rawSchema(parsed: unknown): AvroSchema {
  const type = parsed as { schema(options: { readonly exportAttrs: boolean }): AvroSchema }
  return type.schema({ exportAttrs: true })
}
