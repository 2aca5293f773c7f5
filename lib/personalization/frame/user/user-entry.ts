/**
 * All that a tier keeps of one user, as one value of one store. It is cut into chunks, so that only what a decision reads is decoded.
 * The store keeps the object itself until the commit: only then what changed is encoded, once however many events changed it.
 */
import type { Serde } from '../../../index.js'
import { ServiceError } from '../../errors.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'

/** Chunks of the frame itself; those of decisions follow from {@link FIRST_SECTION}. */
export const CHUNK = {
  timer: 1,
  waiting: 2,
  issued: 3,
  around: 4,
  profile: 5,
  arms: 6,
  identity: 7,
  merging: 8,
} as const

/** The lowest chunk number of a decision. */
export const FIRST_SECTION = 64

const VERSION = 1
const NOTHING = Buffer.alloc(0)
const out = new ByteWriter()

/** A chunk in the form in which it is used. */
export interface EntryPart {
  /** Its bytes; null: there is nothing to keep. */
  encode(): Buffer | null
}

/** Numbers of a place: the chunk's number, and where it is in the source. */
const PLACE = 3

/** What one user's entry holds, by chunk number. A chunk that nobody sets stays where it was read. */
export class UserEntry {
  /** Whose entry it is; '' until it is stored. */
  owner = ''
  readonly #source: Buffer
  readonly #places: number[] = []
  /** By place, what was set: null for a chunk that was removed, undefined for one that is still in the source. */
  readonly #set: (Buffer | EntryPart | null | undefined)[] = []
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
    while (!from.done) {
      const chunk = from.whole()
      const length = from.whole()
      const start = from.position
      from.skip(length)
      entry.#places.push(chunk, start, from.position)
      entry.#set.push(undefined)
      entry.#count++
    }
    return entry
  }

  /** Whether anything was set since it was decoded, or stored. */
  get changed(): boolean {
    return this.#changed
  }

  /** It has been put into the store. */
  stored(): void {
    this.#changed = false
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** The numbers of its chunks. */
  chunks(): number[] {
    return this.#set.flatMap((held, place) => (held === null ? [] : [this.#places[place * PLACE]!]))
  }

  has(chunk: number): boolean {
    const place = this.#placeOf(chunk)
    return place >= 0 && this.#set[place] !== null
  }

  /** The bytes of a chunk where they are: do not change them. */
  get(chunk: number): Buffer | undefined {
    const place = this.#placeOf(chunk)
    const held = place < 0 ? null : this.#set[place]
    if (held === null) return undefined
    if (held === undefined)
      return this.#source.subarray(this.#places[place * PLACE + 1], this.#places[place * PLACE + 2])
    return held instanceof Uint8Array ? held : (held.encode() ?? undefined)
  }

  /** The chunk in the form in which it was set; undefined: it is not there, or still in bytes. */
  part(chunk: number): EntryPart | undefined {
    const place = this.#placeOf(chunk)
    const held = place < 0 ? undefined : this.#set[place]
    return held === null || held === undefined || held instanceof Uint8Array ? undefined : held
  }

  /** Null removes the chunk. Bytes are not copied; a part is encoded when the entry is. */
  set(chunk: number, held: Buffer | EntryPart | null): void {
    this.#put(chunk, held)
    this.#changed = true
  }

  /** Sets the form in which a chunk is used, which changes nothing yet; null for one that was not there before. */
  use(chunk: number, part: EntryPart | null): void {
    this.#put(chunk, part)
  }

  /** A part of it was changed. */
  touch(): void {
    this.#changed = true
  }

  /** In memory of its own. */
  encode(): Buffer {
    const parts = this.#set.map((held) => (held instanceof Uint8Array || !held ? held : held.encode()))
    out.reset()
    out.whole(VERSION)
    for (let place = 0; place < parts.length; place++) {
      const bytes = parts[place]
      if (bytes === null) continue
      out.whole(this.#places[place * PLACE]!)
      if (bytes !== undefined) out.block(bytes)
      else out.block(this.#source, this.#places[place * PLACE + 1], this.#places[place * PLACE + 2])
    }
    return out.copy()
  }

  #put(chunk: number, held: Buffer | EntryPart | null): void {
    let place = this.#placeOf(chunk)
    if (place < 0) {
      if (held === null) return
      place = this.#set.length
      this.#places.push(chunk, 0, 0)
      this.#set.push(null)
    }
    if ((this.#set[place] === null) !== (held === null)) this.#count += held === null ? -1 : 1
    this.#set[place] = held
  }

  #placeOf(chunk: number): number {
    const places = this.#places
    for (let i = 0; i < places.length; i += PLACE) if (places[i] === chunk) return i / PLACE
    return -1
  }
}

/** The serde of an entry. It is decoded from the bytes of the store where they are: nobody changes those. */
export const userEntry: Serde<UserEntry> = Object.freeze({
  name: 'user-entry',
  serialize: (entry: UserEntry) => entry.encode(),
  deserialize: (bytes: Buffer) => UserEntry.decode(bytes),
  keeps: () => true,
})
