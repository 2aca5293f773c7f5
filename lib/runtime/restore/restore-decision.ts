/** Whether a store on disk can be brought up to date from its changelog: a pure function of facts. */

export interface RestoreFacts {
  /** What the disk says; null: nothing there. */
  readonly checkpoint: {
    readonly offset: number
    readonly topicId: string | null
    readonly writtenAtMs: number
    /** Where the log began when a restore from there began that has not ended; null: the store was complete. */
    readonly restoredFrom: number | null
  } | null
  readonly topicId: string | null
  readonly logStart: number
  /** High watermark, open transactions included (KAFKA-10167). */
  readonly logEnd: number
  /** How long the changelog keeps tombstones; null for a topic that is not compacted. */
  readonly deleteRetentionMs: number | null
  readonly nowMs: number
}

export type RestoreDecision =
  | { readonly kind: 'rollForward'; readonly from: number }
  /** The disk cannot be trusted to become right by replaying what the log still has. */
  | { readonly kind: 'rebuild'; readonly reason: string }

/**
 * A crash alone never wipes. A store is rebuilt only when its changelog is another topic, when the records after its
 * offset are gone, when it was being restored and some of what it has read is gone, when the log ends before it, or when tombstones it has not seen may have been compacted away.
 */
export function decideRestore(facts: RestoreFacts): RestoreDecision {
  const { checkpoint, logStart, logEnd } = facts
  if (checkpoint === null) return { kind: 'rollForward', from: logStart }
  if (checkpoint.topicId !== null && facts.topicId !== null && checkpoint.topicId !== facts.topicId) {
    return { kind: 'rebuild', reason: 'the changelog topic was deleted and created again' }
  }
  if (checkpoint.offset < logStart) {
    return {
      kind: 'rebuild',
      reason: `the changelog begins at ${logStart}, after the store's offset ${checkpoint.offset}`,
    }
  }
  if (checkpoint.offset > logEnd) {
    return {
      kind: 'rebuild',
      reason: `the changelog ends at ${logEnd}, before the store's offset ${checkpoint.offset}`,
    }
  }
  if (checkpoint.restoredFrom !== null && checkpoint.restoredFrom !== logStart) {
    return {
      kind: 'rebuild',
      reason: `a restore was interrupted, and the changelog now begins at ${logStart} instead of ${checkpoint.restoredFrom}`,
    }
  }
  const behind = checkpoint.offset < logEnd
  if (behind && facts.deleteRetentionMs !== null && facts.nowMs - checkpoint.writtenAtMs > facts.deleteRetentionMs) {
    return { kind: 'rebuild', reason: 'the store is older than the changelog keeps tombstones' }
  }
  return { kind: 'rollForward', from: checkpoint.offset }
}

/** A restore longer than tombstones are kept may have read a value whose deletion it never saw. */
export const TOO_SLOW = 'the restore took longer than the changelog keeps tombstones'

/** What the brokers say now of a changelog that is being read. */
export interface ReadingFacts {
  readonly topicId: string | null
  readonly logStart: number
  readonly logEnd: number
}

export interface ChangelogRead {
  readonly topicId: string | null
  /** Next offset to read. */
  readonly position: number
  /** Where the restore ends. */
  readonly to: number
}

/** Why what was read so far must be read again; null: no reason. */
export function whyAnew({ topicId, position, to }: ChangelogRead, now: ReadingFacts): string | null {
  if (topicId !== null && now.topicId !== null && topicId !== now.topicId) {
    return 'the changelog topic was deleted and created again during the restore'
  }
  if (position < to && now.logStart > position) {
    return `the changelog now begins at ${now.logStart}, after the restore's offset ${position}`
  }
  if (position < to && now.logEnd < to) {
    return `the changelog now ends at ${now.logEnd}, before the restore's end ${to}`
  }
  return null
}
