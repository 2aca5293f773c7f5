/** The options of a produce queue: its producer, its time limit, and what to do after an unknown outcome. */
import type { Compression } from '../../protocol/batch/compression.js'
import type { Cluster } from '../cluster.js'

export interface ProduceQueueOptions {
  readonly cluster: Cluster
  /** Null outside transactions. */
  readonly transactionalId: string | null
  /** How long a batch is retried. */
  readonly budgetMs: number
  /**
   * Whether to repeat a request whose answer was lost. The broker drops a repeated sequence, but inside a transaction a
   * late first copy could still reach the next one, so there it is an error (the producer is then initialised again).
   */
  readonly repeatUnanswered: boolean
  /**
   * Each partition continues by itself after a batch of unknown outcome, under an epoch of its own, and a batch whose time is
   * up fails with CLIENT_DELIVERY_TIMEOUT. Default false: the producer is told by `onDoubt`, and starts again as a whole.
   */
  readonly lanesRecover?: boolean
  readonly compression: Compression
  /** First sequence of every partition, 0 but in tests. */
  readonly firstSequence: number
  /** Most bytes of records in one request; a batch that is larger goes alone. Default 16 MiB. */
  readonly maxRequestBytes?: number
}
