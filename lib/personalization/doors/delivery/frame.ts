/** The messages on the WebSocket in both directions: JSON text, one object per frame, with `type` first. */
import type { Recommendation } from '../../records/recommendation.js'

/** A decision and where it stands on the `recommendations` topic. */
export interface PlacedDecision {
  readonly partition: number
  readonly offset: number
  readonly decision: Recommendation
}

/** Everything before `next` has been sent to this browser; it says so when it comes back. */
export interface DeliveryPosition {
  readonly partition: number
  readonly next: number
}

/** The browser's first message: what it has. A new one says null and []. */
export interface ResumeMessage {
  readonly type: 'resume'
  readonly position: DeliveryPosition | null
  /** Ids it got at or after `position`; they are not sent again. */
  readonly have: readonly string[]
  /** Whether it shows the figures of the service; others are not sent them. */
  readonly figures?: boolean
}

/** Decisions that the browser has shown. Each is one impression, however often it is said. */
export interface AckMessage {
  readonly type: 'ack'
  readonly decisionIds: readonly string[]
}

export type ServerFrame =
  /** The answer to "resume". `gap`: what came before the oldest record kept is missing. */
  | { readonly type: 'hello'; readonly userId: string; readonly resumed: boolean; readonly gap: boolean }
  | { readonly type: 'decision'; readonly position: DeliveryPosition; readonly decision: Recommendation }
  /** Everything that was missed has been sent. */
  | { readonly type: 'live'; readonly position: DeliveryPosition }

/** Decision ids in one message. */
export const MAX_IDS = 64
const DECISION_ID = /^[0-9a-f]{32}$/

/** The message in a frame from the browser; null where it is anything else. */
export function parseResume(text: string): ResumeMessage | null {
  const value = parsed(text)
  if (value?.type !== 'resume' || !isIds(value.have)) return null
  const { position, have, figures = false } = value
  if ((position !== null && !isPosition(position)) || typeof figures !== 'boolean') return null
  return { type: 'resume', position, have, ...(figures ? { figures } : {}) }
}

/** The same for "ack". */
export function parseAck(text: string): AckMessage | null {
  const value = parsed(text)
  if (value?.type !== 'ack' || !isIds(value.decisionIds) || value.decisionIds.length === 0) return null
  return { type: 'ack', decisionIds: value.decisionIds }
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isIds(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_IDS &&
    value.every((id) => typeof id === 'string' && DECISION_ID.test(id))
  )
}

function isPosition(value: unknown): value is DeliveryPosition {
  return isObject(value) && isCount(value.partition) && isCount(value.next)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
