/** What follows an attempt to deliver to a webhook: a pure decision, so that one table of rows says all of it. */

/** How an attempt ended. */
export type Outcome =
  /** The whole answer came. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null }
  /** None came, or not to its end. Whether the receiver has the message is not known. */
  | { readonly kind: 'failed'; readonly why: string }

export type NextStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly atMs: number; readonly why: string }
  /** To the dead-letter list: the same request would fail again. */
  | { readonly kind: 'dead'; readonly why: string }
  /** The receiver wants nothing any more. */
  | { readonly kind: 'disable'; readonly why: string }

export interface Attempt {
  /** 1 for the first. */
  readonly attempt: number
  readonly nowMs: number
  /** From 0 up to, but not including, 1. */
  readonly draw: number
}

const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 5 * 60_000
/** Of what `retry-after` may ask for. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000
/** At most so much is added to `retry-after`, as a share of it, so that many senders do not come back together. */
const RETRY_AFTER_JITTER = 0.1

export function nextStep(outcome: Outcome, { attempt, nowMs, draw }: Attempt): NextStep {
  if (outcome.kind === 'failed') return { kind: 'retry', atMs: nowMs + backoffMs(attempt, draw), why: outcome.why }
  const { status } = outcome
  const why = `status ${status}`
  if (status >= 200 && status <= 299) return { kind: 'done' }
  if (status === 410) return { kind: 'disable', why }
  if (status !== 429 && status < 500) return { kind: 'dead', why }
  const askedMs = retryAfterMs(outcome.retryAfter, nowMs)
  if (askedMs === null) return { kind: 'retry', atMs: nowMs + backoffMs(attempt, draw), why }
  // Zero, and a date that has passed, are no reason to ask without a pause.
  const pauseMs = Math.max(FIRST_PAUSE_MS, askedMs)
  return { kind: 'retry', atMs: nowMs + Math.ceil(pauseMs * (1 + RETRY_AFTER_JITTER * draw)), why }
}

/** Doubles with each attempt, from 1 second to 5 minutes; the second half of it is random. */
export function backoffMs(attempt: number, draw: number): number {
  const wholeMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 30))
  return Math.ceil(wholeMs * (0.5 + 0.5 * draw))
}

const SECONDS = /^\d+$/
/** All three forms of a date in HTTP (RFC 9110, 5.6.7) begin with the name of a day. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/

/** How long a `retry-after` asks to wait, at most a day. Null: there is none, or it cannot be read. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  let askedMs: number
  if (SECONDS.test(text)) askedMs = Number(text) * 1_000
  else if (HTTP_DATE.test(text)) askedMs = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) - nowMs
  else return null
  return Number.isNaN(askedMs) ? null : Math.min(MAX_RETRY_AFTER_MS, Math.max(0, askedMs))
}
