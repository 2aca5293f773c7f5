/**
 * Spending alert: the purchases of a customer on a UTC day reach the threshold. Cancellations count at the close of the day only: an
 * alert is withdrawn if they take the day below it. Both answers depend on which events came, not on their order.
 */
import { defineDecision } from '../frame/define-decision.js'
import { fields, flag, list, packed, unsigned } from '../frame/packed/packed.js'
import { micros } from '../records/money.js'

/** What a customer has spent on one day. */
interface Day {
  /** Days since 1970. */
  readonly day: number
  readonly purchasedMicros: number
  readonly cancelledMicros: number
  readonly alerted: boolean
}

const DAY_MS = 86_400_000
const NO_DAYS: readonly Day[] = []

export const spendingAlert = defineDecision({
  name: 'spending-alert',
  title: 'Spending alert',
  within: '200ms',
  channel: 'page',
  validFor: '1d',
  reads: ['purchase', 'cancellation'],
  order: 'arrival',
  kinds: { withdrawn: 'Spending alert withdrawn' },
  settings: { threshold: '500.00' },
  prepare: ({ threshold }) => ({ thresholdMicros: micros(threshold, 'threshold') }),
  state: {
    initial: NO_DAYS,
    serde: packed(
      list(fields<Day>({ day: unsigned, purchasedMicros: unsigned, cancelledMicros: unsigned, alerted: flag })),
    ),
  },
  onEvent(days: readonly Day[], event, turn) {
    if (event.userId === null || event.unitPriceMicros === null) return undefined
    const { thresholdMicros } = turn.settings
    const amountMicros = Math.max(0, event.unitPriceMicros * event.quantity)
    const day = Math.floor(event.at / DAY_MS)
    const held = days.find((one) => one.day === day) ?? { day, purchasedMicros: 0, cancelledMicros: 0, alerted: false }
    turn.judgeAt(turn.boundaryOf(event.at))
    const others = days.filter((one) => one !== held)
    if (event.type === 'cancellation') {
      return [...others, { ...held, cancelledMicros: held.cancelledMicros + amountMicros }]
    }
    const purchasedMicros = held.purchasedMicros + amountMicros
    const reaches = !held.alerted && purchasedMicros >= thresholdMicros
    if (reaches) {
      turn.decide({
        subject: dayText(day),
        sessionId: event.sessionId,
        reason: `purchases of ${dayText(day)} reached the threshold`,
        becauseOf: event.itemId,
        amountMicros: purchasedMicros,
      })
    }
    return [...others, { ...held, purchasedMicros, alerted: held.alerted || reaches }]
  },
  onBoundary(days: readonly Day[], atMs, turn) {
    const left: Day[] = []
    for (const one of days) {
      const closesAtMs = (one.day + 1) * DAY_MS
      if (closesAtMs > atMs) {
        left.push(one)
        turn.judgeAt(closesAtMs)
        continue
      }
      const netMicros = one.purchasedMicros - one.cancelledMicros
      if (!one.alerted || netMicros >= turn.settings.thresholdMicros) continue
      turn.decide({
        kind: 'withdrawn',
        subject: dayText(one.day),
        at: closesAtMs,
        reason: `cancellations took ${dayText(one.day)} below the threshold`,
        amountMicros: netMicros,
      })
    }
    return left.length === 0 ? NO_DAYS : left
  },
})

/** `2010-12-01`, as it is in the subject. */
function dayText(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10)
}
