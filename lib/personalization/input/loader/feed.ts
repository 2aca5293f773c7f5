/** The input as items to send, with the time when each is due. */
import { type Clock, delay } from '../../../index.js'
import type { UserKeys } from '../../erasure/user-keys.js'
import { readyFor } from '../../erasure/user-record.js'
import type { CustomerProfile } from '../../records/profile.js'
import { type ActivityRow, isInvalidRow } from '../formats/rows.js'
import type { LoaderInput } from './input-files.js'

/** A factor of real time, or `'max'`. */
export type Speed = number | 'max'

export type Item =
  | { readonly kind: 'profile'; readonly profile: CustomerProfile }
  | { readonly kind: 'row'; readonly row: ActivityRow }

/** The sequence of one input, its profiles first; a position is a number of items from its beginning. */
export class Feed {
  readonly #profiles: readonly CustomerProfile[]
  readonly #rows: AsyncIterator<ActivityRow>
  /** Profiles taken. */
  #place = 0
  /** Undefined: not read yet; null: the input is over. */
  #next: Item | null | undefined

  constructor(input: LoaderInput) {
    this.#profiles = input.profiles
    this.#rows = input.rows()[Symbol.asyncIterator]()
  }

  /** The next item without taking it, null at the end. */
  async peek(): Promise<Item | null> {
    if (this.#next === undefined) this.#next = await this.#read()
    return this.#next
  }

  take(): void {
    this.#next = undefined
  }

  /** Passes over what was sent in an earlier life. */
  async skip(count: number): Promise<void> {
    for (let i = 0; i < count; i++) if ((await this.#read()) === null) return
  }

  async close(): Promise<void> {
    await this.#rows.return?.()
  }

  async #read(): Promise<Item | null> {
    if (this.#place < this.#profiles.length) return { kind: 'profile', profile: this.#profiles[this.#place++]! }
    const { done, value } = await this.#rows.next()
    return done ? null : { kind: 'row', row: value }
  }
}

/** Event time of an item, undefined for what has none and is sent with its neighbours. */
export function itemTime(item: Item): number | undefined {
  return item.kind === 'row' && !isInvalidRow(item.row) ? item.row.at : undefined
}

/** Characters of the properties of an item. */
export function propertiesLength(item: Item): number {
  return item.kind === 'profile' || isInvalidRow(item.row) ? 0 : (item.row.properties?.length ?? 0)
}

/** As {@link readyFor}. */
export function readyForItem(item: Item, keys: UserKeys): Promise<void> | null {
  if (item.kind === 'profile') return keys.ready(item.profile.userId)
  return isInvalidRow(item.row) ? null : readyFor(item.row, keys)
}

/** Event time against the clock: `speed` seconds of events in a second. */
export class ReplayPace {
  readonly #speed: Speed
  readonly #clock: Clock
  #startAtMs: number | undefined
  #startMs = 0

  constructor(speed: Speed, clock: Clock, startAtMs?: number) {
    this.#speed = speed
    this.#clock = clock
    this.#startAtMs = startAtMs
    this.#startMs = clock.monotonicMs()
  }

  /** Milliseconds until the item is due, 0 or less when it is. The first timed item is due at once. */
  waitMs(item: Item): number {
    if (this.#speed === 'max') return 0
    const atMs = itemTime(item)
    if (atMs === undefined) return 0
    this.#startAtMs ??= atMs
    return (atMs - this.#startAtMs) / this.#speed - (this.#clock.monotonicMs() - this.#startMs)
  }
}

/** Resolves after `ms`, or as soon as `signal` says so. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  let wake = () => {}
  const aborted = new Promise<void>((resolve) => {
    wake = resolve
  })
  signal.addEventListener('abort', wake, { once: true })
  await Promise.race([delay(clock, ms), aborted])
  signal.removeEventListener('abort', wake)
}
