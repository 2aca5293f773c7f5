/** What the hub is given, and what it counts. */
import type { Clock, Log } from '../../../index.js'
import type { Recommendation } from '../../records/recommendation.js'
import type { ServicePort } from '../../service-port.js'

export interface DeliveryOptions {
  readonly service: ServicePort
  readonly clock: Clock
  readonly log: Log
  /** Told of every decision seen, once, by whichever way it came first; with `triggered-at`, where the record has it. */
  readonly onDecision?: (decision: Recommendation, triggeredAtMs: number | null) => void
  /** Told when a decision is handed to a browser's socket. */
  readonly onSent?: (decision: Recommendation) => void
  /** Decisions kept in memory for browsers that come back; over all partitions, default 10,000. */
  readonly historyRecords?: number
}

export interface DeliveryTotals {
  readonly connections: number
  readonly sent: number
  /** Waited in a slow browser's queue until it was full. */
  readonly dropped: number
  /** No longer valid when they would have been shown. */
  readonly expired: number
}
