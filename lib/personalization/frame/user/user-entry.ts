/**
 * All that a tier keeps of one user, as one value of one store. It is cut into chunks, so that only what a decision reads is decoded
 * and only what changed is encoded again.
 */
import type { Serde } from '../../../index.js'
import { ServiceError } from '../../errors.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'

/** Chunks of the frame itself; those of decisions follow from {@link FIRST_SECTION}. */
export const CHUNK = { timer: 1, waiting: 2, issued: 3, around: 4, profile: 5, arms: 6, identity: 7, held: 8 } as const

/** The lowest chunk number of a decision. */
export const FIRST_SECTION = 64

const VERSION = 1
const NOTHING = Buffer.alloc(0)
const out = new ByteWriter()

/** What one user's entry holds: bytes by chunk number. A chunk that nobody asks for stays where it was read. */
export class UserEntry {
  readonly #source: Buffer
  /** By place: the chunk's number, its bytes if they were asked for or set, else where they are in the source. */
  readonly #numbers: number[] = []
  readonly #bytes: (Buffer | null)[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  #changed = false

  private constructor(source: Buffer) {
    this.#source = source
  }

  /** That of a user of whom nothing is kept. */
  static empty(): UserEntry {
    return new UserEntry(NOTHING)
  }

  /** @throws ServiceError USER_ENTRY_VERSION for an entry that a newer version has written */
  static decode(bytes: Buffer): UserEntry {
    const entry = new UserEntry(bytes)
    const from = new ByteReader(bytes)
    const version = from.whole()
    if (version !== VERSION) {
      throw new ServiceError(
        'USER_ENTRY_VERSION',
        `a user's entry has version ${version}; this service reads ${VERSION}`,
      )
    }
    while (!from.done) {
      entry.#numbers.push(from.whole())
      const length = from.whole()
      entry.#bytes.push(null)
      entry.#starts.push(from.position)
      from.skip(length)
      entry.#ends.push(from.position)
    }
    return entry
  }

  /** Whether anything was set since it was decoded. */
  get changed(): boolean {
    return this.#changed
  }

  get isEmpty(): boolean {
    return this.#numbers.length === 0
  }

  has(chunk: number): boolean {
    return this.#numbers.includes(chunk)
  }

  get(chunk: number): Buffer | undefined {
    const place = this.#numbers.indexOf(chunk)
    if (place < 0) return undefined
    const bytes = this.#bytes[place] ?? this.#source.subarray(this.#starts[place], this.#ends[place])
    this.#bytes[place] = bytes
    return bytes
  }

  /** Null removes the chunk. The bytes are not copied. */
  set(chunk: number, bytes: Buffer | null): void {
    const place = this.#numbers.indexOf(chunk)
    if (bytes === null) {
      if (place < 0) return
      for (const list of [this.#numbers, this.#bytes, this.#starts, this.#ends]) list.splice(place, 1)
    } else if (place < 0) {
      this.#numbers.push(chunk)
      this.#bytes.push(bytes)
      this.#starts.push(0)
      this.#ends.push(0)
    } else this.#bytes[place] = bytes
    this.#changed = true
  }

  /** In memory of its own. */
  encode(): Buffer {
    out.reset()
    out.whole(VERSION)
    for (let place = 0; place < this.#numbers.length; place++) {
      out.whole(this.#numbers[place]!)
      const bytes = this.#bytes[place]!
      if (bytes === null) out.block(this.#source, this.#starts[place], this.#ends[place])
      else out.block(bytes)
    }
    return out.copy()
  }
}

/** The serde of an entry. It is decoded from the bytes of the store where they are: nobody changes those. */
export const userEntry: Serde<UserEntry> = Object.freeze({
  name: 'user-entry',
  serialize: (entry: UserEntry) => entry.encode(),
  deserialize: (bytes: Buffer) => UserEntry.decode(bytes),
})
