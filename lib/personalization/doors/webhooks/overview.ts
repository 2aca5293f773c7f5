/** What operators see of the webhooks of a service, and what they can do. */
import type { DeliveryLog, LoggedDelivery } from './delivery-log.js'
import type { Webhook, WebhookTotals } from './webhook.js'

/** The webhooks of a service that runs. Its doors show them to operators. */
export interface RunningWebhooks extends AsyncDisposable {
  /** Whether there is a webhook of this name. */
  has(name: string): boolean
  /** What each webhook does now. */
  statuses(): WebhookStatus[]
  /** The latest first. */
  deadLetters(name: string, most: number): DeadLetterStatus[]
  /** Sends dead letters again, all or those named; resolves when that is stored. @throws MillraceError CLIENT_* */
  replay(name: string, decisionIds: ReadonlySet<string> | null): Promise<Replayed>
  /** Resolves when that is stored. @throws MillraceError CLIENT_* */
  enable(name: string): Promise<void>
  /**
   * Resolves when nothing more is to be expected soon: each decision that this instance has to send was delivered or has
   * failed often, or its webhook is down, paused or disabled.
   */
  drained(): Promise<void>
  /** Attempts under way get a second to end; what was not delivered is sent after the next start. */
  close(): Promise<void>
}

/** Totals are those of this instance since it started. */
export interface WebhookStatus extends WebhookTotals {
  readonly name: string
  /** Of its URL. */
  readonly origin: string
  /** The channels that it takes. */
  readonly channels: readonly string[]
  /** The decisions that it takes. */
  readonly decisions: readonly string[] | null
  /** Whether it delivers. */
  readonly state: 'enabled' | 'disabled'
  /** Nothing is sent before this time; null: it is not paused. */
  readonly pausedUntil: string | null
  /** Decisions in memory that wait for their turn, and requests under way. */
  readonly queued: number
  /** Requests under way. */
  readonly underWay: number
  /** Decisions of all instances that failed and wait for their next attempt. */
  readonly retrying: number
  /** Of all instances. */
  readonly deadLetters: number
  /** When it delivered last. */
  readonly lastDeliveredAt: string | null
  /** The latest failure. */
  readonly lastFailure: { readonly at: string; readonly why: string } | null
}

/** A decision that the receiver rejected. */
export interface DeadLetterStatus {
  /** The id of the decision. */
  readonly decisionId: string
  /** Its rule. */
  readonly rule: string
  /** Where it is on the topic of the decisions. */
  readonly partition: number
  readonly offset: number
  /** How often it was tried. */
  readonly attempts: number
  /** When it was tried last. */
  readonly lastAttemptAt: string
  /** How the last attempt ended. */
  readonly why: string
}

/** What a replay of dead letters did. */
export interface Replayed {
  /** Are sent again. */
  readonly replayed: number
  /** Are not worth sending any more. */
  readonly expired: number
  /** Were deleted from the topic of the decisions meanwhile. */
  readonly deleted: number
}

export function deadLetterStatus([decisionId, letter]: readonly [string, LoggedDelivery]): DeadLetterStatus {
  const { rule, partition, offset, attempts, atMs, why } = letter
  return { decisionId, rule, partition, offset, attempts, lastAttemptAt: isoTime(atMs), why }
}

/** Without the path of its URL, which may contain a secret. */
export function statusOf(webhook: Webhook, log: DeliveryLog): WebhookStatus {
  const { name, url, channels, decisions } = webhook.settings
  const { queued, underWay, pausedUntilMs } = webhook.activity
  const { lastFailure, lastDeliveredAtMs } = webhook
  return {
    name,
    origin: url.origin,
    channels: [...channels],
    decisions: decisions === null ? null : [...decisions],
    state: webhook.isDisabled ? 'disabled' : 'enabled',
    pausedUntil: pausedUntilMs === 0 ? null : isoTime(pausedUntilMs),
    queued,
    underWay,
    retrying: log.count(name, 'retry'),
    deadLetters: log.count(name, 'dead'),
    ...webhook.totals,
    lastDeliveredAt: lastDeliveredAtMs === null ? null : isoTime(lastDeliveredAtMs),
    lastFailure: lastFailure === null ? null : { at: isoTime(lastFailure.atMs), why: lastFailure.why },
  }
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
