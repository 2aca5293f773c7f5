/** Converts keys and values to bytes on topics and in stores. A null is never passed to a serde: it stays null. */

/** How keys or values become bytes, and bytes become keys or values. A null key or value never reaches a serde. */
export interface Serde<T> {
  /** Its name in error messages and in `describe`, e.g. `string`. */
  readonly name: string
  /**
   * The bytes of `value`. It must not keep or change `value`. If it returns null, the record is a tombstone. If it throws, the record
   * goes to `onProductionError` or, in a store, to `onProcessingError`.
   */
  serialize(value: T, topic: string): Buffer
  /**
   * The value of `bytes`, which may be a view of a fetched batch: copy what you keep. If it throws {@link SchemaPending}, the record is
   * read again later. After any other error it goes to `onDeserializationError`.
   */
  deserialize(bytes: Buffer, topic: string): T
  /**
   * Optional: `deserialize(bytes.subarray(start, end))`, if that is cheaper without the view.
   */
  deserializeAt?(bytes: Buffer, start: number, end: number, topic: string): T
  /**
   * Optional: the serialised form as a latin1 string, one character for each byte, if that is cheaper than a Buffer. Stores use such
   * strings as keys.
   */
  byteString?(value: T, topic: string): string
  /**
   * Optional: true for a number, string, bigint or boolean that `deserialize(serialize(value))` returns unchanged. A store serialises such
   * a value only at the commit; all others are serialised when they are put. True for an object: a store without a record cache and
   * without headers returns the object itself from `get` until the commit. Who owns it may change it until then; what it is at the commit
   * is stored.
   */
  keeps?(value: unknown): boolean
  /**
   * Optional: the bytes whose murmur2 hash chooses the partition, if they are not those of `serialize`: a windowed key is in the
   * partition of its inner key.
   */
  partitionBytes?(value: T, topic: string): Buffer
}

/**
 * A serde throws this if it must fetch a schema first. The task waits for `ready` and reads the record again. If `ready` rejects, or
 * the serde throws this again, the record is read again after growing pauses, for `taskTimeoutMs` at most. For a schema that does
 * not exist, throw another error.
 */
export class SchemaPending extends Error {
  /** Resolves when the schema is there. */
  readonly ready: Promise<void>
  /** Called if `ready` takes too long; the next read starts a new request. */
  readonly forget: () => void

  constructor(ready: Promise<void>, forget: () => void = () => {}) {
    super('schema not loaded yet')
    this.ready = ready
    this.forget = forget
  }
}

/** The byte-string form of `value` by the cheapest way its serde has. */
export function toByteString<T>(serde: Serde<T>, value: T, topic: string): string {
  if (serde.byteString !== undefined) return serde.byteString(value, topic)
  const bytes: Buffer | null = serde.serialize(value, topic)
  if (bytes === null) throw new TypeError(`the serde ${serde.name} returned null for a key`)
  return bytes.toString('latin1')
}
