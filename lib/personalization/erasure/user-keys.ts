/**
 * The keys of the users: makes one for who has none, seals and opens values, and deletes keys. Every instance follows all keys. A value
 * whose key is gone can be read by nobody: its user is erased.
 */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { type Clock, type Cluster, delay, type Log, partitionForKey, SchemaPending, systemRandom } from '../../index.js'
import { ServiceError } from '../errors.js'
import { KEY_SEGMENT_MS } from '../records/topic-names.js'
import { isMarkerOf, keyKey, linkKey, markerValue, newKeyRecord, newMarkerKey, readKey } from './key-record.js'
import { KeyRing } from './key-ring.js'
import { KeyTopic } from './key-topic.js'
import type { MasterKey } from './master-key.js'
import { keyOfPseudonym, Pseudonyms } from './pseudonyms.js'
import { Recent } from './recent.js'
import { type SealedBy, seal, sealedBy, unseal } from './seal.js'

/** What {@link UserKeys} needs. */
export interface UserKeysParts {
  /** Its own, closed with it: who waits for a key waits for no other reader. */
  readonly cluster: Cluster
  /** The topic of the keys. */
  readonly topic: string
  /** Wraps the keys. */
  readonly master: MasterKey
  /** Its time. */
  readonly clock: Clock
  /** Where it says what went wrong. */
  readonly log: Log
}

/** Keys that were asked for and are certainly gone. */
const GONE = 100_000
/** A longer text is no id that the gate admits. */
const MAX_USER_LENGTH = 256
const RETRY_MS = 500

/** The keys of the users of one service. */
export class UserKeys {
  readonly #parts: UserKeysParts
  readonly #master: MasterKey
  readonly #topic: KeyTopic
  readonly #ring: KeyRing
  readonly #pseudonyms: Pseudonyms
  readonly #gone = new Recent<string, true>(GONE)
  /** Pseudonym → its key is being made. */
  readonly #making = new Map<string, Promise<void>>()
  readonly #listeners: ((key: Buffer) => void)[] = []
  #markers: { readonly key: Buffer; readonly value: Buffer }[] = []
  #settling: Promise<void> | null = null
  #closed = false
  #cancelLater: () => void = () => {}

  private constructor(parts: UserKeysParts) {
    const { master } = parts
    this.#parts = parts
    this.#master = master
    this.#ring = new KeyRing(master)
    this.#pseudonyms = new Pseudonyms(master.pseudonyms)
    this.#topic = new KeyTopic({ ...parts, apply: (key, value) => this.#apply(key, value) })
  }

  /**
   * Reads all keys, then follows them. `isNew`: whether the topics may be without a master key so far.
   * @throws ServiceError MASTER_KEY_WRONG, MASTER_KEY_LATE; MillraceError CLIENT_*
   */
  static async open(parts: UserKeysParts, isNew: () => Promise<boolean>): Promise<UserKeys> {
    const keys = new UserKeys(parts)
    try {
      await keys.#topic.readToEnd()
      keys.#topic.follow()
      await keys.#checkMaster(isNew)
      return keys
    } catch (error) {
      await keys.close()
      throw error
    }
  }

  /** Stops following the keys. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelLater()
    await this.#topic.close()
    await this.#parts.cluster.close()
  }

  /** Told of each user whose keys are deleted, by the bytes of the key of its records. */
  onErased(listener: (key: Buffer) => void): void {
    this.#listeners.push(listener)
  }

  /** Users who have a key. */
  get users(): number {
    return this.#ring.size
  }

  /** The key of the user's records as latin1 text. */
  keyText(user: string): string {
    return this.#pseudonyms.keyText(user)
  }

  /** The user of a key with a pseudonym. One who is erased, or is not known here yet, has an id that means nothing. */
  userOf(pseudonym: string): string {
    return this.#ring.current(pseudonym)?.user ?? this.#pseudonyms.erasedUser(pseudonym)
  }

  /** As without a master key, so that records of other producers come to the same partition. */
  partitionOf(user: string, partitions: number): number {
    return partitionForKey(Buffer.from(user), partitions)
  }

  /** Before something of the user is sealed: null if it can be at once, or resolves when it can. Rejects with CLIENT_*. */
  ready(user: string): Promise<void> | null {
    if (user.length > MAX_USER_LENGTH || this.#pseudonyms.isErasedUser(user)) return null
    const pseudonym = this.#pseudonyms.of(user)
    if (this.#ring.current(pseudonym) !== null) return null
    return this.#making.get(pseudonym) ?? this.#make(user, pseudonym)
  }

  /** Before it is said that a visitor is the user: who erases the user erases the visitor too. As `ready`. */
  linked(user: string, visitor: string): Promise<void> | null {
    const [pseudonym, other] = [this.#pseudonyms.of(user), this.#pseudonyms.of(visitor)]
    if (this.#ring.isLinked(pseudonym, other)) return null
    return this.#topic.write(linkKey(pseudonym, other), Buffer.from([1]))
  }

  /** A task has come here: until all is known that its last owner may have known, its records and timers wait. */
  taskStarted(): void {
    const settling = this.#settle().then(() => {
      if (this.#settling === settling) this.#settling = null
    })
    this.#settling = settling
  }

  /** Null: all is known that a task here needs to tell who is erased. */
  get settling(): Promise<void> | null {
    return this.#settling
  }

  /** Of a user without a key, who was erased a moment ago, the value can be read by nobody. Null: the value belongs to no user. */
  seal(plain: Buffer, kind: string, user: string | null): Buffer {
    if (user === null) return seal(plain, kind, this.#master.common, null)
    const pseudonym = this.#pseudonyms.of(user)
    const current = this.#ring.current(pseudonym)
    if (current !== null) return seal(plain, kind, current.key, { pseudonym, number: current.number })
    const number = systemRandom.bytes(4).toString('latin1')
    return seal(plain, kind, createSecretKey(systemRandom.bytes(32)), { pseudonym, number })
  }

  /**
   * The plain bytes; bytes that are not sealed as they are.
   * @throws SchemaPending until it is certain whether the key is gone; ServiceError VALUE_ERASED, VALUE_SEAL_BROKEN
   */
  open(bytes: Buffer, kind: string): Buffer {
    const by = sealedBy(bytes)
    if (by === undefined) return bytes
    const opened = this.#open(bytes, kind, by)
    if (opened !== null) return opened
    const id = by!.pseudonym + by!.number
    if (this.#gone.get(id)) throw new ServiceError('VALUE_ERASED', 'the user of this value is erased')
    throw new SchemaPending(this.#lookUp(by!))
  }

  /** For values that this instance alone can have written since the last `taskStarted`. Null: the user is erased. */
  openOwn(bytes: Buffer, kind: string): { readonly plain: Buffer; readonly user: string | null } | null {
    const by = sealedBy(bytes)
    if (by === undefined) return { plain: bytes, user: null }
    const plain = this.#open(bytes, kind, by)
    return plain === null ? null : { plain, user: by === null ? null : this.userOf(by.pseudonym) }
  }

  /** Deletes the keys of a user, and of the visitors who became the user. Resolves with the keys of their records. @throws MillraceError CLIENT_* */
  async erase(user: string): Promise<ErasedKeys> {
    await this.#topic.caughtUp()
    const erased = this.#withVisitors(this.#pseudonyms.of(user))
    let keys = 0
    for (const pseudonym of erased) {
      for (const number of this.#ring.numbersOf(pseudonym)) {
        await this.#topic.write(keyKey(pseudonym, number), null)
        keys += 1
      }
    }
    this.#pseudonyms.forget(user)
    if (keys > 0) this.#closeSegmentLater()
    return { keys, records: erased.map(keyOfPseudonym), unlink: () => this.#unlink(erased) }
  }

  /** The keys of the user's records, and of those of the visitors who became the user. */
  recordKeysOf(user: string): readonly Buffer[] {
    return this.#withVisitors(this.#pseudonyms.of(user)).map(keyOfPseudonym)
  }

  #withVisitors(pseudonym: string): string[] {
    const all = new Set([pseudonym])
    for (const one of all) for (const visitor of this.#ring.visitorsOf(one)) all.add(visitor)
    return [...all]
  }

  async #unlink(erased: readonly string[]): Promise<void> {
    for (const pseudonym of erased) {
      for (const visitor of this.#ring.visitorsOf(pseudonym)) await this.#topic.write(linkKey(pseudonym, visitor), null)
    }
  }

  #open(bytes: Buffer, kind: string, by: SealedBy | null): Buffer | null {
    const key: KeyObject | undefined = by === null ? this.#master.common : this.#ring.find(by.pseudonym, by.number)?.key
    if (key === undefined) return null
    try {
      return unseal(bytes, kind, key)
    } catch {
      throw new ServiceError('VALUE_SEAL_BROKEN', `a sealed ${kind} was changed, or was sealed as something else`)
    }
  }

  /** A broker closes a segment, which it can then compact, when a record comes after its time: the marker once more. */
  #closeSegmentLater(): void {
    const { clock, log } = this.#parts
    this.#cancelLater()
    this.#cancelLater = clock.setTimer(KEY_SEGMENT_MS + 1_000, () => {
      const [marker] = this.#markers
      if (marker === undefined) return
      this.#topic.write(marker.key, marker.value).catch((error: unknown) => {
        log.warn({ error }, 'a deleted key may be compacted away late')
      })
    })
  }

  async #settle(): Promise<void> {
    const { clock, log } = this.#parts
    while (!this.#closed) {
      try {
        return await this.#topic.caughtUp()
      } catch (error) {
        if (this.#closed) return
        log.warn({ error }, 'tasks wait for the keys of the users')
        await delay(clock, RETRY_MS)
      }
    }
  }

  async #lookUp({ pseudonym, number }: SealedBy): Promise<void> {
    await this.#topic.caughtUp()
    if (this.#ring.find(pseudonym, number) === null) this.#gone.set(pseudonym + number, true)
  }

  #make(user: string, pseudonym: string): Promise<void> {
    const { key, value } = newKeyRecord(user, pseudonym, this.#master)
    const made = this.#topic.write(key, value).finally(() => this.#making.delete(pseudonym))
    this.#making.set(pseudonym, made)
    return made
  }

  #apply(key: Buffer, value: Buffer | null): void {
    const record = readKey(key)
    if (record === null) this.#parts.log.warn({}, 'a record of the topic of user keys is not one of ours')
    else if (record.kind === 'key') this.#applyKey(record.pseudonym, record.number, value)
    else if (record.kind === 'marker') {
      this.#markers = this.#markers.filter((marker) => !marker.key.equals(key))
      if (value !== null) this.#markers.push({ key: Buffer.from(key), value: Buffer.from(value) })
    } else if (value === null) this.#ring.unlink(record.pseudonym, record.visitor)
    else this.#ring.link(record.pseudonym, record.visitor)
  }

  #applyKey(pseudonym: string, number: string, value: Buffer | null): void {
    if (value !== null) this.#ring.put(pseudonym, number, value)
    else if (this.#ring.remove(pseudonym, number)) {
      const key = keyOfPseudonym(pseudonym)
      for (const listener of this.#listeners) listener(key)
    }
  }

  /** The first marker on the topic counts. */
  async #checkMaster(isNew: () => Promise<boolean>): Promise<void> {
    let own: Buffer | null = null
    if (this.#markers.length === 0) {
      if (!(await isNew())) {
        const text = 'these topics and stores have plain data of users, which a master key does not change'
        throw new ServiceError('MASTER_KEY_LATE', text)
      }
      own = newMarkerKey()
      await this.#topic.write(own, markerValue(this.#master))
    }
    const first = this.#markers[0]
    if (first === undefined || isMarkerOf(first.value, this.#master)) return
    if (own !== null) await this.#topic.write(own, null)
    throw new ServiceError('MASTER_KEY_WRONG', 'the data of these topics was sealed with another master key')
  }
}

/** What {@link UserKeys.erase} did. */
export interface ErasedKeys {
  /** How many keys were deleted. */
  readonly keys: number
  /** The keys of the records of the user and of the visitors who became the user. */
  readonly records: readonly Buffer[]
  /** Forgets which visitors these were. */
  readonly unlink: () => Promise<void>
}
