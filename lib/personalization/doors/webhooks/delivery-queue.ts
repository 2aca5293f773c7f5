/**
 * The deliveries of one webhook that this instance has in memory: in order per user, until one has failed so often that
 * the others of its user go ahead of it. Times are arguments; nothing here waits.
 */
import type { Recommendation } from '../../records/recommendation.js'

export interface WebhookDelivery {
  readonly partition: number
  readonly offset: number
  readonly decision: Recommendation
  readonly traceparent: string | null
  /** After this time, epoch milliseconds, it is dropped. */
  readonly expiresAtMs: number
  /** Attempts made. */
  attempts: number
  /** Those of them that failed while the webhook was not down: the fault may be this decision's. */
  ownFailures: number
  /** Not to be sent before, epoch milliseconds. */
  dueAtMs: number
}

/** After so many failures of its own a delivery no longer holds up the later ones of its user: about half a minute. */
export const FAILURES_IN_ORDER = 6

interface Entry {
  readonly delivery: WebhookDelivery
  state: 'behind' | 'ready' | 'waiting' | 'underWay'
}

export class DeliveryQueue {
  readonly #entries = new Map<string, Entry>()
  /** User → deliveries in order; the first is the one that may be sent. */
  readonly #lanes = new Map<string, Entry[]>()
  readonly #ready = new Set<Entry>()
  readonly #waiting = new Set<Entry>()
  #underWay = 0

  get size(): number {
    return this.#entries.size
  }

  get underWay(): number {
    return this.#underWay
  }

  /** Failed, and waiting for their next attempt. */
  get retrying(): number {
    return this.#waiting.size
  }

  /** May be sent now. */
  get ready(): number {
    return this.#ready.size
  }

  /** True if all that is left has failed too often to be sent in order. */
  get isOutOfOrder(): boolean {
    return this.#lanes.size === 0
  }

  has(decisionId: string): boolean {
    return this.#entries.has(decisionId)
  }

  /** Deliveries of a user come in the order of the topic. One that is here already changes nothing. */
  add(delivery: WebhookDelivery, nowMs: number): void {
    const { decisionId, userId } = delivery.decision
    if (this.#entries.has(decisionId)) return
    const entry: Entry = { delivery, state: 'behind' }
    this.#entries.set(decisionId, entry)
    const isInOrder = delivery.ownFailures < FAILURES_IN_ORDER
    const lane = this.#lanes.get(userId)
    if (isInOrder && lane !== undefined) {
      lane.push(entry)
      return
    }
    if (isInOrder) this.#lanes.set(userId, [entry])
    this.#place(entry, nowMs)
  }

  /** The next to be sent, now under way; null: none is ready. End it with `settle` or `retry`. */
  take(nowMs: number): WebhookDelivery | null {
    this.#wake(nowMs)
    const [entry] = this.#ready
    if (entry === undefined) return null
    this.#ready.delete(entry)
    entry.state = 'underWay'
    this.#underWay += 1
    return entry.delivery
  }

  /** It is done with, in one way or another. */
  settle(decisionId: string, nowMs: number): void {
    const entry = this.#entries.get(decisionId)
    if (entry === undefined) return
    this.#entries.delete(decisionId)
    this.#release(entry)
    this.#leaveLane(entry, nowMs)
  }

  /** The attempt failed: another one is due at `dueAtMs`. */
  retry(decisionId: string, dueAtMs: number, nowMs: number): void {
    const entry = this.#entries.get(decisionId)
    if (entry === undefined) return
    this.#release(entry)
    entry.delivery.dueAtMs = dueAtMs
    if (entry.delivery.ownFailures >= FAILURES_IN_ORDER) this.#leaveLane(entry, nowMs)
    this.#place(entry, nowMs)
  }

  /** When the first of those that wait is due; null: none waits. */
  nextDueMs(): number | null {
    let earliestMs = Number.POSITIVE_INFINITY
    for (const { delivery } of this.#waiting) earliestMs = Math.min(earliestMs, delivery.dueAtMs)
    return earliestMs === Number.POSITIVE_INFINITY ? null : earliestMs
  }

  /** Whatever waits is due now, in the order of the topic. */
  hurry(nowMs: number): void {
    const inOrder = [...this.#waiting].sort((a, b) => a.delivery.offset - b.delivery.offset)
    this.#waiting.clear()
    for (const entry of inOrder) {
      entry.delivery.dueAtMs = Math.min(entry.delivery.dueAtMs, nowMs)
      this.#waiting.add(entry)
    }
  }

  /** The delivery that has waited through the most attempts; null: none waits. */
  mostAttempted(): WebhookDelivery | null {
    let found: WebhookDelivery | null = null
    for (const { delivery } of this.#waiting) if (delivery.attempts > (found?.attempts ?? 0)) found = delivery
    return found
  }

  /** The deliveries of the users that pass the test. */
  ofUsers(test: (userId: string) => boolean): WebhookDelivery[] {
    return [...this.#entries.values()].map(({ delivery }) => delivery).filter(({ decision }) => test(decision.userId))
  }

  /** Forgets the deliveries of partitions that another instance has now. */
  dropPartition(partition: number, nowMs: number): void {
    for (const [id, { delivery }] of this.#entries) if (delivery.partition === partition) this.settle(id, nowMs)
  }

  #wake(nowMs: number): void {
    for (const entry of this.#waiting) {
      if (entry.delivery.dueAtMs > nowMs) continue
      this.#waiting.delete(entry)
      this.#place(entry, nowMs)
    }
  }

  #place(entry: Entry, nowMs: number): void {
    entry.state = entry.delivery.dueAtMs > nowMs ? 'waiting' : 'ready'
    if (entry.state === 'waiting') this.#waiting.add(entry)
    else this.#ready.add(entry)
  }

  #release(entry: Entry): void {
    if (entry.state === 'underWay') this.#underWay -= 1
    this.#ready.delete(entry)
    this.#waiting.delete(entry)
  }

  #leaveLane(entry: Entry, nowMs: number): void {
    const { userId } = entry.delivery.decision
    const lane = this.#lanes.get(userId)
    const index = lane?.indexOf(entry) ?? -1
    if (lane === undefined || index < 0) return
    lane.splice(index, 1)
    if (lane.length === 0) this.#lanes.delete(userId)
    else if (index === 0) this.#place(lane[0]!, nowMs)
  }
}
