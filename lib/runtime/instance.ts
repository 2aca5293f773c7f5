/**
 * The loop of one instance. Everything asynchronous (join, take-over, closing a store, commit) reports through an inbox that
 * the loop reads between slices of work, so tasks are only ever touched from one place, in a known order. What is to be done about
 * membership is decided in `membership/`, when to commit in `commit-decision`, what follows a refused commit in `commit-failure`.
 */
import type { GroupIdentity } from '../client/commit.js'
import type { Fetcher } from '../client/fetcher.js'
import type { Assignment } from '../client/group-member.js'
import { isMillraceError } from '../errors.js'
import { Committer, causeOf, type FinishedCommit } from './commit/committer.js'
import { afterFailedCommit, type FailedCommits, NO_FAILED_COMMITS } from './commit/failed-commit.js'
import type { InstanceParts } from './instance-parts.js'
import { retryPauseMs, sleepMs } from './loop-pauses.js'
import {
  decideMembership,
  isComplete,
  isOver,
  type MembershipAction,
  type MembershipEvent,
  type MembershipState,
  OUTSIDE,
} from './membership/membership.js'
import { RetryUntilTimeout } from './retry-until-timeout.js'
import { LostOffsets } from './tasks/lost-offsets.js'
import { TaskOpener } from './tasks/task-opener.js'

/** Records a task handles before the loop looks at the others: a few milliseconds at most. */
const SLICE_RECORDS = 1_000
/** So long at most, however slow a record is. */
const SLICE_MS = 10
/** Pending output while a commit is in flight, in multiples of `commitBytes`, at which processing waits for its outcome. */
const MAX_PENDING_FACTOR = 2

type Event =
  | { readonly kind: 'commit'; readonly commit: FinishedCommit }
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | { readonly kind: 'membership'; readonly event: MembershipEvent }
  | { readonly kind: 'call'; readonly what: () => void }
  | { readonly kind: 'failed'; readonly error: unknown }

export class Instance {
  /** Since it was opened. */
  readonly done = { processedRecords: 0, commits: 0 }
  readonly #parts: InstanceParts
  readonly #committer: Committer
  readonly #retries: RetryUntilTimeout
  readonly #opener: TaskOpener
  readonly #inbox: Event[] = []
  readonly #lostOffsets = new LostOffsets()
  #membership: MembershipState = OUTSIDE
  #identity: GroupIdentity | null = null
  #failedCommits: FailedCommits = NO_FAILED_COMMITS
  /** The last turn found nothing to process. */
  #idle = true
  /** Monotonic time before which no record is processed: a commit was refused, and may be again. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  /** A handler wants a record tried again: back to the last commit as soon as none is on its way. */
  #retryWanted: { readonly taskId: string; readonly attempt: number } | null = null

  constructor(parts: InstanceParts) {
    this.#parts = parts
    this.#retries = new RetryUntilTimeout(
      parts.config,
      (what) => this.#post({ kind: 'call', what }),
      (error) => this.fail(error),
    )
    this.#opener = new TaskOpener({
      takeOver: parts.takeOver,
      tasks: parts.tasks,
      plan: parts.plan,
      retries: this.#retries,
      config: parts.config,
      setAside: parts.setAside,
      state: () => this.#membership,
      post: (event) => this.#post({ kind: 'membership', event }),
      failed: (error) => this.fail(error),
    })
    this.#committer = new Committer({
      group: parts.commitGroup,
      policy: parts.config,
      clock: parts.config.clock,
      onFinished: (commit) => this.#post({ kind: 'commit', commit }),
      onFailed: (error) => this.#post({ kind: 'failed', error }),
    })
  }

  /** The group is about to change its generation: join it. */
  rebalance(): void {
    this.#post({ kind: 'membership', event: { kind: 'rebalance' } })
  }

  /** The group has dropped this member; it joins again, and trusts nothing that is open. */
  sessionLost(): void {
    this.#post({ kind: 'membership', event: { kind: 'sessionLost' } })
  }

  /** Ends `run` with `error`, nothing uncommitted is committed. */
  fail(error: unknown): void {
    this.#post({ kind: 'failed', error })
  }

  /** The state of this task is damaged, or cannot be written: it alone is set aside or closed, and taken over again. */
  taskDamaged(taskId: string, error: unknown): void {
    this.#post({ kind: 'call', what: () => this.#taskDamaged(taskId, error) })
  }

  /** Runs until `stop` is called and everything is committed. @throws whatever stopped it before. */
  async run(): Promise<void> {
    try {
      for (;;) {
        this.#parts.progress.turn()
        // To the last: a listener that hears of one event may call `close`, and a stop comes before a join.
        while (this.#inbox.length > 0) for (const event of this.#inbox.splice(0)) this.#handle(event)
        if (this.#retryWanted !== null && !this.#committer.inFlight) this.#retry(this.#retryWanted)
        if (this.#parts.nextPlan.comeInto(this.#parts.plan)) this.#decide({ kind: 'rebalance' })
        this.#turn()
        if (isOver(this.#membership)) break
        const processed = this.#work()
        const waitMs = this.#commitIfDue(processed)
        if (this.#inbox.length > 0 && processed === 0) await this.#parts.signal.wait(0)
        else if (processed > 0 || waitMs === 0) await this.#parts.config.clock.nextTurn()
        else await this.#parts.signal.wait(waitMs)
      }
    } catch (error) {
      throw this.#parts.explain(error)
    } finally {
      this.#decide({ kind: 'stop', leaves: false })
      this.#retries.end()
      await this.#opener.closeAll()
    }
  }

  /** Finishes what is processed, commits it, and lets `run` return. `leave`: gives the tasks away as soon as that is done. */
  stop(leave: boolean): void {
    const leaves = leave || !this.#parts.member.isStatic
    this.#post({ kind: 'membership', event: { kind: 'stop', leaves } })
    this.#retries.stop()
  }

  get assignedTasks(): number {
    return this.#membership.tasks.size
  }

  /** Tasks with `store` that are ours and not ready to be read; all of them before the group has told us ours. */
  opening(store: string): string[] {
    const { plan } = this.#parts
    const { tasks, generation } = this.#membership
    const has = (taskId: string) => plan.subTopology(taskId).stores.some(({ name }) => name === store)
    if (generation === null) return plan.taskIds.filter(has)
    return [...tasks].filter(([taskId, { phase }]) => phase !== 'running' && has(taskId)).map(([taskId]) => taskId)
  }

  /** After `run` has thrown and the connections are closed: resolves when nothing holds a store open any more. */
  abandoned(): Promise<void> {
    return this.#opener.abandoned()
  }

  #post(event: Event): void {
    this.#inbox.push(event)
    this.#parts.signal.raise()
  }

  #handle(event: Event): void {
    switch (event.kind) {
      case 'commit':
        this.#committer.handled()
        this.#commitFinished(event.commit)
        return
      case 'assigned':
        this.#assigned(event.assignment)
        return
      case 'membership':
        this.#decide(event.event)
        return
      case 'call':
        event.what()
        return
      case 'failed':
        throw event.error
    }
  }

  #turn(): void {
    const changed = this.#membership.arrived === null ? [] : this.#opener.changed()
    // What the record to be retried left behind must not be committed.
    const inFlight = this.#committer.inFlight || this.#retryWanted !== null
    const { pending } = this.#committer
    this.#decide({ kind: 'turn', inFlight, pending, busy: this.#parts.tasks.busy(), changed })
  }

  #decide(event: MembershipEvent): void {
    const { state, actions } = decideMembership(this.#membership, event)
    this.#membership = state
    for (const action of actions) this.#act(action)
    if (actions.length > 0) this.#runningIfReady()
  }

  #act(action: MembershipAction): void {
    switch (action.kind) {
      case 'commit':
        this.#commitNow()
        return
      case 'join':
        this.#join()
        return
      case 'initProducer':
        this.#initProducer()
        return
      case 'open':
        this.#opener.open(action.tasks)
        return
      case 'start':
        this.#opener.start(action)
        return
      case 'discard':
        this.#opener.discard(action)
        return
      case 'close':
        this.#opener.close(action.taskIds)
        if (this.#parts.tasks.size === 0) this.#committer.forget()
        return
      case 'leave':
        void this.#parts.member.leave({ evenIfStatic: true })
        return
      case 'settled':
        this.#parts.tasks.resumeFetching()
        if (this.#membership.tasks.size === 0) this.#failedCommits = NO_FAILED_COMMITS
        return
    }
  }

  #join(): void {
    if (!this.#membership.stopping) this.#parts.lifecycle.transitionTo('rebalancing')
    this.#parts.member.join().then(
      (assignment) => this.#post({ kind: 'assigned', assignment }),
      (error) => {
        if (!this.#membership.retired) this.#post({ kind: 'failed', error })
      },
    )
  }

  #assigned(assignment: Assignment): void {
    const { tasks, outdated } = this.#parts.assignments.accept(assignment)
    this.#identity = assignment.identity
    this.#decide({ kind: 'assigned', generation: assignment.identity, tasks: [...tasks] })
    if (outdated) this.#decide({ kind: 'rebalance' })
  }

  #runningIfReady(): void {
    const { lifecycle } = this.#parts
    if (lifecycle.state === 'rebalancing' && isComplete(this.#membership)) lifecycle.transitionTo('running')
  }

  #work(): number {
    const { tasks } = this.#parts
    if (this.#retryWanted !== null) return 0
    if (this.#membership.stopping) return this.#noteProcessed(this.#guarded(() => tasks.finishHandlers(SLICE_RECORDS)))
    if (this.#membership.holding || this.#waitsForCommit() || this.#pauseMs() > 0) return 0
    // A task may wait for a partition whose records are not delivered yet: an idle turn takes what there is.
    if (this.#idle || !tasks.full()) tasks.deliver(this.#poll())
    const processed = this.#noteProcessed(this.#guarded(() => tasks.process(SLICE_RECORDS, SLICE_MS)))
    this.#idle = processed === 0
    if (tasks.commitRequested()) this.#committer.request()
    return processed
  }

  #noteProcessed(records: number): number {
    this.done.processedRecords += records
    if (records > 0) this.#committer.noteWork()
    return records
  }

  /** Slow records would keep a commit from its answers until the broker aborts it; output may gather for the next one only. */
  #waitsForCommit(): boolean {
    const { tasks, config } = this.#parts
    if (!this.#committer.inFlight) return false
    if (tasks.slow || this.#failedCommits.count > 0) return true
    return tasks.pendingBytes() >= MAX_PENDING_FACTOR * config.commitBytes
  }

  #pauseMs(): number {
    return this.#pausedUntilMs - this.#parts.config.clock.monotonicMs()
  }

  /** Runs user code of many tasks: what concerns one of them costs that one. */
  #guarded(step: () => number): number {
    try {
      return step()
    } catch (error) {
      // Of other tasks, maybe: what they did stays, and is committed.
      if (isMillraceError(error, 'STATE_DAMAGED') && error.taskId !== undefined) {
        this.#taskDamaged(error.taskId, error)
        return 1
      }
      if (!isMillraceError(error, 'PROCESS_RETRY')) throw error
      const { taskId = '', node, topic, partition, offset, attempt = 1 } = error
      this.#parts.config.log.warn({ taskId, node, topic, partition, offset, attempt }, 'a record is tried again')
      this.#retryWanted = { taskId, attempt }
      this.#parts.signal.raise()
      return 1
    }
  }

  #taskDamaged(taskId: string, error: unknown): void {
    if (!this.#parts.tasks.has(taskId)) return
    if (isMillraceError(error, 'STATE_DAMAGED')) this.#opener.damaged(taskId, error.message)
    this.#decide({ kind: 'taskLost', taskId })
  }

  /** What the failed attempt wrote was never sent, so dropping it undoes it. Other tasks go on. */
  #retry({ taskId, attempt }: { readonly taskId: string; readonly attempt: number }): void {
    this.#retryWanted = null
    this.#parts.tasks.retry(taskId, retryPauseMs(attempt, this.#parts.config))
  }

  /** An offset that is gone may only mean that this member was overtaken: its task is taken over again before it counts. */
  #poll(): ReturnType<Fetcher['poll']> {
    try {
      return this.#parts.fetcher.poll()
    } catch (error) {
      if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
      const { tasks } = this.#parts
      const { topic = '', partition = -1 } = error
      const taskId = tasks.readerOf(topic, partition)
      if (taskId === null) return []
      const { number } = this.#membership.tasks.get(taskId)!
      if (this.#lostOffsets.isFinal(error, number, tasks.committedOffset(topic, partition))) throw error
      this.#decide({ kind: 'taskLost', taskId })
      return []
    }
  }

  /** Commits when due; returns how long the loop may sleep otherwise (null: until something happens). */
  #commitIfDue(processed: number): number | null {
    const { tasks, config } = this.#parts
    if (this.#membership.holding || this.#retryWanted !== null || this.#identity === null) return null
    const pendingBytes = tasks.pendingBytes()
    // While handlers work there is more to come: a commit now would only make the task wait for them.
    const drained = processed === 0 && !tasks.busy()
    // Past markers and aborted records there is nothing to process, and yet the lag must go to 0 (KAFKA-6607).
    if (drained && !this.#committer.pending && tasks.moved()) this.#committer.noteWork()
    if (this.#membership.stopping && this.#committer.pending && !this.#committer.inFlight) {
      this.#commitNow()
      // With nothing to collect there is no outcome that would wake the loop.
      return this.#committer.inFlight ? null : 0
    }
    const decision = this.#committer.decide(pendingBytes > 0, pendingBytes, drained)
    if (decision.kind === 'commit') {
      this.#commitNow()
      return 0
    }
    const timerAtMs = tasks.nextTimerMs()
    return sleepMs({
      commitMs: decision.untilMs === null ? null : decision.untilMs - config.clock.monotonicMs(),
      pauseMs: this.#pauseMs(),
      timerMs: timerAtMs === null ? null : timerAtMs - config.clock.now(),
      timersRest: this.#membership.stopping || this.#waitsForCommit(),
    })
  }

  #commitNow(): void {
    const identity = this.#identity
    if (identity !== null) this.#guarded(() => this.#committer.start(this.#parts.tasks.collect(), identity))
  }

  #commitFinished({ outcome, parts, durationMs }: FinishedCommit): void {
    const { config, tasks, committed, rejectedBatches } = this.#parts
    if (outcome.kind === 'committed') {
      this.#failedCommits = NO_FAILED_COMMITS
      this.done.commits++
      tasks.committed(parts, outcome.batchOffsets)
      committed.deliver(parts, outcome.batchOffsets, durationMs)
      return
    }
    config.log.warn({ outcome: outcome.kind, cause: causeOf(outcome) }, 'a commit did not go through')
    const nowMs = config.clock.monotonicMs()
    const recordAtFault = outcome.kind === 'aborted' && rejectedBatches.note(outcome.cause, parts)
    const { failed, next } = afterFailedCommit(this.#failedCommits, outcome, { recordAtFault, nowMs }, config)
    this.#failedCommits = failed
    if (next.kind === 'end') throw next.error
    this.#pausedUntilMs = nowMs + next.pauseMs
    this.#committer.forget()
    if (next.kind === 'takeOver') {
      this.#decide({ kind: 'producerLost' })
      return
    }
    // The transaction is certainly not visible: back to the committed offsets, with the stores as committed.
    tasks.rewind()
    if (outcome.kind === 'staleGeneration') this.#decide({ kind: 'staleGeneration' })
  }

  #initProducer(): void {
    this.#retries.until(
      'the initialisation of the producer',
      () => this.#parts.commitGroup.init(),
      () => this.#post({ kind: 'membership', event: { kind: 'producerReady' } }),
    )
  }
}
