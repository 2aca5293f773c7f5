/**
 * Spending alert as a pure state machine, one state per customer and UTC day: no clock, plain JSON, exact amounts.
 *
 * Purchases only ever add up, so the threshold is reached in whatever order they arrive; cancellations count at the
 * day's close only. Both answers depend on which events came in time, not on their order. Duplicated event ids must have
 * been dropped before.
 */
import type { UserActivity } from '../records/activity.js'

export interface SpendingOptions {
  /** Purchases of a day that raise the alert, in micro-units; default 500.00. */
  readonly thresholdMicros: number
  /** How long after its end a day still takes events, in milliseconds of event time. */
  readonly graceMs: number
}

/** Start from `NO_SPENDING`. */
export interface SpendingState {
  readonly purchasedMicros: number
  readonly cancelledMicros: number
  /** The alert was raised. */
  readonly alerted: boolean
}

export const NO_SPENDING: SpendingState = { purchasedMicros: 0, cancelledMicros: 0, alerted: false }

export interface SpendingStep {
  readonly state: SpendingState
  /** True at the one event whose amount takes the day's purchases to the threshold or past it. */
  readonly fires: boolean
}

const DAY_MS = 86_400_000

/** True for what the rule looks at: purchases and cancellations with a price, of a known customer. */
export function isSpending(activity: UserActivity): boolean {
  return (
    activity.userId !== null &&
    activity.unitPriceMicros !== null &&
    (activity.type === 'purchase' || activity.type === 'cancellation')
  )
}

/** The UTC day of an event time, counted from 1970: with the customer, the key of a state. */
export function spendingDayNumber(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

/** `2010-12-01`, as it is in a decision's subject. */
export function spendingDay(dayNumber: number): string {
  return new Date(dayNumber * DAY_MS).toISOString().slice(0, 10)
}

/** Takes in one event for which `isSpending` holds, of the state's customer and day. */
export function spend(state: SpendingState, activity: UserActivity, options: SpendingOptions): SpendingStep {
  const amountMicros = Math.max(0, activity.unitPriceMicros! * activity.quantity)
  if (activity.type === 'cancellation') {
    const { purchasedMicros, cancelledMicros, alerted } = state
    return { state: { purchasedMicros, cancelledMicros: cancelledMicros + amountMicros, alerted }, fires: false }
  }
  const purchasedMicros = state.purchasedMicros + amountMicros
  const fires = !state.alerted && purchasedMicros >= options.thresholdMicros
  return { state: { purchasedMicros, cancelledMicros: state.cancelledMicros, alerted: state.alerted || fires }, fires }
}

/** Stream time from which the day takes no event any more and can be judged: its end plus grace, epoch milliseconds. */
export function spendingClosesAt(dayNumber: number, options: SpendingOptions): number {
  return (dayNumber + 1) * DAY_MS + options.graceMs
}

/** The judgement at the day's close: true where an alert was raised and cancellations take the day below the threshold. */
export function isWithdrawn(state: SpendingState, options: SpendingOptions): boolean {
  return state.alerted && netMicros(state) < options.thresholdMicros
}

/** Purchases less cancellations, in micro-units. */
export function netMicros(state: SpendingState): number {
  return state.purchasedMicros - state.cancelledMicros
}
