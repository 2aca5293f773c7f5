/** The cause of the step in progress, from which the traces of its decisions are made. */
import type { UserActivity } from '../../records/activity.js'
import { type DecisionTrace, stateText, type TraceOptions } from '../../records/decision-trace.js'

/** Where an event came from. */
export interface EventOrigin {
  /** Its partition. */
  readonly partition: number
  /** Its offset there. */
  readonly offset: number
  /** When the broker stored it, epoch milliseconds; -1: unknown. */
  readonly arrivedAt: number
}

/** What {@link StepCause} needs of the task. */
export interface StepCauseParts {
  readonly partition: number
  readonly tier: string
  readonly trace: TraceOptions
  /** The wall clock. */
  readonly wallMs: () => number
}

export class StepCause {
  readonly #parts: StepCauseParts
  #cause: DecisionTrace['cause'] = 'timer'
  #atMs = -1
  #event: UserActivity | null = null
  #partition = -1
  #offset = -1
  #arrivedAt = -1
  /** Traces of this step that lack the state after it. */
  #open: DecisionTrace[] = []

  constructor(parts: StepCauseParts) {
    this.#parts = parts
  }

  event(activity: UserActivity, { partition, offset, arrivedAt }: EventOrigin): void {
    this.#cause = 'event'
    this.#atMs = activity.at
    this.#event = activity
    this.#partition = partition
    this.#offset = offset
    this.#arrivedAt = arrivedAt
  }

  time(cause: Exclude<DecisionTrace['cause'], 'event'>, atMs: number): void {
    this.#cause = cause
    this.#atMs = atMs
    this.#event = null
    this.#partition = this.#parts.partition
    this.#offset = -1
    this.#arrivedAt = -1
  }

  /** The trace of a decision that reads `state`. */
  trace(state: unknown): DecisionTrace {
    const { tier, trace: options, wallMs } = this.#parts
    const event = this.#event
    const trace: DecisionTrace = {
      cause: this.#cause,
      causeAt: this.#atMs,
      eventId: event === null ? null : event.eventId,
      eventType: event === null ? null : event.type,
      partition: this.#partition,
      offset: this.#offset,
      arrivedAt: this.#arrivedAt,
      tier,
      decidedAt: wallMs(),
      state: stateText(state, options),
      written: null,
      judgedAt: -1,
      heldAt: -1,
      heldUntil: -1,
      rules: null,
    }
    if (options.written) this.#open.push(trace)
    return trace
  }

  /** The state after the step. */
  wrote(state: unknown): void {
    if (this.#open.length === 0) return
    const written = stateText(state, this.#parts.trace)
    for (const trace of this.#open) trace.written = written
    this.#open = []
  }
}
