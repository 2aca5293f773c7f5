/** Asynchronous user code: the only node whose records are not finished when a push returns. */
import type { StreamRecord } from '../record/record.js'
import type { NodeBase } from './node-base.js'

/** What a handler is told of the attempt it makes. */
export interface AsyncAttempt {
  /** 1 for the first. */
  readonly attempt: number
  /** Aborted when the attempt times out, or its result is no longer wanted: the commit was aborted, the task closed. */
  readonly signal: AbortSignal
}

/** Answers the records to hand on, in order; all of them or, where it throws, none. */
export type AsyncHandler<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> = (
  record: StreamRecord<KIn, VIn>,
  attempt: AsyncAttempt,
) => Promise<readonly StreamRecord<KOut, VOut>[]>

export interface AsyncNode extends NodeBase {
  readonly kind: 'async'
  readonly handler: AsyncHandler
  /** Results may have another key than the record they came of. */
  readonly changesKey: boolean
  /** Handlers running at once, per task. */
  readonly concurrency: number
  /** `input`: results continue in the order the records came; `key`: only those of one key do. */
  readonly order: 'input' | 'key'
  /** Of one attempt; null: none. */
  readonly timeoutMs: number | null
  /** Attempts before the record fails, >= 1. */
  readonly attempts: number
  /** Pause before the second attempt; doubled before each further one. */
  readonly backoffMs: number
}
