/**
 * Spending alert: adds up the purchases of a customer and day, alerts at the threshold, and checks each day once at its
 * close.
 */
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
import type { UserActivity } from '../records/activity.js'
import { decidedRecord } from '../records/decided-record.js'
import { spendingSubject } from '../records/decision-id.js'
import { type Recommendation, recommendation } from '../records/recommendation.js'
import {
  isSpending,
  isWithdrawn,
  NO_SPENDING,
  netMicros,
  type SpendingOptions,
  type SpendingState,
  spend,
  spendingClosesAt,
  spendingDay,
  spendingDayNumber,
} from './spending.js'
import { roundedUp } from './timer-times.js'

/** A customer's day. Judged by the end of the input it stays closed, so that it cannot alert a second time. */
interface Day extends SpendingState {
  readonly judged?: boolean
}

/** `day/<day number>/<customer>` -> what the customer has spent that day. */
export const SPENDING_STORE = stateStore({ name: 'spending', key: string, value: json<Day>() })
/** `<day number>/<customer>` -> when the day closes. */
export const SPENDING_TIMERS = 'spending-timers'

/** A timer may fire so much late. */
const TIMER_EXACTLY_MS = 1_000

export class SpendingRule implements Processor<string | null, Admitted, string, Recommendation> {
  readonly #options: SpendingOptions
  #context!: ProcessorContext<string, Recommendation>
  #store!: KeyValueStore<string, Day>
  #timers!: TimerStore<string>

  constructor(options: SpendingOptions) {
    this.#options = options
  }

  init(context: ProcessorContext<string, Recommendation>): void {
    this.#context = context
    this.#store = context.getStateStore(SPENDING_STORE)
    this.#timers = context.getStateStore(SPENDING_TIMERS)
  }

  process(record: StreamRecord<string | null, Admitted>): void {
    const admitted = record.value
    const ends = admitted.kind === 'tick' && admitted.ends
    const nowMs = admitted.streamTimeMs
    for (const { key: subject } of this.#timers.takeDue(ends ? Number.POSITIVE_INFINITY : nowMs)) {
      this.#close(subject, nowMs, ends)
    }
    if (admitted.kind !== 'activity' || !isSpending(admitted.activity)) return
    this.#add(admitted.activity, admitted.appendedAt)
  }

  #add(activity: UserActivity, appendedAt: number): void {
    const userId = activity.userId!
    const dayNumber = spendingDayNumber(activity.at)
    const subject = `${dayNumber}/${userId}`
    const stored = this.#store.get(`day/${subject}`)?.value
    const held: Day = stored ?? NO_SPENDING
    if (held.judged) return
    const { state, fires } = spend(held, activity, this.#options)
    this.#store.put(`day/${subject}`, state, activity.at)
    if (stored === undefined) this.#wake(subject, spendingClosesAt(dayNumber, this.#options))
    if (!fires) return
    const day = spendingDay(dayNumber)
    const decision = recommendation({
      rule: 'spending-alert',
      userId,
      subject: spendingSubject(userId, day),
      at: activity.at,
      sessionId: activity.sessionId,
      arm: armOf(userId),
      reason: `purchases of ${day} reached the threshold`,
      becauseOf: activity.itemId,
      amountMicros: state.purchasedMicros,
    })
    this.#context.forward(decidedRecord(decision, appendedAt))
  }

  #wake(subject: string, dueMs: number): void {
    this.#timers.schedule(subject, roundedUp(dueMs, TIMER_EXACTLY_MS))
  }

  #close(subject: string, nowMs: number, inputEnds: boolean): void {
    const state = this.#store.get(`day/${subject}`)?.value
    if (state === undefined) return
    const slash = subject.indexOf('/')
    const dayNumber = Number(subject.slice(0, slash))
    const closesAtMs = spendingClosesAt(dayNumber, this.#options)
    const staysJudged = inputEnds && closesAtMs > nowMs
    this.#store.put(`day/${subject}`, staysJudged ? { ...state, judged: true } : null, nowMs)
    if (staysJudged) this.#wake(subject, closesAtMs)
    if (state.judged || !isWithdrawn(state, this.#options)) return
    const userId = subject.slice(slash + 1)
    const day = spendingDay(dayNumber)
    const decision = recommendation({
      rule: 'spending-alert-withdrawn',
      userId,
      subject: spendingSubject(userId, day),
      at: closesAtMs,
      arm: armOf(userId),
      reason: `cancellations took ${day} below the threshold`,
      amountMicros: netMicros(state),
    })
    this.#context.forward(decidedRecord(decision, -1))
  }
}
