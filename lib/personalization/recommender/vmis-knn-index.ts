/**
 * The incremental index under VMIS-kNN: item to its latest sessions, session to its items, one insert per event.
 * Memory is bounded three ways: sessions kept, distinct items kept per session, sessions remembered per item.
 */
import type { ItemId } from './recommender.js'

export interface SessionIndexLimits {
  /** Sessions kept; the session that began longest ago goes first. */
  readonly maxSessions: number
  /** Distinct items learned per session; further ones are ignored, which keeps crawlers from filling the index. */
  readonly maxItemsPerSession: number
  /** Latest sessions remembered per item. */
  readonly sessionsPerItem: number
  /** A session whose last event is older than this against the newest event is dropped, in milliseconds of event time. */
  readonly sessionTtlMs: number
}

/** Sessions live in a ring: number `n` sits in slot `n % maxSessions`, so a stale number is recognised by one compare. */
export class SessionIndex {
  readonly #limits: SessionIndexLimits
  readonly #numberOf = new Map<string, number>()
  readonly #itemOf = new Map<ItemId, number>()
  readonly #freeItems: number[] = []
  #oldest = 0
  #next = 0
  #latestAtMs = Number.NEGATIVE_INFINITY

  /** Per slot: the session's number (-1: none), its id, its items' indexes in order of first view, its last event's time. */
  readonly #slotNumber: number[] = []
  readonly #slotId: string[] = []
  readonly #slotItems: number[][] = []
  readonly #slotLastAtMs: number[] = []

  /** Per item index: the item's id, numbers of its latest sessions as a ring, inserts so far, live sessions holding it. */
  readonly itemIds: ItemId[] = []
  readonly #itemSessions: number[][] = []
  readonly #itemInserts: number[] = []
  readonly #itemLive: number[] = []

  constructor(limits: SessionIndexLimits) {
    this.#limits = limits
  }

  /** Sessions held now. */
  get sessions(): number {
    return this.#numberOf.size
  }

  /** Distinct items held now. */
  get items(): number {
    return this.#itemOf.size
  }

  add(sessionId: string, itemId: ItemId, atMs: number): void {
    if (atMs > this.#latestAtMs) {
      this.#latestAtMs = atMs
      this.#expire(atMs - this.#limits.sessionTtlMs)
    }
    const number = this.#numberOf.get(sessionId) ?? this.#open(sessionId, atMs)
    const slot = number % this.#limits.maxSessions
    if (atMs > this.#slotLastAtMs[slot]!) this.#slotLastAtMs[slot] = atMs
    const items = this.#slotItems[slot]!
    const known = this.#itemOf.get(itemId)
    if (known !== undefined && items.includes(known)) return
    if (items.length >= this.#limits.maxItemsPerSession) return
    const item = known ?? this.#newItem(itemId)
    items.push(item)
    this.#itemLive[item]!++
    this.#itemSessions[item]![this.#itemInserts[item]!++ % this.#limits.sessionsPerItem] = number
  }

  /** Index of an item that some live session holds. */
  itemIndex(itemId: ItemId): number | undefined {
    return this.#itemOf.get(itemId)
  }

  /** Slot of a live session by its id. */
  slotOf(sessionId: string): number | undefined {
    const number = this.#numberOf.get(sessionId)
    return number === undefined ? undefined : number % this.#limits.maxSessions
  }

  /** Live sessions that hold the item. */
  sessionsWith(item: number): number {
    return this.#itemLive[item]!
  }

  /** Slots of the item's remembered live sessions go to the end of `into`. */
  collectSlots(item: number, into: number[]): void {
    const ring = this.#itemSessions[item]!
    const slots = this.#limits.maxSessions
    for (let i = 0; i < ring.length; i++) {
      const slot = ring[i]! % slots
      if (this.#slotNumber[slot] === ring[i]) into.push(slot)
    }
  }

  itemsIn(slot: number): readonly number[] {
    return this.#slotItems[slot]!
  }

  /** True when session `a` was active later than `b`; the one that began later where both times are equal. */
  isNewer(a: number, b: number): boolean {
    const difference = this.#slotLastAtMs[a]! - this.#slotLastAtMs[b]!
    return difference === 0 ? this.#slotNumber[a]! > this.#slotNumber[b]! : difference > 0
  }

  #open(sessionId: string, atMs: number): number {
    if (this.#next - this.#oldest >= this.#limits.maxSessions) this.#evictOldest()
    const number = this.#next++
    const slot = number % this.#limits.maxSessions
    this.#numberOf.set(sessionId, number)
    this.#slotNumber[slot] = number
    this.#slotId[slot] = sessionId
    this.#slotItems[slot] = []
    this.#slotLastAtMs[slot] = atMs
    return number
  }

  #expire(beforeMs: number): void {
    while (this.#oldest < this.#next && this.#slotLastAtMs[this.#oldest % this.#limits.maxSessions]! < beforeMs) {
      this.#evictOldest()
    }
  }

  #evictOldest(): void {
    const slot = this.#oldest++ % this.#limits.maxSessions
    this.#numberOf.delete(this.#slotId[slot]!)
    for (const item of this.#slotItems[slot]!) {
      if (--this.#itemLive[item]! > 0) continue
      this.#itemOf.delete(this.itemIds[item]!)
      this.#itemSessions[item] = []
      this.#freeItems.push(item)
    }
    this.#slotNumber[slot] = -1
    this.#slotId[slot] = ''
    this.#slotItems[slot] = []
  }

  #newItem(itemId: ItemId): number {
    const item = this.#freeItems.pop() ?? this.itemIds.length
    this.#itemOf.set(itemId, item)
    this.itemIds[item] = itemId
    this.#itemSessions[item] = []
    this.#itemInserts[item] = 0
    this.#itemLive[item] = 0
    return item
  }
}
