/** Service routing: three errors of a user within ten minutes make the user a priority, until half an hour after the latest error. */
import { durationSetting } from '../config/duration.js'
import { defineDecision } from '../frame/define-decision.js'
import { fields, integer, list, nullable, packed, text } from '../frame/packed/packed.js'

interface Errors {
  /** Times of the latest errors that count, the latest last. */
  readonly at: readonly number[]
  /** Id of the error that made the user a priority; null: the user is none. */
  readonly priority: string | null
}

const NO_ERRORS: Errors = { at: [], priority: null }

export const serviceRouting = defineDecision({
  name: 'service-routing',
  title: 'Service routing',
  within: '1m',
  channel: 'none',
  validFor: '1h',
  reads: ['error'],
  subject: 'event',
  kinds: { priority: 'Service routing: priority', normal: 'Service routing: normal' },
  onlyKinds: true,
  settings: { errors: 3, errorsWithin: '10m', priorityFor: '30m' },
  prepare({ errors, errorsWithin, priorityFor }) {
    if (!Number.isSafeInteger(errors) || errors < 1 || errors > 100) throw new RangeError('errors must be 1 to 100')
    return {
      errors,
      errorsWithinMs: durationSetting(errorsWithin, 'errorsWithin'),
      priorityForMs: durationSetting(priorityFor, 'priorityFor'),
    }
  },
  state: {
    initial: NO_ERRORS,
    serde: packed(fields<Errors>({ at: list(integer), priority: nullable(text) })),
  },
  onEvent({ at, priority }: Errors, event, turn) {
    const { errors, errorsWithinMs, priorityForMs } = turn.settings
    if (priority !== null) {
      turn.wakeAt(event.at + priorityForMs)
      return undefined
    }
    const recent = [...at.filter((one) => event.at - one <= errorsWithinMs), event.at]
    if (recent.length < errors) return { at: recent, priority: null }
    turn.decide({ kind: 'priority', subject: event.eventId, reason: `${errors} errors`, sessionId: event.sessionId })
    turn.wakeAt(event.at + priorityForMs)
    return { at: [], priority: event.eventId }
  },
  onTimer({ priority }: Errors, _atMs, turn) {
    if (priority !== null) turn.decide({ kind: 'normal', subject: priority, reason: 'no error since' })
    return NO_ERRORS
  },
  /** A priority stays, with the later of two ends. */
  merge(known: Errors, visitor: Errors) {
    const priority = known.priority ?? visitor.priority
    return { at: priority === null ? [...known.at, ...visitor.at].sort((a, b) => a - b) : [], priority }
  },
})
