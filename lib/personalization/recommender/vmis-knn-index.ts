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

/** Items of a session that lie in one array with those of all others: most sessions have no more. */
export const FIRST_ITEMS = 8
const NO_ITEMS: readonly number[] = []

/** Sessions live in a ring: number `n` is in slot `n & mask`, so a stale number is recognised by one compare. */
export class SessionIndex {
  readonly #limits: SessionIndexLimits
  readonly #numberOf = new Map<string, number>()
  readonly #itemOf = new Map<ItemId, number>()
  readonly #freeItems: number[] = []
  #oldest = 0
  #next = 0
  #latestAtMs = Number.NEGATIVE_INFINITY

  /** Slots less one; their number is a power of two. */
  readonly mask: number
  /** By slot: the session's number, which grows with each session that begins; -1: none. */
  readonly slotNumber: Float64Array
  /** By slot: the time of the session's last event. */
  readonly slotLastAtMs: Float64Array
  /** By slot: how many items the session has. */
  readonly slotCount: Int32Array
  /** Item indexes: the first `FIRST_ITEMS` of each session, side by side, in order of first view. */
  readonly firstItems: Int32Array
  /** By slot: the rest of them, which few sessions have. */
  readonly moreItems: (readonly number[])[] = []
  readonly #slotId: string[] = []

  /** By item index: the item's id, numbers of its latest sessions as a ring, inserts so far, live sessions that hold it. */
  readonly itemIds: ItemId[] = []
  readonly itemSessions: number[][] = []
  readonly #itemInserts: number[] = []
  readonly itemLive: number[] = []

  constructor(limits: SessionIndexLimits) {
    this.#limits = limits
    const slots = 2 ** Math.ceil(Math.log2(Math.max(1, limits.maxSessions)))
    this.mask = slots - 1
    this.slotNumber = new Float64Array(slots).fill(-1)
    this.slotLastAtMs = new Float64Array(slots)
    this.slotCount = new Int32Array(slots)
    this.firstItems = new Int32Array(slots * FIRST_ITEMS)
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
    const slot = number & this.mask
    if (atMs > this.slotLastAtMs[slot]!) this.slotLastAtMs[slot] = atMs
    const known = this.#itemOf.get(itemId)
    if (known !== undefined && this.#holds(slot, known)) return
    if (this.slotCount[slot]! >= this.#limits.maxItemsPerSession) return
    const item = known ?? this.#newItem(itemId)
    this.#push(slot, item)
    this.itemLive[item]!++
    this.itemSessions[item]![this.#itemInserts[item]!++ % this.#limits.sessionsPerItem] = number
  }

  /** Index of an item that some live session holds. */
  itemIndex(itemId: ItemId): number | undefined {
    return this.#itemOf.get(itemId)
  }

  /** Slot of a live session by its id. */
  slotOf(sessionId: string): number | undefined {
    const number = this.#numberOf.get(sessionId)
    return number === undefined ? undefined : number & this.mask
  }

  #open(sessionId: string, atMs: number): number {
    if (this.#next - this.#oldest >= this.#limits.maxSessions) this.#evictOldest()
    const number = this.#next++
    const slot = number & this.mask
    this.#numberOf.set(sessionId, number)
    this.slotNumber[slot] = number
    this.#slotId[slot] = sessionId
    this.slotCount[slot] = 0
    this.moreItems[slot] = NO_ITEMS
    this.slotLastAtMs[slot] = atMs
    return number
  }

  #holds(slot: number, item: number): boolean {
    const first = slot * FIRST_ITEMS
    const end = first + Math.min(this.slotCount[slot]!, FIRST_ITEMS)
    for (let i = first; i < end; i++) if (this.firstItems[i] === item) return true
    return this.moreItems[slot]!.includes(item)
  }

  #push(slot: number, item: number): void {
    const count = this.slotCount[slot]!++
    if (count < FIRST_ITEMS) this.firstItems[slot * FIRST_ITEMS + count] = item
    else if (count === FIRST_ITEMS) this.moreItems[slot] = [item]
    else (this.moreItems[slot] as number[]).push(item)
  }

  #expire(beforeMs: number): void {
    while (this.#oldest < this.#next && this.slotLastAtMs[this.#oldest & this.mask]! < beforeMs) this.#evictOldest()
  }

  #evictOldest(): void {
    const slot = this.#oldest++ & this.mask
    this.#numberOf.delete(this.#slotId[slot]!)
    const first = slot * FIRST_ITEMS
    const end = first + Math.min(this.slotCount[slot]!, FIRST_ITEMS)
    for (let i = first; i < end; i++) this.#leave(this.firstItems[i]!)
    for (const item of this.moreItems[slot]!) this.#leave(item)
    this.slotNumber[slot] = -1
    this.#slotId[slot] = ''
    this.slotCount[slot] = 0
    this.moreItems[slot] = NO_ITEMS
  }

  /** A session that held the item has gone. */
  #leave(item: number): void {
    if (--this.itemLive[item]! > 0) return
    this.#itemOf.delete(this.itemIds[item]!)
    this.itemSessions[item] = []
    this.#freeItems.push(item)
  }

  #newItem(itemId: ItemId): number {
    const item = this.#freeItems.pop() ?? this.itemIds.length
    this.#itemOf.set(itemId, item)
    this.itemIds[item] = itemId
    this.itemSessions[item] = []
    this.#itemInserts[item] = 0
    this.itemLive[item] = 0
    return item
  }
}
