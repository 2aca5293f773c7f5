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

/** Numbers of a place: the chunk's number (0: it was removed), and where it is in the source. */
const PLACE = 3

/** What one user's entry holds: bytes by chunk number. A chunk that nobody sets stays where it was read. */
export class UserEntry {
  /** Whose entry it is; '' until it is stored. */
  owner = ''
  readonly #source: Buffer
  readonly #places: number[] = []
  /** By place, the bytes of what was set; null: nothing was. */
  #bytes: (Buffer | undefined)[] | null = null
  #count = 0
  #changed = false

  private constructor(source: Buffer) {
    this.#source = source
  }

  /** That of a user of whom nothing is kept. */
  static empty(): UserEntry {
    return new UserEntry(NOTHING)
  }

  /** Like an empty one, in place of an entry that is still stored and is to go. */
  static erased(): UserEntry {
    const entry = UserEntry.empty()
    entry.#changed = true
    return entry
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
    const places = entry.#places
    while (!from.done) {
      const chunk = from.whole()
      const length = from.whole()
      const start = from.position
      from.skip(length)
      places.push(chunk, start, from.position)
      entry.#count++
    }
    return entry
  }

  /** Whether anything was set since it was decoded. */
  get changed(): boolean {
    return this.#changed
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  has(chunk: number): boolean {
    return this.#placeOf(chunk) >= 0
  }

  /** The bytes of a chunk where they are: do not change them. */
  get(chunk: number): Buffer | undefined {
    const place = this.#placeOf(chunk)
    if (place < 0) return undefined
    return this.#bytes?.[place / PLACE] ?? this.#source.subarray(this.#places[place + 1], this.#places[place + 2])
  }

  /** Null removes the chunk. The bytes are not copied. */
  set(chunk: number, bytes: Buffer | null): void {
    let place = this.#placeOf(chunk)
    if (bytes === null) {
      if (place < 0) return
      this.#places[place] = 0
      this.#count--
    } else {
      if (place < 0) {
        place = this.#places.length
        this.#places.push(chunk, 0, 0)
        this.#count++
      }
      this.#bytes ??= []
      this.#bytes[place / PLACE] = bytes
    }
    this.#changed = true
  }

  /** In memory of its own. */
  encode(): Buffer {
    out.reset()
    out.whole(VERSION)
    for (let place = 0; place < this.#places.length; place += PLACE) {
      const chunk = this.#places[place]!
      if (chunk === 0) continue
      out.whole(chunk)
      const bytes = this.#bytes?.[place / PLACE]
      if (bytes === undefined) out.block(this.#source, this.#places[place + 1], this.#places[place + 2])
      else out.block(bytes)
    }
    return out.copy()
  }

  #placeOf(chunk: number): number {
    const places = this.#places
    for (let place = 0; place < places.length; place += PLACE) if (places[place] === chunk) return place
    return -1
  }
}

/** The serde of an entry. It is decoded from the bytes of the store where they are: nobody changes those. */
export const userEntry: Serde<UserEntry> = Object.freeze({
  name: 'user-entry',
  serialize: (entry: UserEntry) => entry.encode(),
  deserialize: (bytes: Buffer) => UserEntry.decode(bytes),
})
