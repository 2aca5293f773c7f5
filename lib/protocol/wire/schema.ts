/** Compiles a field table for one version into an encoder and a decoder. */
import { MillraceError } from '../../errors.js'
import { Reader } from './byte-reader.js'
import { Writer } from './byte-writer.js'
import type { Decoded, Field, Input, Range, Scalar, Shape, Type } from './field.js'

type Write = (writer: Writer, value: unknown) => void
type Read = (reader: Reader) => unknown
type Values = { readonly [name: string]: unknown }

interface Codec {
  readonly write: Write
  readonly read: Read
}

/** A shape bound to one version. */
export interface StructCodec<S extends Shape> {
  write(writer: Writer, value: Input<S>): void
  read(reader: Reader): Decoded<S>
}

/** Compiles `shape` for `version`; `flexible` selects compact lengths and tagged fields (KIP-482). */
export function compileSchema<S extends Shape>(shape: S, version: number, flexible: boolean): StructCodec<S> {
  return compileStruct(shape, version, flexible) as StructCodec<S>
}

export function inRange(range: Range | undefined, version: number): boolean {
  return range !== undefined && version >= range[0] && version <= range[1]
}

/** The default of a field as a decoder returns it: fresh where it is an object. */
export function defaultOf(field: Field): unknown {
  if (Array.isArray(field.default)) return []
  if (field.default === undefined && field.type.kind === 'struct') return defaultStruct(field.type.shape)
  return field.default
}

function defaultStruct(shape: Shape): Values {
  const out: Record<string, unknown> = {}
  for (const name of Object.keys(shape)) out[name] = defaultOf(shape[name]!)
  return out
}

function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined || value === field.default) return true
  if (value === null || field.default === null) return false
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Uint8Array) return value.length === 0
  if (field.type.kind !== 'struct') return false
  const shape = field.type.shape
  return Object.keys(shape).every((name) => isDefault(shape[name]!, (value as Values)[name]))
}

interface Row extends Codec {
  readonly name: string
  readonly field: Field
}

function compileStruct(shape: Shape, version: number, flexible: boolean): Codec {
  const plain: Row[] = []
  const tagged: Row[] = []
  const absent: [string, Field][] = []
  for (const [name, field] of Object.entries(shape)) {
    if (!inRange(field.versions, version)) {
      absent.push([name, field])
      continue
    }
    const codec = compileField(field, version, flexible)
    if (field.tag !== undefined && flexible) tagged.push({ name, field, ...codec })
    else plain.push({ name, field, ...codec })
  }
  tagged.sort((a, b) => a.field.tag! - b.field.tag!)
  return {
    write: structWriter(plain, flexible ? tagged : null, refusedFields(absent), version),
    read: structReader(shape, plain, flexible ? tagged : null),
  }
}

function refusedFields(absent: readonly [string, Field][]): readonly [string, Field][] {
  return absent.filter(([, field]) => !field.ignorable)
}

function structWriter(
  plain: readonly Row[],
  tagged: readonly Row[] | null,
  refused: readonly [string, Field][],
  version: number,
): Write {
  return (writer, value) => {
    const values = value as Values
    for (const [name, field] of refused) {
      if (!isDefault(field, values[name])) {
        throw new MillraceError(
          'PROTOCOL_VALUE_INVALID',
          `Cannot encode the message: version ${version} has no field "${name}"; use a version that has it.`,
        )
      }
    }
    for (const row of plain) {
      const given = values[row.name]
      row.write(writer, given === undefined ? defaultOf(row.field) : given)
    }
    if (tagged !== null) writeTagged(writer, tagged, values)
  }
}

function writeTagged(writer: Writer, tagged: readonly Row[], values: Values): void {
  const present = tagged.length === 0 ? tagged : tagged.filter((row) => !isDefault(row.field, values[row.name]))
  writer.unsignedVarint(present.length)
  for (const row of present) {
    const inner = new Writer(64)
    row.write(inner, values[row.name])
    writer.unsignedVarint(row.field.tag!)
    writer.unsignedVarint(inner.size)
    writer.raw(inner.finish())
  }
}

function structReader(shape: Shape, plain: readonly Row[], tagged: readonly Row[] | null): Read {
  const fields = Object.entries(shape)
  const readers = new Map(plain.map((row) => [row.name, row.read]))
  // In declaration order, so that every decoded struct of one shape has one hidden class.
  const steps = fields.map(([name, field]) => ({ name, field, read: readers.get(name) }))
  return (reader) => {
    const out: Record<string, unknown> = {}
    for (const step of steps) out[step.name] = step.read === undefined ? defaultOf(step.field) : step.read(reader)
    if (tagged !== null) readTagged(reader, tagged, out)
    return out
  }
}

function readTagged(reader: Reader, tagged: readonly Row[], out: Record<string, unknown>): void {
  const count = reader.unsignedVarint()
  for (let i = 0; i < count; i++) {
    const tag = reader.unsignedVarint()
    const size = reader.unsignedVarint()
    const start = reader.take(size)
    const row = tagged.find((candidate) => candidate.field.tag === tag)
    if (row !== undefined) out[row.name] = row.read(new Reader(reader.bytes, start, start + size))
  }
}

function compileField(field: Field, version: number, flexible: boolean): Codec {
  return compileType(field.type, inRange(field.nullable, version), version, flexible)
}

function compileType(type: Type, nullable: boolean, version: number, flexible: boolean): Codec {
  if (type.kind === 'scalar') return scalarCodec(type.scalar, nullable, flexible)
  if (type.kind === 'array') return arrayCodec(compileType(type.element, false, version, flexible), nullable, flexible)
  const codec = compileStruct(type.shape, version, flexible)
  return nullable ? nullableStruct(codec) : codec
}

/** A nullable struct has one byte in front: -1 for null, 1 otherwise. */
function nullableStruct(codec: Codec): Codec {
  return {
    write(writer, value) {
      writer.int8(value === null ? -1 : 1)
      if (value !== null) codec.write(writer, value)
    },
    read: (reader) => (reader.int8() < 0 ? null : codec.read(reader)),
  }
}

function arrayCodec(element: Codec, nullable: boolean, flexible: boolean): Codec {
  return {
    write(writer, value) {
      if (value === null) {
        if (!nullable) throw refusedNull()
        writer.count(-1, flexible)
        return
      }
      const list = value as readonly unknown[]
      writer.count(list.length, flexible)
      for (const item of list) element.write(writer, item)
    },
    read(reader) {
      const count = reader.count(flexible)
      if (count < 0) {
        if (nullable) return null
        throw new MillraceError('PROTOCOL_INVALID', 'Malformed message: an array that may not be null is null.')
      }
      const list: unknown[] = []
      for (let i = 0; i < count; i++) list.push(element.read(reader))
      return list
    },
  }
}

function scalarCodec(scalar: Scalar, nullable: boolean, flexible: boolean): Codec {
  switch (scalar) {
    case 'string':
      return {
        write(writer, value) {
          if (value !== null) writer.string(value as string, flexible)
          else if (nullable) writer.nullString(flexible)
          else throw refusedNull()
        },
        read: nullable ? (reader) => reader.nullableString(flexible) : (reader) => reader.string(flexible),
      }
    case 'bytes':
    case 'records':
      return {
        write(writer, value) {
          if (value !== null) writer.byteString(value as Uint8Array, flexible)
          else if (nullable) writer.nullByteString(flexible)
          else throw refusedNull()
        },
        read: nullable ? (reader) => reader.nullableByteString(flexible) : (reader) => reader.byteString(flexible),
      }
    case 'boolean':
      return { write: (writer, value) => writer.boolean(value as boolean), read: (reader) => reader.boolean() }
    case 'uuid':
      return { write: (writer, value) => writer.uuid(value as string), read: (reader) => reader.uuid() }
    default:
      return { write: (writer, value) => writer[scalar](value as number), read: (reader) => reader[scalar]() }
  }
}

function refusedNull(): MillraceError {
  return new MillraceError(
    'PROTOCOL_VALUE_INVALID',
    'Cannot encode the message: a field is null, but must not be null in this version.',
  )
}
