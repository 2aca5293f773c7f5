/** Converts between a user's value, the value in a cell, and bytes. */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { checked } from '../../serde/checked.js'
import { type Serde, toByteString } from '../../serde/serde.js'
import { type HeldValue, Kept } from './cell.js'

/** Values of one store. */
export class ValueCodec {
  readonly #serde: Serde<unknown>
  readonly #topic: string

  constructor(serde: Serde<unknown>, topic: string) {
    this.#serde = serde
    this.#topic = topic
  }

  /**
   * What the serde keeps stays as it is and is encoded once per commit; anything else becomes bytes now, so that a value the
   * serde rejects is rejected while the record that made it is in hand. Undefined counts as null.
   */
  hold(value: unknown): HeldValue {
    if (value === null || value === undefined) return null
    if (typeof value !== 'object' && this.#serde.keeps?.(value)) return value as HeldValue
    const bytes = this.#serde.serialize(value, this.#topic)
    // A serde of raw bytes hands back the caller's own buffer.
    return bytes === value ? Buffer.from(bytes) : bytes
  }

  /** Whether the store keeps the object itself until the commit. */
  keeps(value: object): boolean {
    return this.#serde.keeps?.(value) === true
  }

  value(held: Exclude<HeldValue, null>): unknown {
    if (typeof held !== 'object') return held
    return held instanceof Kept ? held.value : this.#serde.deserialize(held as Buffer, this.#topic)
  }

  readonly encode = (held: Exclude<HeldValue, null>): Buffer => {
    if (held instanceof Kept) return this.#serde.serialize(held.value, this.#topic)
    return typeof held === 'object' ? (held as Buffer) : this.#serde.serialize(held, this.#topic)
  }
}

/** Keys of one store. */
export class KeyCodec {
  readonly #serde: Serde<unknown>
  readonly #topic: string

  constructor(serde: Serde<unknown>, topic: string) {
    this.#serde = serde
    this.#topic = topic
  }

  byteString(key: unknown): string {
    return toByteString(this.#serde, key, this.#topic)
  }

  /** The byte string of the beginning of keys; without `serde` it is bytes already. */
  prefix<P>(prefix: P, serde: Serde<P> | undefined): string {
    if (serde !== undefined) return toByteString(checked(serde), prefix, this.#topic)
    const bytes: unknown = prefix
    if (bytes instanceof Uint8Array) return Buffer.from(bytes).toString('latin1')
    const problem = `a prefix of keys is ${kindOf(bytes)}: without a serde it must be bytes`
    throw new MillraceError('SERDE_VALUE_INVALID', problem, { topic: this.#topic })
  }

  fromByteString(key: string): unknown {
    return this.#serde.deserialize(Buffer.from(key, 'latin1'), this.#topic)
  }
}

/** What an overlay of user values decodes: nothing, until somebody asks for the value. */
export const keepBytes = (payload: Buffer): HeldValue => payload
