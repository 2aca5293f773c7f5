/** Decisions that leave at a limited rate: a queue in a store, released as time passes. */
import { createHash } from 'node:crypto'
import { type OrderedKeyValueStore, type ProcessorContext, stateStore, string, type TimerStore } from '../../index.js'
import type { UserKeys } from '../erasure/user-keys.js'
import type { Campaign } from '../records/campaign.js'
import type { Recommendation } from '../records/recommendation.js'
import { type Paced, pacedValue, type Scan, type Slot } from './paced-value.js'
import type { DecidedFields } from './turn.js'

type Pace = NonNullable<DecidedFields['pace']>

/**
 * `q/<place>` -> a decision that waits for its place; `h/<id>` -> one that is held; `s/<key>` -> the latest second that decisions of a key wait for, and how many do; `c/<id>` ->
 * how far the users have been told of a campaign.
 */
export function pacedStore(keys: UserKeys | null) {
  return stateStore({ name: PACED_STORE, key: string, value: pacedValue(keys), ordered: true })
}

const PACED_STORE = 'paced'
/** `q/<place>`, `h/<id>` -> when it leaves. */
export const PACED_TIMERS = 'paced-timers'

const SECOND_MS = 1_000
const NOT_BEGUN: Scan = { after: null, done: false }

export class Pacer {
  readonly #store: OrderedKeyValueStore<string, Paced>
  readonly #timers: TimerStore<string>
  readonly #release: (decision: Recommendation, heldUntilMs: number | null, nowMs: number) => void
  /** Decisions of this step, not in the queue yet: those of one moment are put into their order first. */
  #added: { readonly decision: Recommendation; readonly pace: Pace }[] = []

  constructor(
    context: Pick<ProcessorContext<never, never>, 'getStateStore'>,
    release: (decision: Recommendation, heldUntilMs: number | null, nowMs: number) => void,
  ) {
    this.#store = context.getStateStore(PACED_STORE)
    this.#timers = context.getStateStore(PACED_TIMERS)
    this.#release = release
  }

  add(decision: Recommendation, pace: Pace): void {
    this.#added.push({ decision, pace })
  }

  /** Keeps a decision until a time. */
  hold(decision: Recommendation, untilMs: number, nowMs: number): void {
    const key = `h/${decision.decisionId}`
    this.#store.put(key, decision, Math.max(0, nowMs))
    this.#timers.schedule(key, untilMs)
  }

  /** Releases what may leave by `untilMs`. */
  release(untilMs: number, nowMs: number): void {
    if (this.#added.length > 0) this.#enqueue(nowMs)
    for (const { key, atMs } of this.#timers.takeDue(untilMs)) {
      const decision = this.#store.get(key)?.value
      if (decision === undefined) continue
      this.#store.put(key, null, nowMs)
      if (!('decisionId' in decision)) continue
      this.#release(decision, key.startsWith('h/') ? atMs : null, nowMs)
    }
  }

  /** Drops what waits of a user who is erased. A campaign that had come to the user begins again; nobody is told twice. */
  forget(userId: string, nowMs: number): void {
    for (const { key, value } of this.#store.all()) {
      const isOfUser = 'decisionId' in value ? value.userId === userId : 'after' in value && value.after === userId
      if (!isOfUser && !('isErased' in value)) continue
      this.#store.put(key, null, Math.max(0, nowMs))
      this.#timers.cancel(key)
    }
  }

  scanOf(campaign: Campaign): Scan {
    return (this.#store.get(scanKey(campaign))?.value as Scan | undefined) ?? NOT_BEGUN
  }

  setScan(campaign: Campaign, scan: Scan, nowMs: number): void {
    this.#store.put(scanKey(campaign), scan, Math.max(0, nowMs))
  }

  #enqueue(nowMs: number): void {
    const added = this.#added.sort((a, b) => a.pace.orderMs - b.pace.orderMs)
    this.#added = []
    for (const { decision, pace } of added) {
      const slotKey = `s/${pace.key}`
      const slot = this.#store.get(slotKey)?.value as Slot | undefined
      const fromMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS
      const next = nextSlot(slot, fromMs, pace.perSecond)
      this.#store.put(slotKey, next, nowMs)
      const key = `q/${String(next.secondMs).padStart(16, '0')}/${String(next.used).padStart(9, '0')}/${decision.decisionId}`
      this.#store.put(key, decision, nowMs)
      this.#timers.schedule(key, next.secondMs)
    }
  }
}

const scanKeys = new WeakMap<Campaign, string>()

/** A campaign whose times, categories or items change is told again: to those who have not been told. */
function scanKey(campaign: Campaign): string {
  const known = scanKeys.get(campaign)
  if (known !== undefined) return known
  const { id, startMs, endMs, categories, items } = campaign
  const subject = createHash('sha256')
    .update(JSON.stringify([categories, items]))
    .digest('hex')
    .slice(0, 16)
  const key = `c/${id}/${startMs}/${endMs}/${subject}`
  scanKeys.set(campaign, key)
  return key
}

function nextSlot(slot: Slot | undefined, fromMs: number, perSecond: number): Slot {
  if (slot === undefined || slot.secondMs < fromMs) return { secondMs: fromMs, used: 1 }
  if (slot.used < perSecond) return { secondMs: slot.secondMs, used: slot.used + 1 }
  return { secondMs: slot.secondMs + SECOND_MS, used: 1 }
}
