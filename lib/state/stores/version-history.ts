/**
 * The earlier versions of a versioned store: each is under `start of the next version | key`, because its age counts
 * from there. A deletion is an entry too if no version before it contains its time.
 */
import { int64ByteString } from '../../serde/int64-bytes.js'
import type { Overlay } from '../layers/overlay.js'
import { Retention } from '../layers/store-retention.js'
import type { StoreTimes } from '../layers/store-times.js'
import { KeyIndex } from '../order/key-index.js'
import type { StoreParts } from './store-parts.js'

export interface PastVersion {
  /** Exclusive. */
  readonly validToMs: number
  readonly validFromMs: number
  /** Serialised; null: the row was deleted. */
  readonly value: Buffer | null
}

/** Which layer to write: a put's own transaction, or what is restored and so committed. */
export type Layer = 'open' | 'committed'

const DELETED = 0
const VALUE = 1

export class VersionHistory {
  readonly data: Overlay
  readonly directory: KeyIndex
  readonly retention: Retention
  readonly #times: StoreTimes

  constructor(parts: StoreParts, times: StoreTimes) {
    this.#times = times
    this.data = parts.history()
    this.directory = new KeyIndex(parts.directory(), times, 2)
    this.retention = new Retention(times, this.data, [this.directory.overlay], null, 0)
  }

  /** The oldest version that ended after `timeMs`. */
  firstAfter(key: string, timeMs: number): PastVersion | null {
    const found = this.directory.firstFrom(key, Math.max(timeMs, this.retention.limit()) + 1)
    return found === null ? null : this.#read(key, found[0], found[1])
  }

  /** Same as `firstAfter`, on the committed layer. */
  firstCommittedAfter(key: string, timeMs: number): PastVersion | null {
    const from = Math.max(timeMs, this.retention.committedLimit()) + 1
    let first: PastVersion | null = null
    this.directory.forEachCommitted(key, from, Number.POSITIVE_INFINITY, (validToMs, validFromMs) => {
      first ??= this.#readCommitted(key, validToMs, validFromMs)
    })
    return first
  }

  /** Committed versions that stood at some time in from..to (both inclusive), oldest first. */
  committedBetween(key: string, fromMs: number, toMs: number): PastVersion[] {
    const from = Math.max(fromMs, this.retention.committedLimit()) + 1
    const found: PastVersion[] = []
    this.directory.forEachCommitted(key, from, Number.POSITIVE_INFINITY, (validToMs, validFromMs) => {
      if (validFromMs <= toMs) found.push(this.#readCommitted(key, validToMs, validFromMs))
    })
    return found
  }

  /** When the newest version in here ended; null: there is none. */
  lastEndMs(key: string): number | null {
    const last = this.directory.last(key)
    return last === null || last <= this.retention.limit() ? null : last
  }

  /** Adds a version; one that ends at the same time makes room for it. */
  put(key: string, version: PastVersion, layer: Layer): void {
    const { validToMs, validFromMs, value } = version
    if (validToMs <= this.retention.limit()) return
    this.#times.noteSegment(validToMs)
    const local = int64ByteString(validToMs) + key
    const held = value === null ? Buffer.of(DELETED) : Buffer.concat([Buffer.of(VALUE), value])
    const old = this.directory.lastAt(key, validToMs)
    if (layer === 'committed') {
      if (old !== null && old !== validFromMs) this.directory.restore(key, validToMs, old, false)
      this.directory.restore(key, validToMs, validFromMs, true)
      this.data.restore(local, held, validFromMs)
      return
    }
    if (old !== null && old !== validFromMs) this.directory.remove(key, validToMs, old)
    this.directory.add(key, validToMs, validFromMs)
    this.data.set(this.data.touch(local), held, validFromMs)
  }

  #readCommitted(key: string, validToMs: number, validFromMs: number): PastVersion {
    return pastVersion(this.data.committed(int64ByteString(validToMs) + key)?.held, validToMs, validFromMs)
  }

  #read(key: string, validToMs: number, validFromMs: number): PastVersion {
    return pastVersion(this.data.load(int64ByteString(validToMs) + key).held, validToMs, validFromMs)
  }
}

function pastVersion(held: unknown, validToMs: number, validFromMs: number): PastVersion {
  const value = Buffer.isBuffer(held) && held[0] === VALUE ? held.subarray(1) : null
  return { validToMs, validFromMs, value }
}
