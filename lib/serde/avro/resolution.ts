/**
 * Reads data of one schema with another, by the rules of the Avro specification ("Schema Resolution"): names match
 * without their namespace, or by an alias; union branches are resolved when they occur; numbers are promoted, never
 * rounded.
 */
import type avsc from 'avsc'
import { blockCount, leastBytes, putEntry, type Reads, readExactLong, type Tap } from './exact-types.js'

type Type = avsc.Type & Reads
type Named = Type & { readonly name: string | undefined; readonly aliases?: readonly string[] | undefined }
type Union = Type & { readonly types: readonly Type[] }
type RecordOf = Named & avsc.types.RecordType
type Read = (tap: Tap) => unknown

/** What the library takes for its own resolver. */
export interface ResolvedReader {
  readonly _readerType: avsc.Type
  readonly _read: Read
}

/** The two can never fit, whatever the value. */
class Mismatch extends Error {}

/** @throws Error that says where the two do not fit */
export function resolveSchemas(reader: avsc.Type, writer: avsc.Type): ResolvedReader {
  return { _readerType: reader, _read: new Resolution().read(reader as Type, writer as Type) }
}

function kindOf({ typeName }: Type): string {
  if (typeName.startsWith('union:')) return 'union'
  if (typeName === 'abstract:long') return 'long'
  return typeName === 'error' ? 'record' : typeName
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** By their full names, or an alias in full. */
function sameName(reader: Named, writer: Named): boolean {
  return reader.name === writer.name || (reader.aliases ?? []).includes(writer.name!)
}

function namesMatch(reader: Named, writer: Named): boolean {
  if (reader.name === undefined || writer.name === undefined || sameName(reader, writer)) return true
  const name = unqualified(writer.name)
  return [reader.name, ...(reader.aliases ?? [])].some((known) => unqualified(known) === name)
}

function nameOf(type: Type): string {
  return (type as Named).name ?? kindOf(type)
}

/** A long as a double or a float: exactly. */
function readLongAsDouble(tap: Tap): number {
  const long = readExactLong(tap)
  if (typeof long === 'number') return long
  const double = Number(long)
  if (BigInt(double) !== long) throw new RangeError('a long that is not exactly a double')
  return double
}

/** Reader's kind → writer's kind → how to read it. */
const PROMOTIONS: Readonly<Record<string, Readonly<Record<string, (reader: Type, writer: Type) => Read>>>> = {
  long: {
    int: (reader, writer) =>
      reader.typeName === 'long' ? (tap) => writer._read(tap) : (tap) => BigInt(writer._read(tap) as number),
  },
  float: { int: (_reader, writer) => (tap) => writer._read(tap), long: () => readLongAsDouble },
  double: {
    int: (_reader, writer) => (tap) => writer._read(tap),
    long: () => readLongAsDouble,
    float: (_reader, writer) => (tap) => writer._read(tap),
  },
  string: { bytes: (reader) => (tap) => reader._read(tap) },
  bytes: { string: (reader) => (tap) => reader._read(tap) },
}

const NAMED = new Set(['record', 'enum', 'fixed'])

class Resolution {
  /** Of records, which may hold themselves. */
  readonly #records = new Map<Type, Map<Type, { read: Read }>>()

  read(reader: Type, writer: Type): Read {
    const [readerKind, writerKind] = [kindOf(reader), kindOf(writer)]
    if (writerKind === 'union') return this.#fromUnion(reader, writer as Union)
    if (readerKind === 'union') return this.#intoUnion(reader as Union, writer)
    if (readerKind !== writerKind) {
      const promotion = PROMOTIONS[readerKind]?.[writerKind]
      if (promotion === undefined) throw new Mismatch(`cannot read "${nameOf(writer)}" as "${nameOf(reader)}"`)
      return promotion(reader, writer)
    }
    if (NAMED.has(readerKind) && !namesMatch(reader, writer)) {
      throw new Mismatch(`"${nameOf(reader)}" has no alias "${nameOf(writer)}"`)
    }
    switch (readerKind) {
      case 'record':
        return this.#record(reader as RecordOf, writer as RecordOf)
      case 'enum':
        return enumReader(reader as Type & avsc.types.EnumType, writer as Type & avsc.types.EnumType)
      case 'fixed':
        return fixedReader(reader as Type & avsc.types.FixedType, writer as Type & avsc.types.FixedType)
      case 'array':
        return this.#array(reader as Type & avsc.types.ArrayType, writer as Type & avsc.types.ArrayType)
      case 'map':
        return this.#map(reader as Type & avsc.types.MapType, writer as Type & avsc.types.MapType)
      default:
        return (tap) => reader._read(tap)
    }
  }

  /** Only what is met has to fit; one branch must. */
  #fromUnion(reader: Type, writer: Union): Read {
    const branches = writer.types.map((branch) => this.#try(reader, branch))
    const first = branches[0]
    if (branches.every((branch) => branch instanceof Mismatch)) throw first
    return (tap) => {
      const branch = branches[tap.readLong()]
      if (typeof branch !== 'function') throw branch ?? new RangeError('no such branch')
      return branch(tap)
    }
  }

  /** Of the same kind first, by its full name, then by its name alone; then the first that it can be promoted to. */
  #intoUnion(reader: Union, writer: Type): Read {
    const kind = kindOf(writer)
    const same = reader.types.filter((branch) => kindOf(branch) === kind)
    const named = NAMED.has(kind) ? same.filter((branch) => sameName(branch, writer)) : []
    for (const branch of [...named, ...same, ...reader.types]) {
      const read = this.#try(branch, writer)
      if (read instanceof Mismatch) continue
      if (reader.typeName !== 'union:wrapped') return read
      return (tap) => branch.wrap(read(tap))
    }
    throw new Mismatch(`no branch of the union can read "${nameOf(writer)}"`)
  }

  #try(reader: Type, writer: Type): Read | Mismatch {
    try {
      return this.read(reader, writer)
    } catch (error) {
      if (error instanceof Mismatch) return error
      throw error
    }
  }

  #array(reader: avsc.types.ArrayType, writer: avsc.types.ArrayType): Read {
    const read = this.read(reader.itemsType as Type, writer.itemsType as Type)
    const least = leastBytes(writer.itemsType)
    return (tap) => {
      const values: unknown[] = []
      for (let count = blockCount(tap, least); count > 0; count = blockCount(tap, least)) {
        for (; count > 0; count--) values.push(read(tap))
      }
      return values
    }
  }

  #map(reader: avsc.types.MapType, writer: avsc.types.MapType): Read {
    const read = this.read(reader.valuesType as Type, writer.valuesType as Type)
    return (tap) => {
      const map: Record<string, unknown> = {}
      for (let count = blockCount(tap, 1); count > 0; count = blockCount(tap, 1)) {
        for (; count > 0; count--) {
          const key = tap.readString()
          putEntry(map, key, read(tap))
        }
      }
      return map
    }
  }

  #record(reader: RecordOf, writer: RecordOf): Read {
    let ofReader = this.#records.get(reader)
    if (ofReader === undefined) {
      ofReader = new Map()
      this.#records.set(reader, ofReader)
    }
    const known = ofReader.get(writer)
    if (known !== undefined) return (tap) => known.read(tap)
    const slot = { read: (() => undefined) as Read }
    ofReader.set(writer, slot)
    try {
      slot.read = this.#fields(reader, writer)
    } catch (error) {
      ofReader.delete(writer)
      // Of what was resolved meanwhile and holds it.
      slot.read = () => {
        throw error
      }
      throw error
    }
    return slot.read
  }

  /** In the writer's order; a field the writer lacks is left undefined, and the constructor puts its default there. */
  #fields(reader: RecordOf, writer: RecordOf): Read {
    const sources = fieldSources(reader, writer)
    const size = reader.fields.length
    const steps = writer.fields.map(({ name, type }): { slot: number; read: Read } => {
      const slot = sources.indexOf(name)
      const written = type as Type
      if (slot < 0) return { slot, read: (tap) => written._skip(tap) }
      const field = reader.fields[slot]!
      try {
        return { slot, read: this.read(field.type as Type, written) }
      } catch (error) {
        if (error instanceof Mismatch) throw new Mismatch(`field ${field.name} of ${nameOf(reader)}: ${error.message}`)
        throw error
      }
    })
    const Constructed = reader.recordConstructor
    return (tap) => {
      const values: unknown[] = new Array(size)
      for (let i = 0; i < steps.length; i++) {
        const { slot, read } = steps[i]!
        if (slot < 0) read(tap)
        else values[slot] = read(tap)
      }
      return new Constructed(...values)
    }
  }
}

/** For each of the reader's fields the writer's name for it: its own, else an alias no other field is called by; null: its default. */
function fieldSources(reader: RecordOf, writer: RecordOf): (string | null)[] {
  const written = new Set(writer.fields.map(({ name }) => name))
  const taken = new Set(reader.fields.map(({ name }) => name))
  return reader.fields.map((field) => {
    if (written.has(field.name)) return field.name
    const alias = field.aliases.find((name) => written.has(name) && !taken.has(name))
    if (alias !== undefined) {
      taken.add(alias)
      return alias
    }
    if (field.defaultValue() !== undefined) return null
    throw new Mismatch(`field ${field.name} of ${nameOf(reader)} has no default, and the writer has no such field`)
  })
}

/** A symbol the reader does not know is its default, or an error once it is met. */
function enumReader(reader: avsc.types.EnumType & { readonly default?: string }, writer: avsc.types.EnumType): Read {
  const known = new Set(reader.symbols)
  const symbols = writer.symbols.map((symbol) => (known.has(symbol) ? symbol : reader.default))
  return (tap) => {
    const symbol = symbols[tap.readLong()]
    if (symbol === undefined) throw new RangeError('no such symbol')
    return symbol
  }
}

function fixedReader(reader: Type & avsc.types.FixedType, writer: avsc.types.FixedType): Read {
  if (reader.size === writer.size) return (tap) => reader._read(tap)
  throw new Mismatch(`"${nameOf(reader)}" takes ${reader.size} bytes, not ${writer.size}`)
}
