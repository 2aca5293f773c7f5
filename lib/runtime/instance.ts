/**
 * The loop of one instance. Asynchronous work (join, take-over, closing a store, commit) reports through an inbox,
 * which the loop reads between slices of work. So tasks are used from one place and in a known order. `membership/`
 * decides what follows an event, and `commit/` when to commit; the loop does it.
 */
import type { Assignment } from '../client/group-member.js'
import { isMillraceError } from '../errors.js'
import type { TaskId } from '../record/task-id.js'
import { Commits } from './commit/commits.js'
import type { FinishedCommit } from './commit/committer.js'
import type { InstanceParts } from './instance-parts.js'
import { retryPauseMs } from './loop-pauses.js'
import { decideMembership, type MembershipAction, type MembershipEvent } from './membership/membership.js'
import { isComplete, isOver, isStopping, type MembershipState, OUTSIDE } from './membership/membership-state.js'
import { workNow } from './membership/work-decision.js'
import { RetryUntilTimeout } from './retry-until-timeout.js'
import { Slices } from './tasks/slices.js'
import { TaskOpener } from './tasks/task-opener.js'

type Event =
  | { readonly kind: 'commit'; readonly commit: FinishedCommit }
  | { readonly kind: 'assigned'; readonly assignment: Assignment }
  | { readonly kind: 'membership'; readonly event: MembershipEvent }
  | { readonly kind: 'call'; readonly what: () => void }
  | { readonly kind: 'failed'; readonly error: unknown }

export class Instance {
  readonly #parts: InstanceParts
  readonly #commits: Commits
  readonly #retries: RetryUntilTimeout
  readonly #opener: TaskOpener
  readonly #slices: Slices
  readonly #inbox: Event[] = []
  #processedRecords = 0
  /** Moved by `#decide` alone. */
  #state: MembershipState = OUTSIDE

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
      state: () => this.#state,
      post: (event) => this.#post({ kind: 'membership', event }),
      failed: (error) => this.fail(error),
    })
    this.#slices = new Slices({
      tasks: parts.tasks,
      fetcher: parts.fetcher,
      log: parts.config.log,
      signal: parts.signal,
      state: () => this.#state,
      decide: (event) => this.#decide(event),
      damaged: (taskId, error) => this.#taskDamaged(taskId, error),
    })
    this.#commits = new Commits({
      ...parts,
      state: () => this.#state,
      decide: (event) => this.#decide(event),
      guarded: (step) => this.#slices.guarded(step),
      onFinished: (commit) => this.#post({ kind: 'commit', commit }),
      onFailed: (error) => this.fail(error),
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
  taskDamaged(taskId: TaskId, error: unknown): void {
    this.#post({ kind: 'call', what: () => this.#taskDamaged(taskId, error) })
  }

  /** Runs until `stop` is called and everything is committed. @throws whatever stopped it before. */
  async run(): Promise<void> {
    try {
      for (;;) {
        this.#parts.progress.turn()
        // To the last: a listener that hears of one event may call `close`, and a stop comes before a join.
        while (this.#inbox.length > 0) for (const event of this.#inbox.splice(0)) this.#handle(event)
        this.#decide({ kind: 'turnBegins', inFlight: this.#commits.inFlight })
        if (this.#parts.nextPlan.comeInto(this.#parts.plan)) this.#decide({ kind: 'rebalance' })
        this.#turn()
        if (isOver(this.#state)) break
        const processed = this.#work()
        const waitMs = this.#commits.ifDue(processed)
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

  /** Since it was opened. */
  get done(): { readonly processedRecords: number; readonly commits: number } {
    return { processedRecords: this.#processedRecords, commits: this.#commits.count }
  }

  get assignedTasks(): number {
    return this.#state.owned.tasks.size
  }

  /** Tasks with `store` that are ours and not ready to be read; all of them before the group has told us ours. */
  opening(store: string): TaskId[] {
    const { plan } = this.#parts
    const { owned, generation } = this.#state
    const has = (taskId: TaskId) => plan.subTopology(taskId).stores.some(({ name }) => name === store)
    if (generation === null) return plan.taskIds.filter(has)
    return [...owned.tasks]
      .filter(([taskId, { phase }]) => phase !== 'running' && has(taskId))
      .map(([taskId]) => taskId)
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
        this.#commits.finished(event.commit)
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
    const { inFlight, pending } = this.#commits
    const changed = this.#state.group.phase === 'arrived' ? this.#opener.changed() : []
    this.#decide({ kind: 'turn', inFlight, pending, busy: this.#parts.tasks.busy(), changed })
  }

  #decide(event: MembershipEvent): void {
    const { state, actions } = decideMembership(this.#state, event)
    this.#state = state
    for (const action of actions) this.#act(action)
    if (actions.length > 0) this.#runningIfReady()
  }

  #act(action: MembershipAction): void {
    switch (action.kind) {
      case 'commit':
        this.#commits.now()
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
        if (this.#parts.tasks.size === 0) this.#commits.forget()
        return
      case 'leave':
        void this.#parts.member.leave({ evenIfStatic: true })
        return
      case 'settled':
        this.#parts.tasks.resumeFetching()
        return
      case 'retry':
        // What the failed attempt wrote was never sent, so dropping it undoes it. Other tasks continue.
        this.#parts.tasks.retry(action.taskId, retryPauseMs(action.attempt, this.#parts.config))
        return
      case 'forget':
        this.#commits.forget()
        return
      case 'rewind':
        this.#parts.tasks.rewind()
        return
      case 'end':
        throw action.error
    }
  }

  #join(): void {
    if (!isStopping(this.#state)) this.#parts.lifecycle.transitionTo('rebalancing')
    this.#parts.member.join().then(
      (assignment) => this.#post({ kind: 'assigned', assignment }),
      (error) => this.#post({ kind: 'membership', event: { kind: 'joinFailed', error } }),
    )
  }

  #assigned(assignment: Assignment): void {
    const { tasks, outdated } = this.#parts.assignments.accept(assignment)
    this.#decide({ kind: 'assigned', generation: assignment.identity, tasks: [...tasks] })
    if (outdated) this.#decide({ kind: 'rebalance' })
  }

  #runningIfReady(): void {
    const { lifecycle } = this.#parts
    if (lifecycle.state === 'rebalancing' && isComplete(this.#state)) lifecycle.transitionTo('running')
  }

  #work(): number {
    const { tasks, config } = this.#parts
    const work = workNow(this.#state, config.clock.monotonicMs(), this.#commits.holdUp())
    const processed = this.#slices.run(work)
    this.#processedRecords += processed
    this.#commits.note(processed, work === 'process' && tasks.commitRequested())
    return processed
  }

  #taskDamaged(taskId: TaskId, error: unknown): void {
    if (!this.#parts.tasks.has(taskId)) return
    if (isMillraceError(error, 'STATE_DAMAGED')) this.#opener.damaged(taskId, error.message)
    this.#decide({ kind: 'taskLost', taskId })
  }

  #initProducer(): void {
    this.#retries.until(
      'the initialisation of the producer',
      () => this.#parts.commitGroup.init(),
      () => this.#post({ kind: 'membership', event: { kind: 'producerReady' } }),
    )
  }
}
