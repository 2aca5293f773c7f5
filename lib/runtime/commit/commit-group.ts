/**
 * The tasks that commit together: takes batches and offsets, and returns one outcome. Exactly-once and at-least-once
 * differ only here.
 */
import { remedyOf } from '../../client/broker-error.js'
import type { CommitOutcome, GroupIdentity, OffsetToCommit, ProduceBatch } from '../../client/commit.js'
import type { GroupMember } from '../../client/group-member.js'
import type { IdempotentProducer } from '../../client/producer.js'
import type { TransactionManager } from '../../client/transaction/transaction-manager.js'
import { isMillraceError } from '../../errors.js'

export interface CommitGroup {
  /** Fences earlier producers of the same id and ends their transaction. Before the first commit, and after `unknown`. */
  init(): Promise<void>
  /** Everything of one commit. `identity` is that of the assignment the work was done under. */
  commit(
    batches: readonly ProduceBatch[],
    offsets: readonly OffsetToCommit[],
    identity: GroupIdentity,
  ): Promise<CommitOutcome>
  close(): Promise<void>
}

/** One transaction per commit (KIP-447). */
export function exactlyOnce(transactions: TransactionManager): CommitGroup {
  return {
    init: () => transactions.init(),
    async commit(batches, offsets, identity) {
      return transactions.run(batches, offsets, identity)
    },
    close: () => transactions.close(),
  }
}

/**
 * Produce, then commit offsets: a crash in between repeats work, it never loses any. Offsets that got no answer may still be on
 * their way, and would overwrite later ones: they are rejected only once the group has another generation.
 */
export function atLeastOnce(
  producer: Pick<IdempotentProducer, 'init' | 'send' | 'close'>,
  member: Pick<GroupMember, 'commitOffsets'>,
  anotherGeneration: () => void,
): CommitGroup {
  return {
    init: () => producer.init(),
    async commit(batches, offsets, identity) {
      let produced = false
      try {
        const batchOffsets = await producer.send(batches)
        produced = true
        await member.commitOffsets(offsets, identity)
        return { kind: 'committed', batchOffsets }
      } catch (cause) {
        if (remedyOf(cause) === 'rejoin') return { kind: 'staleGeneration' }
        // Some of it may be written, and is written again: at least once.
        if (isMillraceError(cause) && !cause.retriable) return { kind: 'aborted', cause }
        if (produced) anotherGeneration()
        return { kind: 'unknown', cause }
      }
    },
    close: () => producer.close(),
  }
}
