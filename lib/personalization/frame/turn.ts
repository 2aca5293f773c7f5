/** What a decision may ask and say while it looks at an event, a timer, a boundary or a campaign. */
import type { CarouselItems } from '../recommender/model.js'
import type { Campaign } from '../records/campaign.js'
import type { CustomerProfile } from '../records/profile.js'

/** What a decision says. */
export interface DecidedFields {
  /** What it is about: the unit of deduplication. With `subject: 'user'` the user is added to it. */
  readonly subject: string
  /** A kind of the decision; omitted: the plain one. */
  readonly kind?: string
  /** Event time of the decision, epoch milliseconds. Default: the time of this step. */
  readonly at?: number
  /** Item ids, the best first, at most 20. */
  readonly items?: readonly string[]
  /** Why, in words. */
  readonly reason?: string | null
  /** The item or query that led here. */
  readonly becauseOf?: string | null
  /** An amount, micro-units. */
  readonly amountMicros?: number | null
  /** The session it belongs to. */
  readonly sessionId?: string | null
  /** What chose the items. */
  readonly algorithm?: string
  /** The words of the message. */
  readonly title?: string | null
  /** At most `perSecond` decisions of one `key` leave a task in a second. Those of one moment leave in the order of `orderMs`. */
  readonly pace?: { readonly key: string; readonly perSecond: number; readonly orderMs: number }
}

/** One step of one decision for one user. The object is reused: do not keep it. */
export interface Turn<P = unknown> {
  /** The user, or `anonymous:...` for a visitor. */
  readonly userId: string
  /** Null: none is known. */
  readonly profile: CustomerProfile | null
  /** The settings of the decision, those of the configuration included. */
  readonly settings: P
  /** Event time of this step, epoch milliseconds. */
  readonly nowMs: number
  /** The campaigns known now. */
  readonly campaigns: readonly Campaign[]
  /** Decides. A subject that has been decided is not decided again. */
  decide(decided: DecidedFields): void
  /**
   * `onTimer` is called when every event up to `ms` has been seen, itself included. A user may have several timers of one decision,
   * told apart by `timer`; omitted: one without a name. Null takes the timer back.
   */
  wakeAt(ms: number | null, timer?: string): void
  /** `onBoundary` is called for this boundary, or for an earlier one asked for before, when every event before it has been seen. */
  judgeAt(boundaryMs: number): void
  /** The boundary that a time lies in, as `boundary` of the decision says. */
  boundaryOf(ms: number): number
  /** Items for a session, as the carousel asks for them. `seen`: its items, the latest last. */
  recommend(sessionId: string, seen: readonly string[]): CarouselItems
}
