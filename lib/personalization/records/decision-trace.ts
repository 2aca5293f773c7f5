/** Why a decision was made: what the decision carries about its cause, the state it read and the rules it was asked about. */

/** How the answers of the rules around a decision are kept: the name of a rule to what it said, with its figures. */
export type RuleAnswers = Record<string, Readonly<Record<string, unknown>>>

/**
 * Part of a decision on its topic, in Avro as in `schemas/recommendation.avsc`; those who show or deliver decisions do not get it. The
 * step that decides makes it, and the rules around the decision complete it. Times are epoch milliseconds; -1: none.
 */
export interface DecisionTrace {
  /** What kind of step decided. */
  readonly cause: 'event' | 'timer' | 'boundary' | 'campaign'
  /** Event time of the event, the timer, the boundary, or of the users' stream when the campaign became known. */
  readonly causeAt: number
  /** The event; null for the other causes. */
  readonly eventId: string | null
  /** Its type. */
  readonly eventType: string | null
  /** Its partition of `user-activity`; of another cause, that of the task. */
  readonly partition: number
  /** Its offset there, or -1. */
  readonly offset: number
  /** When the broker stored it. */
  readonly arrivedAt: number
  /** The tier that decided. */
  readonly tier: string
  /** Wall clock of the step. */
  readonly decidedAt: number
  /** The state that the decision read, as JSON, cut to the configured length; null: none is kept. */
  state: string | null
  /** The state after it, if the configuration says so. */
  written: string | null
  /** Wall clock when the rules were asked last. */
  judgedAt: number
  /** Event time of the latest hold. */
  heldAt: number
  /** When that hold ends. */
  heldUntil: number
  /** {@link RuleAnswers} as JSON: the rules that apply and were asked. Null: none applied. `{}`: they did not fit. */
  rules: string | null
}

/** What of a decision takes room beside its trace. */
export interface TracedFields {
  readonly rule: string
  readonly userId: string
  readonly subject: string
  readonly sessionId: string | null
  readonly algorithm: string
  readonly reason: string | null
  readonly becauseOf: string | null
  readonly items: readonly string[]
  readonly title: string | null
  readonly trace?: DecisionTrace | null
}

/** What the rules around a decision said, the last time they were asked. `options` limit what is kept. */
export function noteAnswers(decision: TracedFields, answers: RuleAnswers, wallMs: number, options: TraceOptions): void {
  const { trace } = decision
  if (!trace) return
  trace.judgedAt = wallMs
  trace.rules = textOf(answers)
  if (options.stateLength !== null) return
  const room = Math.max(0, roomFor(decision, trace))
  if (trace.rules !== null && trace.rules.length > room) trace.rules = shortened(answers, room)
  const left = room - (trace.rules === null ? 0 : Buffer.byteLength(trace.rules))
  trace.state = fitting(trace.state, left)
  trace.written = fitting(trace.written, left - (trace.state === null ? 0 : Buffer.byteLength(trace.state)))
}

function textOf(answers: RuleAnswers): string | null {
  for (const _ in answers) return JSON.stringify(answers)
  return null
}

/** The answers without their figures; `{}` if even these take too much room. */
function shortened(answers: RuleAnswers, room: number): string {
  const bare = Object.entries(answers).map(([rule, { answer }]) => [rule, { answer, cut: true }])
  const text = JSON.stringify(Object.fromEntries(bare))
  return text.length <= room ? text : '{}'
}

/** A record stays under 1 KB with its key and headers; the value gets so much. */
const MAX_VALUE_BYTES = 840
/** Of ids that are hashes, of times, lengths and names that are part of every decision. */
const FIXED_BYTES = 160

/** Bytes that are left for texts of the trace. */
function roomFor(decision: TracedFields, { eventId, eventType, tier }: DecisionTrace): number {
  const { rule, userId, subject, sessionId, algorithm, reason, becauseOf, items, title } = decision
  const own = `${rule}${userId}${subject}${sessionId ?? ''}${algorithm}${reason ?? ''}${becauseOf ?? ''}${title ?? ''}`
  const texts = `${own}${eventId ?? ''}${eventType ?? ''}${tier}${items.join(' ')}`
  return MAX_VALUE_BYTES - FIXED_BYTES - Buffer.byteLength(texts)
}

/** The beginning of a text; null if there is no room worth it. */
function fitting(text: string | null, bytes: number): string | null {
  if (text === null || Buffer.byteLength(text) <= bytes) return text
  // A character takes at most three bytes.
  const length = Math.floor(bytes / 3)
  return length < 16 ? null : text.slice(0, length)
}

/** The decision waits from one event time to another. */
export function noteHold({ trace }: Pick<TracedFields, 'trace'>, fromMs: number, untilMs: number): void {
  if (!trace) return
  trace.heldAt = fromMs
  trace.heldUntil = untilMs
}

/** What a trace keeps of states. */
export interface TraceOptions {
  /** At most so many characters of the JSON of a state, 0: none; null: what fits into a record of 1 KB, at most 500. */
  readonly stateLength: number | null
  /** Whether the state after the decision is kept too. */
  readonly written: boolean
}

export const DEFAULT_TRACE: TraceOptions = Object.freeze({ stateLength: null, written: false })

const DEFAULT_LENGTH = 500

/** A state as a trace keeps it. */
export function stateText(state: unknown, { stateLength }: TraceOptions): string | null {
  if (stateLength === 0 || state === undefined) return null
  try {
    const text = JSON.stringify(state)
    return text === undefined ? null : text.slice(0, stateLength ?? DEFAULT_LENGTH)
  } catch {
    // A decision may keep what JSON has no form for, such as a bigint.
    return null
  }
}
