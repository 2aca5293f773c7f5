/** The carousel: every view and every search gets one decision, also if the list is empty. */
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
import type { SharedModel } from '../recommender/model.js'
import { activityKey, sessionOf, type UserActivity } from '../records/activity.js'
import { decidedRecord } from '../records/decided-record.js'
import { type Recommendation, recommendation } from '../records/recommendation.js'
import { roundedUp } from './timer-times.js'

/** A visitor's session as the carousel remembers it: one per user, the latest. */
interface Session {
  readonly id: string
  readonly lastAt: number
  /** Viewed items, latest last. */
  readonly items: readonly string[]
}

/** `user/<id>` -> the user's last session. */
export const SESSION_STORE = stateStore({ name: 'sessions', key: string, value: json<Session>() })
/** User -> when their last session may be forgotten. */
export const SESSION_TIMERS = 'session-timers'

/** Items of a session that are remembered; the recommenders look at the last four distinct ones. */
const MAX_ITEMS = 10
/** Event time after which a user's last session is forgotten, and how exactly. */
const FORGET_AFTER_MS = 24 * 3_600_000
const FORGET_EXACTLY_MS = 3_600_000

type Fresh = Extract<Admitted, { kind: 'activity' }>

export class CarouselRule implements Processor<string | null, Admitted, string, Recommendation> {
  readonly #model: SharedModel
  #context!: ProcessorContext<string, Recommendation>
  #store!: KeyValueStore<string, Session>
  #timers!: TimerStore<string>
  #partition = -1

  constructor(model: SharedModel) {
    this.#model = model
  }

  init(context: ProcessorContext<string, Recommendation>): void {
    this.#context = context
    this.#store = context.getStateStore(SESSION_STORE)
    this.#timers = context.getStateStore(SESSION_TIMERS)
    this.#partition = Number(context.taskId.split('_')[1])
    this.#model.own(this.#partition)
  }

  close(): void {
    this.#model.release(this.#partition)
  }

  process(record: StreamRecord<string | null, Admitted>): void {
    const admitted = record.value
    this.#forget(admitted.streamTimeMs)
    if (admitted.kind !== 'activity') return
    const { activity, partition, offset } = admitted
    this.#model.judge(activity, partition, offset)
    if (activity.type === 'view' || activity.type === 'search') this.#decide(admitted)
    this.#model.learn(activity, partition, offset)
  }

  #decide({ activity, profile, appendedAt }: Fresh): void {
    const userId = activityKey(activity)
    const items = this.#seen(userId, activity)
    const arm = armOf(userId)
    const sessionId = sessionOf(activity)
    const answer = this.#model.recommend(sessionId, items, arm, profile)
    const decision = recommendation({
      rule: 'carousel',
      userId,
      subject: activity.eventId,
      at: activity.at,
      sessionId,
      arm,
      algorithm: answer.algorithm,
      reason: answer.reason,
      becauseOf: activity.type === 'search' ? activity.query : activity.itemId,
      items: answer.items,
      profileKnown: profile !== null,
    })
    this.#context.forward(decidedRecord(decision, appendedAt))
  }

  /** The session's items with this event's, which are kept; a search adds none. */
  #seen(userId: string, activity: UserActivity): readonly string[] {
    const held = this.#store.get(`user/${userId}`)?.value ?? null
    const id = sessionOf(activity)
    const before = held !== null && held.id === id ? held.items : []
    const items = activity.type === 'view' ? [...before, activity.itemId!].slice(-MAX_ITEMS) : before
    const session: Session = { id, lastAt: Math.max(activity.at, held?.lastAt ?? 0), items }
    this.#store.put(`user/${userId}`, session, activity.at)
    if (held === null) this.#wake(userId, session.lastAt + FORGET_AFTER_MS)
    return items
  }

  #wake(userId: string, dueMs: number): void {
    this.#timers.schedule(userId, roundedUp(dueMs, FORGET_EXACTLY_MS))
  }

  #forget(nowMs: number): void {
    for (const { key: userId } of this.#timers.takeDue(nowMs)) {
      const session = this.#store.get(`user/${userId}`)?.value
      if (session === undefined) continue
      const dueMs = session.lastAt + FORGET_AFTER_MS
      if (dueMs > nowMs) this.#wake(userId, dueMs)
      else this.#store.put(`user/${userId}`, null, nowMs)
    }
  }
}
