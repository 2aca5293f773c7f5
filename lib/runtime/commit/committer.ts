/**
 * Commits of one instance: what is pending, when to commit, and the one that may be in flight. The numbered steps of a
 * commit: 1 flush record caches, collect outputs, changelog and offsets (task); 2 swap the overlays (task); 3 one
 * transaction (commit group); 4 on success the overlays become the committed view, only then are listeners told and is
 * the disk written; otherwise the instance rewinds or reopens its tasks.
 */
import type { CommitOutcome, GroupIdentity } from '../../client/commit.js'
import type { Clock } from '../../record/clock.js'
import type { TaskCommit } from '../../task/task-commit.js'
import { type CommitDecision, type CommitPolicy, decideCommit } from './commit-decision.js'
import type { CommitGroup } from './commit-group.js'

/** What a task contributes to a commit, and the ownership it did so under. */
export interface OwnedCommit extends TaskCommit {
  readonly number: number
}

/** A commit that has ended, for the loop to act on. */
export interface FinishedCommit {
  readonly parts: readonly OwnedCommit[]
  readonly outcome: CommitOutcome
  readonly durationMs: number
}

export interface CommitterOptions {
  readonly group: CommitGroup
  readonly policy: CommitPolicy
  readonly clock: Clock
  readonly onFinished: (commit: FinishedCommit) => void
  /** An error no outcome covers: not authorised, a record the broker rejects for its size. */
  readonly onFailed: (error: unknown) => void
}

export class Committer {
  readonly #options: CommitterOptions
  #inFlight = false
  #pendingSinceMs: number | null = null
  #requested = false
  #startedMs = Number.NEGATIVE_INFINITY
  #durationMs = 0

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  get inFlight(): boolean {
    return this.#inFlight
  }

  /** True while something was processed that no commit has collected. */
  get pending(): boolean {
    return this.#pendingSinceMs !== null
  }

  /** Records were processed: the age of the oldest decides the next commit. */
  noteWork(): void {
    this.#pendingSinceMs ??= this.#options.clock.monotonicMs()
  }

  request(): void {
    this.#requested = true
  }

  decide(hasOutput: boolean, pendingBytes: number, drained: boolean): CommitDecision {
    return decideCommit(
      {
        nowMs: this.#options.clock.monotonicMs(),
        inFlight: this.#inFlight,
        pendingSinceMs: this.#pendingSinceMs,
        hasOutput,
        pendingBytes,
        drained,
        requested: this.#requested,
        lastCommitMs: this.#durationMs,
        lastCommitStartedMs: this.#startedMs,
      },
      this.#options.policy,
    )
  }

  /** Sends what the tasks collected; processing continues meanwhile. Returns how many tasks that were. */
  start(parts: readonly OwnedCommit[], identity: GroupIdentity): number {
    this.forget()
    if (parts.length === 0) return 0
    this.#inFlight = true
    this.#startedMs = this.#options.clock.monotonicMs()
    const batches = parts.flatMap((part) => part.batches)
    const offsets = parts.flatMap((part) => part.offsets)
    this.#options.group.commit(batches, offsets, identity).then(
      (outcome) => {
        this.#durationMs = this.#options.clock.monotonicMs() - this.#startedMs
        this.#options.onFinished({ parts, outcome, durationMs: this.#durationMs })
      },
      (error) => this.#options.onFailed(error),
    )
    return parts.length
  }

  /**
   * The outcome told by `onFinished` has been acted on. Until then the commit is in flight: between the answer and what
   * follows from it, tasks must neither be rewound nor handed over.
   */
  handled(): void {
    this.#inFlight = false
  }

  /** Nothing is pending: it was collected, or dropped with its tasks. */
  forget(): void {
    this.#pendingSinceMs = null
    this.#requested = false
  }
}

/** In words, for the log. */
export function causeOf(outcome: CommitOutcome): string {
  if (!('cause' in outcome)) return outcome.kind
  return outcome.cause instanceof Error ? outcome.cause.message : String(outcome.cause)
}
