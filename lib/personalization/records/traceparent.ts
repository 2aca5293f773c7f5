/** The W3C trace context of a request: kept with the event, so that a trace goes on in the decision. */

/** The header of a request, and of a record of `user-activity` and of a decision. */
export const TRACEPARENT_HEADER = 'traceparent'

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The trace context, or null if there is none that follows the standard: a wrong one is no reason to reject an event. */
export function traceparentOf(value: unknown): string | null {
  return typeof value === 'string' && TRACEPARENT.test(value) ? value : null
}
