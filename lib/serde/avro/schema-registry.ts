/** The interface of a schema registry, and the client for Confluent's. */
import { MillraceError } from '../../errors.js'
import { requireKnown } from '../../record/known-options.js'
import { type AvroSchema, inlineReferences } from './avro-schema.js'

/** A schema registry. {@link confluentRegistry} makes one; implement it to use another. */
export interface SchemaRegistry {
  /**
   * The schema with this id; null if the registry does not know it. Rejects with SERDE_SCHEMA_INVALID if the schema cannot be used, and
   * with SERDE_REGISTRY_REJECTED if the registry denies access. After any other error it is called again later.
   */
  schema(id: number): Promise<AvroSchema | null>
  /** Registers `schema` under `subject`, unless it is registered already, and returns its id. */
  register(subject: string, schema: AvroSchema): Promise<number>
}

/** Options of {@link confluentRegistry}. */
export interface ConfluentRegistryOptions {
  /** URL of the registry, e.g. `http://localhost:8081`. */
  readonly host: string
  /** Credentials for basic authentication. Default: none. */
  readonly auth?: { readonly username: string; readonly password: string }
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

interface RegistryAnswer {
  data(): unknown
}

/**
 * The part of `@kafkajs/confluent-schema-registry` that is used. Schemas are asked for behind its cache and its parser:
 * it keeps what it cannot parse, and says of it neither the kind nor whether another try could help. They are registered
 * without its `register`, which rejects a subject of another compatibility than BACKWARD, and sets that on a new one.
 */
interface RegistryClient {
  readonly api: {
    readonly Schema: { find(what: { readonly id: number }): Promise<RegistryAnswer> }
    readonly Subject: {
      version(what: Reference): Promise<RegistryAnswer>
      register(what: { readonly subject: string; readonly body: { readonly schema: string } }): Promise<RegistryAnswer>
    }
  }
}

interface RegistryModule {
  readonly SchemaRegistry: new (options: ConfluentRegistryOptions) => RegistryClient
}

/** As the registry sends it. */
interface StoredSchema {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly Reference[]
}

const PACKAGE = '@kafkajs/confluent-schema-registry'

async function loadModule(): Promise<RegistryModule> {
  try {
    return (await import(PACKAGE)) as RegistryModule
  } catch (cause) {
    throw new MillraceError('SERDE_REGISTRY_MISSING', `the optional package ${PACKAGE} is not installed`, { cause })
  }
}

/** What an answer with an error status means. */
type Judgement = 'unknown' | 'refused' | 'invalid' | 'passing'

/** The client says 400 where there was no answer at all: no connection, no such host, a connection that was cut off. */
function judge(error: unknown): Judgement {
  const { status } = error as { readonly status?: unknown }
  if (typeof status !== 'number') return error instanceof MillraceError ? 'invalid' : 'passing'
  if (status === 404) return 'unknown'
  if (status === 401 || status === 403) return 'refused'
  return status > 404 && status < 500 && status !== 408 && status !== 425 && status !== 429 ? 'invalid' : 'passing'
}

/**
 * Confluent's registry, through the optional package `@kafkajs/confluent-schema-registry`.
 * @throws MillraceError SERDE_REGISTRY_MISSING where the package is not installed
 */
export async function confluentRegistry(options: ConfluentRegistryOptions): Promise<SchemaRegistry> {
  requireKnown(options, ['host', 'auth'], 'confluentRegistry', 'CONFIG_INVALID')
  const { SchemaRegistry: Client } = await loadModule()
  const client = new Client(options)
  const { host } = options
  return {
    async schema(id) {
      try {
        return await avroOf(client, storedSchema((await client.api.Schema.find({ id })).data()), id)
      } catch (cause) {
        const judgement = judge(cause)
        if (judgement === 'unknown') return null
        if (cause instanceof MillraceError) throw cause
        throw failure(judgement, `the schema registry ${host} failed to give schema ${id}`, cause)
      }
    },
    async register(subject, schema) {
      try {
        const body = { schema: JSON.stringify(schema) }
        return registeredId((await client.api.Subject.register({ subject, body })).data())
      } catch (cause) {
        throw failure(judge(cause), `the schema registry ${host} failed to register a schema for ${subject}`, cause)
      }
    },
  }
}

function failure(judgement: Judgement, what: string, cause: unknown): MillraceError {
  const message = `${what}: ${(cause as Error).message}`
  if (judgement === 'refused') return new MillraceError('SERDE_REGISTRY_REJECTED', message, { cause })
  if (judgement === 'invalid') return new MillraceError('SERDE_SCHEMA_INVALID', message, { cause })
  return new MillraceError('SERDE_REGISTRY_UNAVAILABLE', message, { retriable: true, cause })
}

/** Something in between, a proxy with a page of its own for instance, answers with status 200 too: that passes. */
function storedSchema(answer: unknown): StoredSchema {
  if (typeof (answer as StoredSchema | null)?.schema === 'string') return answer as StoredSchema
  throw new Error('the answer contains no schema: it may not come from a registry')
}

/** A body without an id is not the registry's either. */
function registeredId(answer: unknown): number {
  const id = (answer as { readonly id?: unknown } | null)?.id
  if (isSchemaId(id)) return id
  throw new Error('the answer contains no schema id: it may not come from a registry')
}

/** What fits the four bytes in front of a record. */
export function isSchemaId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < 2 ** 31
}

async function avroOf(client: RegistryClient, stored: StoredSchema, id: number): Promise<AvroSchema> {
  const { schemaType = 'AVRO' } = stored
  if (schemaType !== 'AVRO') {
    throw new MillraceError('SERDE_SCHEMA_INVALID', `schema ${id} of the registry is of kind ${schemaType}, not Avro`)
  }
  const referenced: AvroSchema[] = []
  await collectReferences(client, stored, id, referenced, new Set())
  const schema = parsed(stored.schema, id)
  return referenced.length === 0 ? schema : inlineReferences(schema, referenced)
}

/** Depth first: a schema comes behind those it names. */
async function collectReferences(
  client: RegistryClient,
  { references = [] }: StoredSchema,
  id: number,
  into: AvroSchema[],
  seen: Set<string>,
): Promise<void> {
  for (const reference of references ?? []) {
    const place = `${reference.subject}/${reference.version}`
    if (seen.has(place)) continue
    seen.add(place)
    const stored = storedSchema((await client.api.Subject.version(reference)).data())
    await collectReferences(client, stored, id, into, seen)
    into.push(parsed(stored.schema, id))
  }
}

function parsed(text: string, id: number): AvroSchema {
  try {
    return JSON.parse(text) as AvroSchema
  } catch (cause) {
    // The old way to write a primitive type, which the registry takes too: its bare name.
    if (/^[a-z]+$/.test(text)) return text
    throw new MillraceError('SERDE_SCHEMA_INVALID', `schema ${id} of the registry is not JSON`, { cause })
  }
}
