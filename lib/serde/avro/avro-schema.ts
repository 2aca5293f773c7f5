/** Avro schemas, their fingerprints, and readers that resolve another writer's schema. */
import type avsc from 'avsc'
import { MillraceError } from '../../errors.js'
import { type AvroLongs, exactType } from './exact-types.js'
import { type ResolvedReader, resolveSchemas } from './resolution.js'

/** A schema as JSON: an object, a type's name, or a union as an array. */
export type AvroSchema = Readonly<Record<string, unknown>> | string | readonly unknown[]

export type AvroType = avsc.Type
export type AvroResolver = ResolvedReader

/** @throws MillraceError SERDE_SCHEMA_INVALID */
export function avroType(schema: AvroSchema, longs: AvroLongs = 'number'): AvroType {
  return valid(() => exactType(schema, longs))
}

function valid<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    throw new MillraceError(
      'SERDE_SCHEMA_INVALID',
      `the schema is not a valid Avro schema: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** Of a schema that was only written with: defaults are the reader's, so wrong ones do no harm here. */
export function writerType(schema: AvroSchema): AvroType {
  return avroType(withoutDefaults(schema) as AvroSchema)
}

function withoutDefaults(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaults)
  if (typeof schema !== 'object' || schema === null) return schema
  const { default: _dropped, ...rest } = schema as Record<string, unknown>
  for (const part of ['type', 'items', 'values', 'fields']) {
    if (part in rest) rest[part] = withoutDefaults(rest[part])
  }
  return rest
}

/** `schema` in one piece, with the definitions of the types it takes from `referenced`. @throws as `avroType` */
export function inlineReferences(schema: AvroSchema, referenced: readonly AvroSchema[]): AvroSchema {
  return valid(() => {
    const registry = {}
    for (const part of referenced) exactType(withoutDefaults(part), 'number', registry)
    const type = exactType(withoutDefaults(schema), 'number', registry)
    return type.schema({ exportAttrs: true }) as AvroSchema
  })
}

export function schemaName(type: AvroType): string {
  return type.name ?? type.typeName.replace('abstract:', '')
}

/**
 * Undefined where both are the same to read.
 * @throws MillraceError SERDE_SCHEMA_INVALID where the reader cannot read what the writer wrote
 */
export function avroResolver(reader: AvroType, writer: AvroType): AvroResolver | undefined {
  if (reader.equals(writer)) return undefined
  try {
    return resolveSchemas(reader, writer)
  } catch (cause) {
    const names = `${schemaName(reader)} cannot read what ${schemaName(writer)} wrote`
    throw new MillraceError('SERDE_SCHEMA_INVALID', `${names}: ${(cause as Error).message}`, { cause })
  }
}

/** The polynomial and start value of CRC-64-AVRO (Avro specification, "Schema Fingerprints"). */
const CRC_64_AVRO = 0xc15d213aa4d7a795n

function rabin(text: string): bigint {
  let fingerprint = CRC_64_AVRO
  for (const byte of Buffer.from(text, 'utf8')) {
    let step = (fingerprint ^ BigInt(byte)) & 0xffn
    for (let bit = 0; bit < 8; bit++) step = (step >> 1n) ^ ((step & 1n) === 1n ? CRC_64_AVRO : 0n)
    fingerprint = (fingerprint >> 8n) ^ step
  }
  return fingerprint
}

/** CRC-64-AVRO of the schema's parsing canonical form, little endian, as single-object encoding writes it. */
export function fingerprint(type: AvroType): Buffer {
  const out = Buffer.alloc(8)
  out.writeBigUInt64LE(rabin(JSON.stringify(type.schema())))
  return out
}

const LEAST_GUESS_BYTES = 64

/** A writer of `type` behind a fixed header. Its last size is the next guess, so that most values need one buffer. */
export function framedWriter(type: AvroType, header: Buffer): (value: unknown, topic: string) => Buffer {
  let guess = LEAST_GUESS_BYTES
  return (value, topic) => {
    try {
      for (;;) {
        const out = Buffer.allocUnsafe(guess)
        const end = type.encode(value, out, header.length)
        // A negative end says how many bytes were missing.
        guess = end >= 0 ? Math.max(LEAST_GUESS_BYTES, end + (end >> 2)) : guess * 2 - end
        if (end < 0) continue
        header.copy(out, 0)
        return out.subarray(0, end)
      }
    } catch {
      // The library's message quotes the value.
      throw new MillraceError(
        'SERDE_VALUE_INVALID',
        `the value does not fit the Avro schema ${schemaName(type)} of topic ${topic}`,
        { topic },
      )
    }
  }
}

/** @throws MillraceError SERDE_BYTES_INVALID */
export function readAvro(type: AvroType, body: Buffer, resolver: AvroResolver | undefined, topic: string): unknown {
  try {
    return type.fromBuffer(body, resolver)
  } catch {
    throw new MillraceError(
      'SERDE_BYTES_INVALID',
      `${body.length} bytes on topic ${topic} are not valid Avro ${schemaName(type)}`,
      { topic },
    )
  }
}
