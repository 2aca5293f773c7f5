/** Carousel: every view and every search gets one decision, also if the list is empty. */
import { defineDecision } from '../frame/define-decision.js'
import { fields, list, packed, text } from '../frame/packed/packed.js'
import { sessionOf } from '../records/activity.js'

/** The latest session of a user. */
interface Session {
  readonly id: string
  /** Viewed items, the latest last. */
  readonly items: readonly string[]
}

/** Items of a session that are remembered; the recommenders look at the last four distinct ones. */
const MAX_ITEMS = 10

export const carousel = defineDecision({
  name: 'carousel',
  title: 'Carousel',
  within: '200ms',
  channel: 'page',
  validFor: '30m',
  reads: ['view', 'search'],
  order: 'arrival',
  subject: 'event',
  mayBeEmpty: true,
  keepFor: '1d',
  state: { initial: null, serde: packed<Session | null>(fields<Session>({ id: text, items: list(text) }) as never) },
  onEvent(held: Session | null, event, turn) {
    const id = sessionOf(event)
    const before = held?.id === id ? held.items : []
    const items = event.type === 'view' ? [...before, event.itemId!].slice(-MAX_ITEMS) : before
    const answer = turn.recommend(id, items)
    turn.decide({
      subject: event.eventId,
      sessionId: id,
      algorithm: answer.algorithm,
      reason: answer.reason,
      becauseOf: event.type === 'search' ? event.query : event.itemId,
      items: answer.items,
    })
    return held?.id === id && items === before ? undefined : { id, items }
  },
  /** The session on the device that has just become known goes on. */
  merge(known: Session | null, visitor: Session | null) {
    if (known === null || visitor === null || known.id !== visitor.id) return visitor ?? known
    return { id: known.id, items: [...known.items, ...visitor.items].slice(-MAX_ITEMS) }
  },
})
