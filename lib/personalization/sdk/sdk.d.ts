/** Types of the SDK for browsers, which is `sdk.js` beside this file. */

/** A decision as the service has made it. Its `channel` says where it is to be shown. */
export interface ReceivedDecision {
  /** Equal for equal decisions. */
  readonly decisionId: string
  /** The name of the decision, for example `carousel`. */
  readonly rule: string
  /** The user it is for. */
  readonly userId: string
  /** What it is about. */
  readonly subject: string
  /** Event time, epoch milliseconds. */
  readonly at: number
  /** Epoch milliseconds. A decision that waits longer for its tab to be visible is not shown. */
  readonly validUntil: number
  /** The session it belongs to. */
  readonly sessionId: string | null
  /** The arm of the experiment that the user is in. */
  readonly arm: 'control' | 'treatment'
  /** Name and version of what chose the items. */
  readonly algorithm: string
  /** Why there are no items, or why it was decided. */
  readonly reason: string | null
  /** The item or query that led to it. */
  readonly becauseOf: string | null
  /** Item ids, the best first. */
  readonly items: readonly string[]
  /** The amount of a spending alert, in millionths. */
  readonly amountMicros: number | null
  /** Whether the decision had a profile of the user. */
  readonly profileKnown: boolean
  /** Where it is to be shown. */
  readonly channel: 'page' | 'push' | 'email' | 'sms' | 'none'
  /** The words of the message, if it has its own. */
  readonly title: string | null
}

/** What `onError` gets. */
export interface SdkError extends Error {
  /**
   * `OPTIONS_INVALID`, `EVENT_TOO_LARGE`, `EVENT_REJECTED`, `QUEUE_FULL`, `SEND_FAILED`, `TICKET_FAILED`, `CONNECTION_FAILED`,
   * `CALLBACK_FAILED`, `SDK_FAILED`, or the code of the door that has answered.
   */
  readonly code: string
  /** Status of the answer, if there was one. */
  readonly status?: number
  /** The event that was not taken. */
  readonly event?: object
  /** The decision that was not shown. */
  readonly decision?: ReceivedDecision
  /** Events dropped so far, with `QUEUE_FULL`. */
  readonly dropped?: number
}

/** What `millrace` takes. */
export interface SdkOptions {
  /** Address of the service, for example `https://millrace.shop.example`. */
  readonly host: string
  /** A key that may write and not read: one of `MILLRACE_WRITE_KEYS`. */
  readonly writeKey: string
  /**
   * A ticket of the user from your site, for each connection. Null: the visitor is not logged in and gets no decisions. Omit it if
   * the service knows your site's login by `authenticate`.
   */
  readonly ticket?: () => Promise<string | null>
  /** The SDK throws no errors; it reports them here. */
  readonly onError?: (error: SdkError) => void
}

/**
 * Shows a decision. It counts as shown when the function has returned, or its promise is fulfilled; after an error it comes again.
 * `false`: it is not for this page. Then no impression is sent, and it does not come again.
 */
export type ShowDecision = (decision: ReceivedDecision) => unknown

/** What `millrace` returns. */
export interface Sdk {
  /** An event, by Segment's name or one of your own. */
  track(name: string, properties?: object): void
  /** From now on the visitor is this user. */
  identify(userId: string | null, traits?: object): void
  /** A page view. Path, title, referrer and address are added, without their queries. */
  page(name?: string, properties?: object): void
  /** What the visitor agrees to, by purpose. */
  consent(purposes: Readonly<Record<string, boolean>>): void
  /** Forgets the visitor, for example at logout. Events in the queue are still sent. */
  reset(): void
  /** Opens the connection with the first callback. Call the returned function to end it. */
  onDecision(callback: ShowDecision): () => void
  /** The id of the visitor in this browser. */
  readonly anonymousId: string
  /** Events that wait to be sent. */
  readonly queued: number
  /** Events dropped because the queue was full. */
  readonly dropped: number
}

/** Starts the SDK. One call for each page. */
declare function millrace(options: SdkOptions): Sdk

export { millrace }
