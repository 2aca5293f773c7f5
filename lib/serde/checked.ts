/**
 * Checks the serdes of the application: they must return bytes or a value, and the bytes are copied. Serdes of this
 * library are used without a check.
 */
import { kindOf } from '../record/kind-of.js'
import type { Serde } from './serde.js'

const OWN = new WeakSet<object>()
/** So that a serde used twice is one serde. */
const CHECKED = new WeakMap<object, Serde<unknown>>()

/** Says that `serialize` of `serde` answers a new Buffer each time, or the one it was given. */
export function own<S extends object>(serde: S): S {
  OWN.add(serde)
  return Object.freeze(serde)
}

/** The same serde, held to its contract; anything that is no serde as it is. */
export function checked<T>(serde: Serde<T>): Serde<T>
export function checked<T>(serde: Serde<T> | null): Serde<T> | null
export function checked(serde: Serde<unknown> | null): Serde<unknown> | null {
  if (typeof serde !== 'object' || serde === null || OWN.has(serde)) return serde
  if (typeof serde.serialize !== 'function' || typeof serde.deserialize !== 'function') return serde
  const known = CHECKED.get(serde)
  if (known !== undefined) return known
  const made = own(contract(serde))
  CHECKED.set(serde, made)
  return made
}

/** A value that was read; null is none. @throws TypeError for what would be taken for none, or for a promise of one */
export function readAnswer<T>(value: T, who: string): T {
  if (value !== undefined && !(value instanceof Promise)) return value
  if (value instanceof Promise) value.catch(() => undefined)
  throw new TypeError(`${who} returned ${kindOf(value)} instead of a value for bytes`)
}

function contract(serde: Serde<unknown>): Serde<unknown> {
  const { name } = serde
  const who = `the serde ${name}`
  return {
    name,
    // It may write the next value into the same memory.
    serialize: (value: unknown, topic: string) => ownBytes(serde.serialize(value, topic), who),
    deserialize: (bytes: Buffer, topic: string) => readAnswer(serde.deserialize(bytes, topic), who),
    ...(typeof serde.deserializeAt === 'function' && {
      deserializeAt: (bytes: Buffer, start: number, end: number, topic: string) =>
        readAnswer(serde.deserializeAt!(bytes, start, end, topic), who),
    }),
    ...(typeof serde.byteString === 'function' && {
      byteString: (value: unknown, topic: string) => text(serde.byteString!(value, topic), who),
    }),
    ...(typeof serde.keeps === 'function' && { keeps: (value: unknown) => serde.keeps!(value) === true }),
    ...(typeof serde.partitionBytes === 'function' && {
      partitionBytes: (value: unknown, topic: string) => ownBytes(serde.partitionBytes!(value, topic), who),
    }),
  }
}

/** A copy, as a Buffer also where it was another Uint8Array. Null is a value's end: a tombstone. */
function ownBytes(answer: unknown, who: string): Buffer {
  if (answer instanceof Uint8Array) return Buffer.from(answer)
  if (answer === null) return answer as unknown as Buffer
  if (answer instanceof Promise) answer.catch(() => undefined)
  throw new TypeError(`${who} returned ${kindOf(answer)} instead of bytes`)
}

function text(answer: unknown, who: string): string {
  if (typeof answer === 'string') return answer
  throw new TypeError(`${who} returned ${kindOf(answer)} instead of a string for bytes`)
}
