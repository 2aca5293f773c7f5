/** How a key or a value becomes bytes on a topic and in a store. Nulls never reach a serde: a null stays null. */

export interface Serde<T> {
  /** Shown in error messages and `describe`, e.g. `string`. */
  readonly name: string
  /**
   * Must not keep or change `value`. Null: a tombstone.
   * @throws any error: the caller names topic, partition and node
   */
  serialize(value: T, topic: string): Buffer
  /**
   * `bytes` may be a view into a fetched batch: copy what outlives the call.
   * @throws SchemaPending where the reader's schema still has to be fetched; any other error means a poison record.
   */
  deserialize(bytes: Buffer, topic: string): T
  /**
   * As `deserialize(bytes.subarray(start, end))`, where that is cheaper without the view: reading a topic asks for it
   * once per key and value.
   */
  deserializeAt?(bytes: Buffer, start: number, end: number, topic: string): T
  /**
   * The serialised form as a latin1 string (one char per byte), where that is cheaper than a Buffer. State keys are
   * such byte strings, so a key serde that has this saves an allocation per lookup.
   */
  byteString?(value: T, topic: string): string
  /**
   * True for a number, string, bigint or boolean that `deserialize` gives back exactly as `serialize` took it. A store keeps
   * such a value as it is and serialises it once, at the commit. Absent, or false: it is serialised when it is put.
   */
  keeps?(value: unknown): boolean
  /**
   * The bytes whose murmur2 hash chooses the partition, where those are not the serialised key: a windowed key goes
   * where its inner key goes. Absent: `serialize`.
   */
  partitionBytes?(value: T, topic: string): Buffer
}

/**
 * Thrown by a serde that must fetch a schema first; the task waits for `ready` and reads the record again. If `ready`
 * rejects, or the serde throws this again, it is read again after pauses that grow, for `taskTimeoutMs` at most. A schema
 * that can never come is another error.
 */
export class SchemaPending extends Error {
  readonly ready: Promise<void>
  /** Called where `ready` takes too long: the next read shall ask anew. */
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
  if (bytes === null) throw new TypeError(`the serde ${serde.name} answered null for a key`)
  return bytes.toString('latin1')
}
