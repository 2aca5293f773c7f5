/** Between a user's value, the form a cell keeps, and bytes. */
import { type Serde, toByteString } from '../serde/serde.js'
import type { Held } from './cell.js'

/** Values of one store. */
export class ValueCodec {
  readonly #serde: Serde<unknown>
  readonly #topic: string

  constructor(serde: Serde<unknown>, topic: string) {
    this.#serde = serde
    this.#topic = topic
  }

  /** Primitives stay as they are and are encoded once per commit; objects become bytes now. Undefined counts as null. */
  hold(value: unknown): Held {
    switch (typeof value) {
      case 'number':
      case 'string':
      case 'bigint':
      case 'boolean':
        return value
      case 'undefined':
        return null
      default: {
        if (value === null) return null
        const bytes = this.#serde.serialize(value, this.#topic)
        // A serde of raw bytes hands back the caller's own buffer.
        return bytes === value ? Buffer.from(bytes) : bytes
      }
    }
  }

  value(held: Exclude<Held, null>): unknown {
    return typeof held === 'object' ? this.#serde.deserialize(held as Buffer, this.#topic) : held
  }

  readonly encode = (held: Exclude<Held, null>): Buffer =>
    typeof held === 'object' ? (held as Buffer) : this.#serde.serialize(held, this.#topic)
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
    return serde === undefined
      ? (prefix as unknown as Buffer).toString('latin1')
      : toByteString(serde, prefix, this.#topic)
  }

  fromByteString(key: string): unknown {
    return this.#serde.deserialize(Buffer.from(key, 'latin1'), this.#topic)
  }
}

/** What an overlay of user values decodes: nothing, until somebody asks for the value. */
export const keepBytes = (payload: Buffer): Held => payload
