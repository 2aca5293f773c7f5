/** The store of user entries and the timers that belong to it. */
import { type KeyValueStore, type ProcessorContext, type Serde, stateStore, type TimerStore } from '../../../index.js'
import type { UserKeys } from '../../erasure/user-keys.js'
import { ServiceError } from '../../errors.js'
import { ANONYMOUS } from '../../records/activity.js'
import { CHUNK, UserEntry, userEntry } from './user-entry.js'

/** The name of the store of the users' entries. */
export const USER_STORE = 'users'

/** User -> all that the tier keeps of the user. In order, so that a campaign can walk it. */
export function userStore(key: Serde<string>, keys: UserKeys | null) {
  return stateStore({ name: USER_STORE, key, value: keys === null ? userEntry : sealedEntry(keys), ordered: true })
}

const SEALED_AS = 'entry'

/** Entries that are sealed with the key of their user, at once: an object that lives on until the commit would outlive its key. */
function sealedEntry(keys: UserKeys): Serde<UserEntry> {
  return Object.freeze({
    name: 'sealed-user-entry',
    serialize: (entry: UserEntry) => keys.seal(entry.encode(), SEALED_AS, entry.owner),
    deserialize(bytes: Buffer): UserEntry {
      const opened = keys.openOwn(bytes, SEALED_AS)
      if (opened === null) return UserEntry.erased()
      const entry = UserEntry.decode(opened.plain)
      entry.owner = opened.user ?? ''
      return entry
    },
  })
}

/** User -> when time alone may change something. */
export const USER_TIMERS = 'user-timers'
/** The same for anonymous visitors. */
export const VISITOR_TIMERS = 'visitor-timers'
/** User -> when a wake-up of a live event is due. */
export const LIVE_TIMERS = 'live-timers'

/** Reads and writes the entries of one task. */
export class UserStore {
  readonly #store: KeyValueStore<string, UserEntry> & {
    range(from: string | null, to: string | null): Iterable<{ readonly key: string }>
  }
  readonly #timers: TimerStore<string>
  readonly #visitorTimers: TimerStore<string>
  readonly #liveTimers: TimerStore<string>

  constructor(context: Pick<ProcessorContext<never, never>, 'getStateStore'>) {
    this.#store = context.getStateStore<never>(USER_STORE)
    this.#timers = context.getStateStore(USER_TIMERS)
    this.#visitorTimers = context.getStateStore(VISITOR_TIMERS)
    this.#liveTimers = context.getStateStore(LIVE_TIMERS)
  }

  read(userId: string): UserEntry {
    const entry = this.#store.get(userId)?.value ?? UserEntry.empty()
    if (entry.owner === '' || entry.owner === userId) return entry
    throw new ServiceError('VALUE_SEAL_BROKEN', 'the entry of a user is that of another user')
  }

  /** Deletes the entry of a user, and its timers. */
  erase(userId: string, stampMs: number): void {
    this.#store.put(userId, null, Math.max(0, stampMs))
    // The id of a visitor who is erased may be known no more.
    for (const timers of [this.#timers, this.#visitorTimers, this.#liveTimers]) timers.cancel(userId)
  }

  /** Writes the entry if it has changed, and sets its timers. `dueMs`, `liveDueMs`: Infinity for none. */
  write(userId: string, entry: UserEntry, dueMs: number, liveDueMs: number, stampMs: number): void {
    this.#setTimer(userId, entry, dueMs)
    if (liveDueMs !== Number.POSITIVE_INFINITY) this.#setLiveTimer(userId, liveDueMs)
    if (!entry.changed) return
    entry.owner = userId
    this.#store.put(userId, entry.isEmpty ? null : entry, Math.max(0, stampMs))
    entry.stored()
  }

  /** Known users whose timer is due at `nowMs`. Their timers are gone: `read` and `write` follow. */
  takeDue(nowMs: number): readonly { readonly key: string }[] {
    return this.#timers.takeDue(nowMs)
  }

  /** The same for anonymous visitors. */
  takeDueVisitors(nowMs: number): readonly { readonly key: string }[] {
    return this.#visitorTimers.takeDue(nowMs)
  }

  takeLiveDue(nowMs: number): readonly { readonly key: string }[] {
    return this.#liveTimers.takeDue(nowMs)
  }

  /** The users after `after`, in order, at most `most`. */
  usersAfter(after: string | null, most: number): readonly string[] {
    const users: string[] = []
    for (const { key: userId } of this.#store.range(after, null)) {
      if (userId !== after) users.push(userId)
      if (users.length >= most) break
    }
    return users
  }

  /** The entry remembers its timer, so that a later time needs no look at the timers: the earlier one sets it again. */
  #setTimer(userId: string, entry: UserEntry, dueMs: number): void {
    if (dueMs === Number.POSITIVE_INFINITY) return
    const set = entry.get(CHUNK.timer)
    if (set !== undefined && set.readDoubleBE(0) <= dueMs) return
    this.#timersOf(userId).schedule(userId, dueMs)
    const bytes = Buffer.allocUnsafe(8)
    bytes.writeDoubleBE(dueMs, 0)
    entry.set(CHUNK.timer, bytes)
  }

  #timersOf(userId: string): TimerStore<string> {
    return userId.startsWith(ANONYMOUS) ? this.#visitorTimers : this.#timers
  }

  #setLiveTimer(userId: string, dueMs: number): void {
    const set = this.#liveTimers.scheduledAtMs(userId)
    if (set === null || set > dueMs + 1) this.#liveTimers.schedule(userId, dueMs + 1)
  }
}
