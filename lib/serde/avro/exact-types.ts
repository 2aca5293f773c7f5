/**
 * Avro types that never round and never read beyond the end. They replace the library's own types, whose longs lose a
 * bit beyond 2^52, whose ints read any number, and whose arrays and maps accept any count.
 */
import avsc from 'avsc'

/** What `long` is in JavaScript: `number` rejects what is beyond ±(2^53 - 1), `bigint` takes all 64 bits. */
export type AvroLongs = 'number' | 'bigint'

/** The library's position in bytes, as far as types need it. */
export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  readInt(): number
  readString(): string
  skipLong(): void
  skipString(): void
  writeLong(value: number): void
  writeFixed(bytes: Buffer): void
}

/** The library's types, as far as they read. */
export interface Reads {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/** A varint of 64 bits has no more. */
const MAX_VARINT_BYTES = 10
/** Up to here the library's arithmetic is exact. */
const EXACT = 2 ** 52
/** Items that take no bytes, nulls for instance: as many as anybody would write. */
const MAX_EMPTY_ITEMS = 2 ** 20

function zigzagOf(bytes: Buffer, start: number, end: number): bigint {
  let raw = 0n
  for (let at = end - 1; at >= start; at--) raw = (raw << 7n) | BigInt(bytes[at]! & 0x7f)
  if (end - start > MAX_VARINT_BYTES || raw >> 64n !== 0n) throw new RangeError('a long of more than 64 bits')
  return (raw >> 1n) ^ -(raw & 1n)
}

function zigzagBytes(value: bigint): Buffer {
  const bytes: number[] = []
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; raw >= 0x80n; raw >>= 7n) bytes.push(Number(raw & 0x7fn) | 0x80)
  bytes.push(Number(raw))
  return Buffer.from(bytes)
}

/** A number where that is exact, else a bigint. */
export function readExactLong(tap: Tap): number | bigint {
  const start = tap.pos
  const rough = tap.readLong()
  if (rough > -EXACT && rough < EXACT && tap.pos - start < MAX_VARINT_BYTES - 1) return rough
  if (tap.pos > tap.buf.length) return 0 // Cut short, which the caller finds.
  const exact = zigzagOf(tap.buf, start, tap.pos)
  const number = Number(exact)
  return Number.isSafeInteger(number) ? number : exact
}

/** `long` as a number; it keeps the library's name and with it its place in unions. */
class SafeLong extends avsc.types.LongType {
  _read(tap: Tap): number {
    const value = readExactLong(tap)
    if (typeof value === 'bigint') throw new RangeError('a long beyond 2^53')
    return value
  }

  _check(value: unknown, _flags?: unknown, hook?: (value: unknown, type: unknown) => void): boolean {
    const fits = Number.isSafeInteger(value)
    if (!fits) hook?.(value, this)
    return fits
  }

  _write(tap: Tap, value: unknown): void {
    if (!Number.isSafeInteger(value)) throw new RangeError('no long')
    const long = value as number
    if (long > -EXACT && long < EXACT) tap.writeLong(long)
    else tap.writeFixed(zigzagBytes(BigInt(long)))
  }
}

class SafeInt extends avsc.types.IntType {
  _read(tap: Tap): number {
    const value = tap.readInt()
    if ((value | 0) !== value) throw new RangeError('an int of more than 32 bits')
    return value
  }
}

function isLong(value: unknown): value is bigint {
  return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
}

function bigLong(): avsc.Type {
  const methods = {
    fromBuffer: (bytes: Buffer) => zigzagOf(bytes, 0, bytes.length),
    toBuffer: zigzagBytes,
    /** Of a default in a schema. */
    fromJSON(value: unknown) {
      if (isLong(value)) return value
      if (Number.isSafeInteger(value)) return BigInt(value as number)
      throw new RangeError('no long')
    },
    toJSON: (value: bigint) => value,
    isValid: isLong,
    compare: (one: bigint, other: bigint) => (one < other ? -1 : one > other ? 1 : 0),
  }
  return avsc.types.LongType.__with(methods, true)
}

/** Items of this type take no byte. */
function isEmptyType(type: avsc.Type): boolean {
  if (type.typeName === 'null') return true
  if (type.typeName === 'fixed') return (type as avsc.types.FixedType).size === 0
  if (type.typeName !== 'record') return false
  return (type as avsc.types.RecordType).fields.every((field) => isEmptyType(field.type))
}

/** Bytes an item takes at least; an entry of a map always takes one for its key. */
export function leastBytes(items: avsc.Type): 0 | 1 {
  return isEmptyType(items) ? 0 : 1
}

/** The count of a block's items, 0 at the end. @throws RangeError where there cannot be so many */
export function blockCount(tap: Tap, leastItemBytes: 0 | 1): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    tap.skipLong()
  }
  const left = tap.buf.length - tap.pos
  if (count > (leastItemBytes === 0 ? MAX_EMPTY_ITEMS : left)) throw new RangeError('more items than bytes')
  return count
}

class BoundedArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as avsc.Type & Reads
    const least = leastBytes(items)
    const values: unknown[] = []
    for (let count = blockCount(tap, least); count > 0; count = blockCount(tap, least)) {
      for (; count > 0; count--) values.push(items._read(tap))
    }
    return values
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as avsc.Type & Reads
    const least = leastBytes(items)
    for (let count = blockCount(tap, least); count > 0; count = blockCount(tap, least)) {
      for (; count > 0; count--) items._skip(tap)
    }
  }
}

/** `map.__proto__ = value` would set what it inherits from, or nothing at all. */
export function putEntry(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
}

class BoundedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as avsc.Type & Reads
    const map: Record<string, unknown> = {}
    for (let count = blockCount(tap, 1); count > 0; count = blockCount(tap, 1)) {
      for (; count > 0; count--) {
        const key = tap.readString()
        putEntry(map, key, values._read(tap))
      }
    }
    return map
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as avsc.Type & Reads
    for (let count = blockCount(tap, 1); count > 0; count = blockCount(tap, 1)) {
      for (; count > 0; count--) {
        tap.skipString()
        values._skip(tap)
      }
    }
  }
}

const LONGS: Readonly<Record<AvroLongs, avsc.Type>> = { number: new SafeLong(), bigint: bigLong() }
const INT: avsc.Type = new SafeInt()

type Hook = avsc.ForSchemaOptions['typeHook']

function hookFor(longs: AvroLongs): Hook {
  return (schema, options) => {
    const given = schema as unknown
    const type = typeof given === 'string' ? given : (given as { readonly type?: unknown }).type
    if (type === 'long') return LONGS[longs]
    if (type === 'int') return INT
    if (typeof given === 'string') return undefined
    if (type === 'array') return new BoundedArray(schema, options)
    if (type === 'map') return new BoundedMap(schema, options)
    return undefined
  }
}

const HOOKS = { number: hookFor('number'), bigint: hookFor('bigint') }

/** @throws whatever the library does of a schema that is none */
export function exactType(schema: unknown, longs: AvroLongs, registry: Record<string, avsc.Type> = {}): avsc.Type {
  return avsc.Type.forSchema(schema as avsc.Schema, { registry, typeHook: HOOKS[longs] })
}
