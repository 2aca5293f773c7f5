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
}

export type ServerFrame =
  /** The answer to "resume". `gap`: what came before the oldest record kept is missing. */
  | { readonly type: 'hello'; readonly userId: string; readonly resumed: boolean; readonly gap: boolean }
  | { readonly type: 'decision'; readonly position: DeliveryPosition; readonly decision: Recommendation }
  /** Everything that was missed has been sent. */
  | { readonly type: 'live'; readonly position: DeliveryPosition }

/** Ids that a browser may name as its own. */
const MAX_HAVE = 64
const DECISION_ID = /^[0-9a-f]{32}$/

/** The message in a frame from the browser; null where it is anything else. */
export function parseResume(text: string): ResumeMessage | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(value) || value.type !== 'resume' || !Array.isArray(value.have)) return null
  const { position, have } = value
  if (have.length > MAX_HAVE || !have.every((id) => typeof id === 'string' && DECISION_ID.test(id))) return null
  if (position !== null && !isPosition(position)) return null
  return { type: 'resume', position, have: have as string[] }
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
