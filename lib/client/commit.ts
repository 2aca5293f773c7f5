/** The words of a commit, shared by the transaction manager, the group member and the runtime. */
import type { BatchBuilder } from '../protocol/index.js'

/** One batch for one partition. A partition with more than a batch's worth appears several times, in order. */
export interface ProduceBatch {
  readonly topic: string
  readonly partition: number
  readonly builder: BatchBuilder
}

export interface OffsetToCommit {
  readonly topic: string
  readonly partition: number
  /** The next offset to read. */
  readonly offset: number
  /** Under which leader the record before it was written (KIP-320), or a later one; -1, the default: not known. */
  readonly leaderEpoch?: number
  /** At most 4,096 bytes; the broker's limit. */
  readonly metadata: string
}

/** Who commits (KIP-447): a stale member or generation is refused by the broker. */
export interface GroupIdentity {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  readonly groupInstanceId: string | null
}

/** Batch → offset of its first record. Other writers' batches may lie between two of the same partition. */
export type BatchOffsets = ReadonlyMap<ProduceBatch, number>

/** How a transaction ended. Only `unknown` leaves the question open; it is answered by InitProducerId, never by a guess. */
export type CommitOutcome =
  | { readonly kind: 'committed'; readonly batchOffsets: BatchOffsets }
  /** Nothing of it is visible, the producer can go on. */
  | { readonly kind: 'aborted'; readonly cause: unknown }
  /** Aborted because the group has moved on (ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS). */
  | { readonly kind: 'staleGeneration' }
  /** Another producer, or a transaction timeout, took the id over: nothing of it is or becomes visible. */
  | { readonly kind: 'fenced'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown }
