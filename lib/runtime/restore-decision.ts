/** Whether a store on disk may roll forward from where it stands: a pure function of facts. */

export interface RestoreFacts {
  /** What the disk says; null: nothing there. */
  readonly checkpoint: { readonly offset: number; readonly topicId: string | null; readonly writtenAtMs: number } | null
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
 * offset are gone, when the log ends before it, or when tombstones it has not seen may have been compacted away.
 */
export function decideRestore(facts: RestoreFacts): RestoreDecision {
  const { checkpoint, logStart, logEnd } = facts
  if (checkpoint === null) return { kind: 'rollForward', from: logStart }
  if (checkpoint.topicId !== null && facts.topicId !== null && checkpoint.topicId !== facts.topicId) {
    return { kind: 'rebuild', reason: 'the changelog topic was deleted and made anew' }
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
  const behind = checkpoint.offset < logEnd
  if (behind && facts.deleteRetentionMs !== null && facts.nowMs - checkpoint.writtenAtMs > facts.deleteRetentionMs) {
    return { kind: 'rebuild', reason: 'the store is older than the changelog keeps tombstones' }
  }
  return { kind: 'rollForward', from: checkpoint.offset }
}
