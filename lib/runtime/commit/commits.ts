/**
 * The commits of the loop: starts one when it is due, computes how long the loop may sleep, and reports the outcome.
 */
import type { StreamsConfig } from '../../config.js'
import type { RejectedBatches } from '../../task/rejected-batches.js'
import { sleepMs } from '../loop-pauses.js'
import type { MembershipEvent } from '../membership/membership.js'
import { isStopping, type MembershipState } from '../membership/membership-state.js'
import { mayCommit, waitsForCommit } from '../membership/work-decision.js'
import type { TaskSet } from '../tasks/task-set.js'
import type { CommitGroup } from './commit-group.js'
import type { CommittedRecords } from './committed-records.js'
import { Committer, causeOf, type FinishedCommit } from './committer.js'
import { afterFailedCommit } from './failed-commit.js'

export interface CommitsOptions {
  readonly config: StreamsConfig
  readonly tasks: TaskSet
  readonly commitGroup: CommitGroup
  readonly committed: CommittedRecords
  readonly rejectedBatches: RejectedBatches
  readonly state: () => MembershipState
  readonly decide: (event: MembershipEvent) => void
  /** Runs what calls user code of many tasks. */
  readonly guarded: (step: () => number) => number
  /** Brings a commit that has ended back into the loop. */
  readonly onFinished: (commit: FinishedCommit) => void
  readonly onFailed: (error: unknown) => void
}

export class Commits {
  /** Since the instance was opened. */
  count = 0
  readonly #options: CommitsOptions
  readonly #committer: Committer

  constructor(options: CommitsOptions) {
    const { commitGroup: group, config, onFinished, onFailed } = options
    this.#options = options
    this.#committer = new Committer({ group, policy: config, clock: config.clock, onFinished, onFailed })
  }

  /** One whose outcome is not handled. */
  get inFlight(): boolean {
    return this.#committer.inFlight
  }

  /** Something was processed that no commit has collected. */
  get pending(): boolean {
    return this.#committer.pending
  }

  /** Records were processed; `requested`: and user code asks for a commit. */
  note(processed: number, requested: boolean): void {
    if (processed > 0) this.#committer.noteWork()
    if (requested) this.#committer.request()
  }

  /** Nothing is pending any more: it was dropped with its tasks. */
  forget(): void {
    this.#committer.forget()
  }

  /** Whether processing waits for the outcome of the one in flight. */
  holdUp(): boolean {
    const { tasks, config, state } = this.#options
    const { slow } = tasks
    const { inFlight } = this.#committer
    const pendingBytes = () => tasks.pendingBytes()
    return waitsForCommit(state(), { inFlight, slow, pendingBytes, commitBytes: config.commitBytes })
  }

  /** Commits when due; returns how long the loop may sleep otherwise (null: until something happens). */
  ifDue(processed: number): number | null {
    const { tasks, config, state } = this.#options
    if (!mayCommit(state())) return null
    const pendingBytes = tasks.pendingBytes()
    // While handlers work there is more to come: a commit now would only make the task wait for them.
    const drained = processed === 0 && !tasks.busy()
    // Past markers and aborted records there is nothing to process, and yet the lag must go to 0 (KAFKA-6607).
    if (drained && !this.#committer.pending && tasks.moved()) this.#committer.noteWork()
    if (isStopping(state()) && this.#committer.pending && !this.#committer.inFlight) {
      this.now()
      // With nothing to collect there is no outcome that would wake the loop.
      return this.#committer.inFlight ? null : 0
    }
    const decision = this.#committer.decide(pendingBytes > 0, pendingBytes, drained)
    if (decision.kind === 'commit') {
      this.now()
      return 0
    }
    const timerAtMs = tasks.nextTimerMs()
    return sleepMs({
      commitMs: decision.untilMs === null ? null : decision.untilMs - config.clock.monotonicMs(),
      pauseMs: state().pausedUntilMs - config.clock.monotonicMs(),
      timerMs: timerAtMs === null ? null : timerAtMs - config.clock.now(),
      timersRest: isStopping(state()) || this.holdUp(),
    })
  }

  /** Begins one with what there is, under the generation in force. */
  now(): void {
    const { tasks, state, guarded } = this.#options
    const { generation } = state()
    if (generation !== null) guarded(() => this.#committer.start(tasks.collect(), generation))
  }

  finished({ outcome, parts, durationMs }: FinishedCommit): void {
    const { config, tasks, committed, rejectedBatches, state, decide } = this.#options
    this.#committer.handled()
    if (outcome.kind === 'committed') {
      this.count++
      decide({ kind: 'committed' })
      tasks.committed(parts, outcome.batchOffsets)
      committed.deliver(parts, outcome.batchOffsets, durationMs)
      return
    }
    config.log.warn({ outcome: outcome.kind, cause: causeOf(outcome) }, 'a commit failed')
    const nowMs = config.clock.monotonicMs()
    const recordAtFault = outcome.kind === 'aborted' && rejectedBatches.note(outcome.cause, parts)
    const after = afterFailedCommit(state().failedCommits, outcome, { recordAtFault, nowMs }, config)
    decide({ kind: 'commitFailed', ...after, stale: outcome.kind === 'staleGeneration', nowMs })
  }
}
