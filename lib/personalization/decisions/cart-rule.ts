/** Cart abandonment: runs the carts of one partition and their durable timers. */
import {
  json,
  type KeyValueStore,
  type Processor,
  type ProcessorContext,
  type StreamRecord,
  stateStore,
  string,
  type TimerStore,
} from '../../index.js'
import { armOf } from '../experiments/experiment.js'
import type { Admitted } from '../gate/admission.js'
import { activityKey, type UserActivity } from '../records/activity.js'
import { decidedRecord } from '../records/decided-record.js'
import { type Recommendation, recommendation } from '../records/recommendation.js'
import {
  type AbandonedCart,
  beforeInTime,
  type CartOptions,
  type CartState,
  type CartStep,
  cartDueAt,
  cartEvent,
  cartTime,
  END_OF_TIME,
  NO_CART,
} from './cart.js'
import { roundedUp } from './timer-times.js'

/** `user/<id>` -> the user's cart. */
export const CART_STORE = stateStore({ name: 'carts', key: string, value: json<CartState>() })
/** User -> when their cart may change by time alone. */
export const CART_TIMERS = 'cart-timers'

/** A timer may fire so much late, and timers of one moment wake the rule once. */
const TIMER_EXACTLY_MS = 1_000

/** Each user with a state has one timer waiting; when it comes too early for the state as it is then, it is set again. */
export class CartRule implements Processor<string | null, Admitted, string, Recommendation> {
  readonly #options: CartOptions
  #context!: ProcessorContext<string, Recommendation>
  #store!: KeyValueStore<string, CartState>
  #timers!: TimerStore<string>

  constructor(options: CartOptions) {
    this.#options = options
  }

  init(context: ProcessorContext<string, Recommendation>): void {
    this.#context = context
    this.#store = context.getStateStore(CART_STORE)
    this.#timers = context.getStateStore(CART_TIMERS)
  }

  process(record: StreamRecord<string | null, Admitted>): void {
    const admitted = record.value
    const ends = admitted.kind === 'tick' && admitted.ends
    this.#fire(ends ? END_OF_TIME : admitted.streamTimeMs, admitted.streamTimeMs)
    if (admitted.kind === 'activity') this.#event(admitted.activity, admitted.streamTimeMs)
  }

  #event(activity: UserActivity, streamTimeMs: number): void {
    const userId = activityKey(activity)
    const held = this.#read(userId)
    const state = withoutSameMoment(held ?? NO_CART, activity)
    if (state === null) return
    const step = cartEvent(state, activity, streamTimeMs, this.#options)
    this.#write(userId, held, step, streamTimeMs)
    if (held === null && !isNothing(step.state)) this.#wake(userId, this.#dueAt(step.state))
  }

  /** `timeMs` is what the carts are told, `stampMs` what writes are stamped with. */
  #fire(timeMs: number, stampMs: number): void {
    for (const { key: userId } of this.#timers.takeDue(timeMs)) {
      const held = this.#read(userId)
      if (held === null) continue
      const step = cartTime(held, timeMs, this.#options)
      this.#write(userId, held, step, stampMs)
      if (!isNothing(step.state)) this.#wake(userId, Math.max(this.#dueAt(step.state), stampMs + 1))
    }
  }

  #wake(userId: string, dueMs: number): void {
    this.#timers.schedule(userId, roundedUp(dueMs, TIMER_EXACTLY_MS))
  }

  /** When the state can next change by time alone: an abandonment, or events that need wait no longer. */
  #dueAt(state: CartState): number {
    const { graceMs } = this.#options
    return cartDueAt(state, this.#options) ?? state.waiting.at(-1)!.at + graceMs + 1
  }

  #read(userId: string): CartState | null {
    return this.#store.get(`user/${userId}`)?.value ?? null
  }

  #write(userId: string, held: CartState | null, step: CartStep, stampMs: number): void {
    for (const cart of step.abandoned) this.#context.forward(decidedRecord(abandonment(userId, cart), -1))
    if (isNothing(step.state)) {
      if (held !== null) this.#store.put(`user/${userId}`, null, stampMs)
    } else if (step.state !== held) this.#store.put(`user/${userId}`, step.state, stampMs)
  }
}

function isNothing(state: CartState): boolean {
  return state.open === null && state.waiting.length === 0
}

function abandonment(userId: string, cart: AbandonedCart): Recommendation {
  return recommendation({
    rule: 'cart-abandonment',
    userId,
    subject: cart.openedBy,
    at: cart.abandonedAt,
    arm: armOf(userId),
    reason: 'no activity since',
    becauseOf: cart.items.at(-1) ?? null,
    items: cart.items,
  })
}

/** What an event does to a cart: fill it, close it, or move its deadline. */
function effect(type: string): 'fill' | 'close' | 'move' {
  return type === 'cart' ? 'fill' : type === 'purchase' || type === 'remove' ? 'close' : 'move'
}

/**
 * Of events of one moment that close or move a cart, the last does all that they do together, so only it waits: an order
 * of a thousand lines is a state of one line. Null where the event itself is the one that is not needed.
 */
function withoutSameMoment(state: CartState, activity: UserActivity): CartState | null {
  const kind = effect(activity.type)
  if (kind === 'fill') return state
  const same = state.waiting.find(({ at, type }) => at === activity.at && effect(type) === kind)
  if (same === undefined) return state
  const arrived = { eventId: activity.eventId, type: activity.type, at: activity.at, itemId: activity.itemId }
  if (beforeInTime(arrived, same)) return null
  return { open: state.open, waiting: state.waiting.filter((event) => event !== same) }
}
