/**
 * The loop of one instance. Everything asynchronous (join, take-over, commit) reports through an inbox that the loop
 * reads between slices of work, so tasks are only ever touched from one place, in a known order.
 */
import type { GroupIdentity } from '../client/commit.js'
import type { Fetcher } from '../client/fetcher.js'
import type { Assignment } from '../client/group-member.js'
import { isMillraceError, MillraceError } from '../errors.js'
import { Committer, causeOf, type FinishedCommit } from './committer.js'
import type { InstanceParts } from './instance-parts.js'
import { planMark, SHUTDOWN } from './member-data.js'
import type { Signal } from './signal.js'
import type { OpenedTask } from './take-over.js'
import { TryLater } from './try-later.js'

/** Records a task handles before the loop looks at the others: a few milliseconds at most. */
const SLICE_RECORDS = 1_000
/** So long at most, however slow a record is. */
const SLICE_MS = 10
/** Transactions refused in a row, without a commit between, before the instance gives up and says why. */
const MAX_ABORTS = 20
/** The same for those a record was at fault in, which is found when it comes again: more than a commit has of them. */
const MAX_REFUSALS = 1_000
/** The pause before a record is tried again doubles from `retryBackoffMs` to this. */
const MAX_RETRY_PAUSE_MS = 10_000
const TAKE_OVER = 'a take-over'
const PRODUCER = 'the initialisation of the producer'

type Event =
  | { readonly kind: 'commit'; readonly commit: FinishedCommit }
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | { readonly kind: 'opened'; readonly tasks: readonly OpenedTask[]; readonly continuity: number }
  | { readonly kind: 'producerReady' }
  | { readonly kind: 'again'; readonly what: () => void }
  | { readonly kind: 'failed'; readonly error: unknown }

export class Instance {
  /** Since it was opened. */
  readonly done = { processedRecords: 0, commits: 0 }
  readonly #parts: InstanceParts
  readonly #signal: Signal
  readonly #committer: Committer
  readonly #tryLater: TryLater
  readonly #inbox: Event[] = []
  #identity: GroupIdentity | null = null
  #assigned: ReadonlySet<string> = new Set()
  /** Rises whenever another member may have run our tasks in between: what was opened before is then worthless. */
  #continuity = 0
  #joining = false
  #newAssignment: Assignment | null = null
  /** The session ended: others may have run our tasks whatever the generation numbers say. */
  #sessionLost = false
  #rejoinWanted = true
  /** The group has moved on and we do not know our tasks yet: processing would be thrown away. */
  #holding = false
  #takingOver = false
  #takeOverEnd: Promise<void> = Promise.resolve()
  #producerReady = true
  #abortsInARow = 0
  /** Where a source could not be read any more, and under which continuity. */
  #unreadable = { place: '', continuity: -1 }
  #stopping = false
  /** A handler wants a record tried again: back to the last commit as soon as none is on its way. */
  #retryWanted: { readonly taskId: string; readonly attempt: number } | null = null

  constructor(parts: InstanceParts) {
    this.#parts = parts
    this.#signal = parts.signal
    this.#tryLater = new TryLater(
      parts.config,
      (what) => this.#post({ kind: 'again', what }),
      (error) => this.fail(error),
    )
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
    this.#rejoinWanted = true
    this.#signal.raise()
  }

  /** The group has dropped this member; it joins again, and trusts nothing that is open. */
  sessionLost(): void {
    this.#sessionLost = true
    this.rebalance()
  }

  /** Ends `run` with `error`, nothing uncommitted is committed. */
  fail(error: unknown): void {
    this.#post({ kind: 'failed', error })
  }

  /** Runs until `stop` is called and everything is committed. @throws whatever stopped it before. */
  async run(): Promise<void> {
    try {
      for (;;) {
        for (const event of this.#inbox.splice(0)) await this.#handle(event)
        if (this.#retryWanted !== null && !this.#committer.inFlight) this.#retry(this.#retryWanted)
        // A commit in flight belongs to the old assignment: its outcome comes first.
        if (this.#newAssignment !== null && !this.#committer.inFlight) await this.#applyAssignment(this.#newAssignment)
        if (!this.#takingOver && this.#parts.nextPlan.comeInto(this.#parts.plan)) this.rebalance()
        if (this.#stopping && this.#settled()) break
        this.#stepMembership()
        this.#stepTakeOver()
        const processed = this.#work()
        const waitMs = this.#commitIfDue(processed)
        if (this.#inbox.length > 0) continue
        if (processed > 0) await this.#parts.config.clock.nextTurn()
        else await this.#signal.wait(waitMs)
      }
    } finally {
      this.#stopping = true
      await this.#parts.tasks.closeAll()
    }
  }

  /** Finishes what is processed, commits it, and lets `run` return. */
  stop(): void {
    this.#stopping = true
    this.#signal.raise()
  }

  /** After `run` has thrown and the connections are closed: resolves when nothing holds a store open any more. */
  async abandoned(): Promise<void> {
    await this.#takeOverEnd
    for (const event of this.#inbox.splice(0)) {
      if (event.kind === 'opened') for (const { state } of event.tasks) await state.close({ flush: true })
    }
  }

  #post(event: Event): void {
    this.#inbox.push(event)
    this.#signal.raise()
  }

  #settled(): boolean {
    return !this.#committer.inFlight && !this.#committer.pending && !this.#takingOver && this.#producerReady
  }

  async #handle(event: Event): Promise<void> {
    switch (event.kind) {
      case 'commit':
        return this.#commitFinished(event.commit)
      case 'assigned':
        this.#newAssignment = event.assignment
        return
      case 'opened':
        return this.#tasksOpened(event.tasks, event.continuity)
      case 'producerReady':
        this.#producerReady = true
        this.#tryLater.done(PRODUCER)
        return
      case 'again':
        return event.what()
      case 'failed':
        throw event.error
    }
  }

  /** A rebalance: commit what there is under the generation that ends, then join the next. */
  #stepMembership(): void {
    if (!this.#rejoinWanted || this.#joining || this.#stopping || this.#committer.inFlight) return
    if (this.#committer.pending && !this.#holding) {
      this.#commitNow()
      return
    }
    this.#rejoinWanted = false
    this.#joining = true
    this.#parts.lifecycle.transitionTo('rebalancing')
    this.#parts.member.join().then(
      (assignment) => this.#post({ kind: 'assigned', assignment }),
      (error) => this.#post({ kind: 'failed', error }),
    )
  }

  /**
   * Tasks kept go on with their memory only if no generation was missed: in one that we missed, another member may have
   * run them.
   */
  async #applyAssignment(assignment: Assignment): Promise<void> {
    if (assignment.userData.equals(SHUTDOWN)) {
      const message = 'another instance has failed and asks every instance of the application to stop'
      throw new MillraceError('STREAMS_APPLICATION_SHUTDOWN', message)
    }
    const previous = this.#identity
    const { identity } = assignment
    this.#newAssignment = null
    this.#joining = false
    this.#holding = false
    this.#identity = identity
    this.#assigned = this.#parts.plan.tasksOf(assignment.partitions)
    const step = previous === null ? 1 : identity.generationId - previous.generationId
    const continuous = !this.#sessionLost && (step === 1 || (step === 0 && previous?.memberId === identity.memberId))
    this.#sessionLost = false
    if (!continuous) this.#continuity++
    const { tasks, plan } = this.#parts
    const goesOn = (taskId: string) => this.#assigned.has(taskId) && tasks.reads(taskId, plan.sources(taskId))
    await this.#closeTasks((taskId) => !continuous || !goesOn(taskId))
    // A static member that comes back is given what was assigned before it left: by an older version of the topology, say.
    if (assignment.isLeader && !assignment.userData.equals(planMark(plan.fingerprint()))) this.rebalance()
    tasks.resumeFetching()
    this.#runningIfReady()
  }

  async #closeTasks(which: (taskId: string) => boolean): Promise<void> {
    await this.#parts.tasks.close(which)
    if (this.#parts.tasks.size === 0) this.#committer.forget()
  }

  /** Opens what is assigned and not running; one take-over at a time, because a store cannot be open twice. */
  #stepTakeOver(): void {
    if (this.#takingOver || this.#joining || this.#stopping || !this.#producerReady || this.#identity === null) return
    const missing = [...this.#assigned].filter((taskId) => !this.#parts.tasks.has(taskId))
    if (missing.length === 0) return
    this.#takingOver = true
    const continuity = this.#continuity
    this.#takeOverEnd = this.#parts.takeOver
      .run(missing, () => this.#continuity !== continuity || this.#stopping)
      .then(
        (tasks) => this.#post({ kind: 'opened', tasks, continuity }),
        (error) =>
          this.#tryLater.later(TAKE_OVER, error, () => {
            this.#takingOver = false
          }),
      )
  }

  async #tasksOpened(opened: readonly OpenedTask[], continuity: number): Promise<void> {
    this.#takingOver = false
    this.#tryLater.done(TAKE_OVER)
    for (const task of opened) {
      const wanted = continuity === this.#continuity && this.#assigned.has(task.taskId) && !this.#stopping
      if (wanted) this.#parts.tasks.start(task)
      else await task.state.close({ flush: true })
    }
    this.#runningIfReady()
  }

  #runningIfReady(): void {
    const ready = !this.#joining && [...this.#assigned].every((taskId) => this.#parts.tasks.has(taskId))
    if (ready && this.#parts.lifecycle.state === 'rebalancing') this.#parts.lifecycle.transitionTo('running')
  }

  #work(): number {
    if (this.#holding || this.#stopping || this.#retryWanted !== null) return 0
    this.#parts.tasks.deliver(this.#poll())
    const processed = this.#process()
    this.done.processedRecords += processed
    if (processed > 0) this.#committer.noteWork()
    if (this.#parts.tasks.commitRequested()) this.#committer.request()
    return processed
  }

  #process(): number {
    try {
      return this.#parts.tasks.process(SLICE_RECORDS, SLICE_MS)
    } catch (error) {
      if (!isMillraceError(error, 'PROCESS_RETRY')) throw error
      const { taskId = '', node, topic, partition, offset, attempt = 1 } = error
      this.#parts.config.log.warn({ taskId, node, topic, partition, offset, attempt }, 'a record is tried again')
      this.#retryWanted = { taskId, attempt }
      this.#signal.raise()
      // Of other tasks, maybe: what they did stays, and is committed.
      return 1
    }
  }

  /** What the failed attempt wrote was never sent, so dropping it undoes it. Other tasks go on. */
  #retry({ taskId, attempt }: { readonly taskId: string; readonly attempt: number }): void {
    this.#retryWanted = null
    const { retryBackoffMs } = this.#parts.config
    const pauseMs = Math.min(retryBackoffMs * 2 ** (attempt - 1), Math.max(retryBackoffMs, MAX_RETRY_PAUSE_MS))
    this.#parts.tasks.retry(taskId, pauseMs)
  }

  /**
   * An offset that is gone is an error, unless another member has the partition by now, went on, and the records were
   * deleted behind it: then only the group's offsets tell, so the tasks are taken over anew before it counts.
   */
  #poll(): ReturnType<Fetcher['poll']> {
    try {
      return this.#parts.fetcher.poll()
    } catch (error) {
      if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
      const { topic = '', partition = -1, offset = -1 } = error
      const place = `${topic}-${partition}@${offset}`
      const known = this.#unreadable.place === place
      const takenOverSince = known && this.#continuity > this.#unreadable.continuity
      if (takenOverSince && this.#parts.tasks.committedOffset(topic, partition) === offset) throw error
      if (!known) this.#unreadable = { place, continuity: this.#continuity }
      this.sessionLost()
      return []
    }
  }

  /** Commits when due; returns how long the loop may sleep otherwise (null: until something happens). */
  #commitIfDue(processed: number): number | null {
    const { tasks, config } = this.#parts
    if (this.#holding || this.#retryWanted !== null || this.#identity === null) return null
    const pendingBytes = tasks.pendingBytes()
    // While handlers work there is more to come: a commit now would only make the task wait for them.
    const drained = processed === 0 && !tasks.busy()
    // Past markers and aborted records there is nothing to process, and yet the lag must go to 0 (KAFKA-6607).
    if (drained && !this.#committer.pending && tasks.moved()) this.#committer.noteWork()
    if (this.#stopping && this.#committer.pending && !this.#committer.inFlight) {
      this.#commitNow()
      return null
    }
    const decision = this.#committer.decide(pendingBytes > 0, pendingBytes, drained)
    if (decision.kind === 'commit') {
      this.#commitNow()
      return 0
    }
    const nowMs = config.clock.monotonicMs()
    const commitMs = decision.untilMs === null ? Number.POSITIVE_INFINITY : decision.untilMs - nowMs
    const timerMs = (tasks.nextTimerMs() ?? Number.POSITIVE_INFINITY) - config.clock.now()
    const waitMs = Math.min(commitMs, timerMs)
    return Number.isFinite(waitMs) ? Math.max(0, waitMs) : null
  }

  #commitNow(): void {
    if (this.#identity === null) return
    this.#committer.start(this.#parts.tasks.collect(), this.#identity)
  }

  async #commitFinished(commit: FinishedCommit): Promise<void> {
    const { outcome } = commit
    if (outcome.kind === 'committed') {
      this.#abortsInARow = 0
      this.done.commits++
      this.#parts.tasks.committed(commit.parts, outcome.batchOffsets)
      this.#parts.committed.deliver(commit.parts, outcome.batchOffsets, commit.durationMs)
      return
    }
    this.#parts.config.log.warn({ outcome: outcome.kind, cause: causeOf(outcome) }, 'a commit did not go through')
    if (outcome.kind === 'staleGeneration' || outcome.kind === 'aborted') return this.#rewind(commit)
    return this.#reopen()
  }

  /** The transaction is certainly not visible: back to the committed offsets, with the stores as committed. */
  #rewind({ outcome, parts }: FinishedCommit): void {
    if (outcome.kind === 'aborted') {
      const { cause } = outcome
      const found = this.#parts.refusals.note(cause, parts)
      if (!found && isMillraceError(cause) && !cause.retriable) throw cause
      const most = found ? MAX_REFUSALS : MAX_ABORTS
      if (++this.#abortsInARow > most) {
        throw new MillraceError('STREAMS_COMMIT_REFUSED', `${most} transactions in a row were refused`, { cause })
      }
    } else {
      this.#holding = true
      if (!this.#joining) this.#rejoinWanted = true
    }
    this.#committer.forget()
    this.#parts.tasks.rewind()
  }

  /** Nobody knows what became of the transaction: fence it, then take every task over as if it were another's. */
  async #reopen(): Promise<void> {
    this.#continuity++
    this.#producerReady = false
    await this.#closeTasks(() => true)
    this.#initProducer()
  }

  #initProducer(): void {
    this.#parts.commitGroup.init().then(
      () => this.#post({ kind: 'producerReady' }),
      (error) => this.#tryLater.later(PRODUCER, error, () => this.#initProducer()),
    )
  }
}
