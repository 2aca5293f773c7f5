/** How many events a batch may have. */
import { DoorError } from '../errors.js'
import type { DoorLimits } from './door-limits.js'

/** @throws DoorError REQUEST_TOO_LARGE */
export function checkBatch(events: readonly unknown[], { maxBatchEvents }: DoorLimits): void {
  if (maxBatchEvents === 0 || events.length <= maxBatchEvents) return
  throw new DoorError('REQUEST_TOO_LARGE', `more than ${maxBatchEvents} events in a batch (--max-batch-events)`)
}
