/** Where the decisions of a task leave: to be delivered, or as proposals of a slower tier. */
import type { StreamRecord } from '../../index.js'
import { decidedRecord } from '../records/decided-record.js'
import type { Recommendation } from '../records/recommendation.js'
import type { UserEntry } from './user/user-entry.js'

/** Takes the decisions of one user. */
export interface Outlet {
  /**
   * `triggeredAt`: when the broker stored the event that led here, epoch milliseconds; -1: no single event did. `entry` may be changed.
   */
  decided(decision: Recommendation, triggeredAt: number, entry: UserEntry, nowMs: number): void
}

/** Forwards every decision as it is. */
export function forwardingOutlet(forward: (record: StreamRecord<string, Recommendation>) => void): Outlet {
  return { decided: (decision, triggeredAt) => forward(decidedRecord(decision, triggeredAt)) }
}
