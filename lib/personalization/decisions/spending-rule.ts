/**
 * Spending alert: adds up the purchases of a customer and day, alerts at the threshold, and checks each day once at its
 * close.
 */
import type { KeyValueStore, Processor, ProcessorContext, StreamRecord } from '../../index.js'
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
import { TimerBuckets } from './timers.js'

export const SPENDING_STORE = 'spending'

const TIMER_EXACTLY_MS = 1_000

/** A customer's day. Judged by the end of the input it stays closed, so that it cannot alert a second time. */
interface Day extends SpendingState {
  readonly judged?: boolean
}

export class SpendingRule implements Processor<string | null, Admitted, string, Recommendation> {
  readonly #options: SpendingOptions
  #context!: ProcessorContext<string, Recommendation>
  #store!: KeyValueStore<string, string>
  #timers!: TimerBuckets

  constructor(options: SpendingOptions) {
    this.#options = options
  }

  init(context: ProcessorContext<string, Recommendation>): void {
    this.#context = context
    this.#store = context.getStateStore(SPENDING_STORE)
    this.#timers = new TimerBuckets(this.#store, TIMER_EXACTLY_MS)
  }

  process(record: StreamRecord<string | null, Admitted>): void {
    const admitted = record.value
    const ends = admitted.kind === 'tick' && admitted.ends
    const nowMs = admitted.streamTimeMs
    for (const subject of this.#timers.due(ends ? Number.POSITIVE_INFINITY : nowMs, nowMs)) {
      this.#close(subject, nowMs, ends)
    }
    if (admitted.kind !== 'activity' || !isSpending(admitted.activity)) return
    this.#add(admitted.activity, admitted.appendedAt, nowMs)
  }

  #add(activity: UserActivity, appendedAt: number, nowMs: number): void {
    const userId = activity.userId!
    const dayNumber = spendingDayNumber(activity.at)
    const subject = `${dayNumber}/${userId}`
    const text = this.#store.get(`day/${subject}`)?.value
    const held: Day = text === undefined ? NO_SPENDING : (JSON.parse(text) as Day)
    if (held.judged) return
    const { state, fires } = spend(held, activity, this.#options)
    this.#store.put(`day/${subject}`, JSON.stringify(state), activity.at)
    if (text === undefined) this.#timers.add(spendingClosesAt(dayNumber, this.#options), subject, nowMs)
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

  #close(subject: string, nowMs: number, inputEnds: boolean): void {
    const text = this.#store.get(`day/${subject}`)?.value
    if (text === undefined) return
    const state = JSON.parse(text) as Day
    const slash = subject.indexOf('/')
    const dayNumber = Number(subject.slice(0, slash))
    const closesAtMs = spendingClosesAt(dayNumber, this.#options)
    const staysJudged = inputEnds && closesAtMs > nowMs
    this.#store.put(`day/${subject}`, staysJudged ? JSON.stringify({ ...state, judged: true }) : null, nowMs)
    if (staysJudged) this.#timers.add(closesAtMs, subject, nowMs)
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
