/**
 * All that a tier keeps of one user, as one value of one store. It is cut into chunks, so that only what a decision reads is decoded
 * and only what changed is encoded again.
 */
import { ServiceError } from '../../errors.js'
import { ByteReader, ByteWriter } from '../packed/packed-bytes.js'

/** Chunks of the frame itself; those of decisions follow from {@link FIRST_SECTION}. */
export const CHUNK = { timer: 1, waiting: 2, issued: 3, around: 4, profile: 5, arms: 6, identity: 7, held: 8 } as const

/** The lowest chunk number of a decision. */
export const FIRST_SECTION = 64

const VERSION = 1
const out = new ByteWriter()

/** What one user's entry holds: bytes by chunk number. Change it with `set`, then store `encode()`. */
export class UserEntry {
  readonly #chunks = new Map<number, Buffer>()
  #changed = false

  /** @throws ServiceError USER_ENTRY_VERSION for an entry that a newer version has written */
  static decode(bytes: Buffer | null): UserEntry {
    const entry = new UserEntry()
    if (bytes === null) return entry
    const from = new ByteReader(bytes)
    const version = from.whole()
    if (version !== VERSION) {
      throw new ServiceError(
        'USER_ENTRY_VERSION',
        `a user's entry has version ${version}; this service reads ${VERSION}`,
      )
    }
    while (!from.done) entry.#chunks.set(from.whole(), from.block())
    return entry
  }

  /** Whether anything was set since it was decoded. */
  get changed(): boolean {
    return this.#changed
  }

  get isEmpty(): boolean {
    return this.#chunks.size === 0
  }

  get(chunk: number): Buffer | undefined {
    return this.#chunks.get(chunk)
  }

  /** Null removes the chunk. The bytes are not copied. */
  set(chunk: number, bytes: Buffer | null): void {
    if (bytes === null) {
      if (!this.#chunks.delete(chunk)) return
    } else this.#chunks.set(chunk, bytes)
    this.#changed = true
  }

  /** The chunk numbers that are there. */
  numbers(): IterableIterator<number> {
    return this.#chunks.keys()
  }

  encode(): Buffer {
    out.reset()
    out.whole(VERSION)
    for (const [chunk, bytes] of this.#chunks) {
      out.whole(chunk)
      out.block(bytes)
    }
    return out.copy()
  }
}
