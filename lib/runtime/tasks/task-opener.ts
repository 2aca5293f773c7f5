/** Opens and closes tasks outside the loop: one store at a time per task, each with its ownership number. */
import type { StreamsConfig } from '../../config.js'
import { isMillraceError } from '../../errors.js'
import type { TaskId } from '../../record/task-id.js'
import type { CloseState } from '../../state/state-options.js'
import type { MembershipEvent } from '../membership/membership.js'
import { givesUp, type MembershipState, wants } from '../membership/membership-state.js'
import type { TaskOwnership } from '../membership/ownership.js'
import { Patience } from '../patience.js'
import { pauseUnless } from '../pause-unless.js'
import { DamagedState } from '../restore/damaged-state.js'
import type { RetryUntilTimeout } from '../retry-until-timeout.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'
import type { OpenedTask, TakeOver } from './take-over.js'
import type { TaskSet } from './task-set.js'

export interface TaskOpenerOptions {
  readonly takeOver: TakeOver
  readonly tasks: TaskSet
  readonly plan: Pick<ResolvedTopology, 'sources' | 'changelogs'>
  readonly retries: RetryUntilTimeout
  readonly config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>
  /** Moves what is on disk of a task aside. */
  readonly setAside: (taskId: TaskId, reason: string) => Promise<void>
  readonly state: () => MembershipState
  /** Brings an event into the loop. */
  readonly post: (event: MembershipEvent) => void
  /** Ends the instance. */
  readonly failed: (error: unknown) => void
}

export class TaskOpener {
  readonly #options: TaskOpenerOptions
  /** Opened and not yet started or discarded. */
  readonly #opened = new Map<TaskId, OpenedTask>()
  readonly #damaged: DamagedState
  /** Source partitions that each task being opened was begun with. */
  readonly #sources = new Map<TaskId, string>()
  /** Tasks whose last take-over failed. */
  readonly #failing = new Set<TaskId>()
  readonly #takeOvers = new Set<Promise<void>>()
  readonly #closings = new Set<Promise<void>>()
  /** For states that cannot be written. */
  readonly #patience: Patience

  constructor(options: TaskOpenerOptions) {
    this.#options = options
    this.#patience = new Patience(options.config)
    this.#damaged = new DamagedState(options.config)
  }

  /**
   * Takes tasks over; each ends in `opened` or `notOpened`. Those with nothing to restore do not wait for the others, and one that
   * fails holds up no other.
   */
  open(tasks: readonly TaskOwnership[]): void {
    const alone = tasks.filter(({ taskId }) => this.#failing.has(taskId))
    const together = tasks.filter(({ taskId }) => !this.#failing.has(taskId))
    const restores = ({ taskId }: TaskOwnership) => this.#options.plan.changelogs(taskId).length > 0
    const batches = [
      together.filter((task) => !restores(task)),
      together.filter(restores),
      ...alone.map((task) => [task]),
    ]
    for (const batch of batches) if (batch.length > 0) this.#takeOver(batch)
  }

  #takeOver(tasks: readonly TaskOwnership[]): void {
    const { takeOver, retries, post, state, config } = this.#options
    const wanted = ({ taskId, number }: TaskOwnership) => wants(state(), taskId, number)
    const what = `the take-over of task ${tasks[0]!.taskId}`
    const ended = (opened: ReadonlySet<TaskId>) => {
      const without = tasks.filter(({ taskId }) => !opened.has(taskId))
      for (const { taskId } of without) this.#sources.delete(taskId)
      if (without.length > 0) post({ kind: 'notOpened', tasks: without })
      if (opened.size > 0) post({ kind: 'opened', tasks: tasks.filter(({ taskId }) => opened.has(taskId)) })
    }
    const taskIds = tasks.map(({ taskId }) => taskId)
    for (const taskId of taskIds) this.#sources.set(taskId, this.#sourcesOf(taskId))
    const done = takeOver
      .run(taskIds, () => !tasks.some(wanted))
      .then(
        (opened) => {
          retries.done(what)
          for (const taskId of taskIds) this.#failing.delete(taskId)
          for (const task of opened) this.#opened.set(task.taskId, task)
          ended(new Set(opened.map(({ taskId }) => taskId)))
        },
        (error) => {
          for (const taskId of taskIds) this.#failing.add(taskId)
          const again = () => {
            // Another member has them: should they come back, their time starts again.
            if (!tasks.some(wanted)) retries.done(what)
            ended(new Set())
          }
          if (tasks.some(wanted)) retries.later(what, error, again)
          else {
            const facts = { taskIds: taskIds.join(), cause: String(error) }
            config.log.warn(facts, 'a take-over that is no longer needed has failed')
            again()
          }
        },
      )
      .then(() => {
        this.#takeOvers.delete(done)
      })
    this.#takeOvers.add(done)
  }

  /** Tasks that run, or are being opened, with sources that are no longer those of the plan. */
  changed(): TaskId[] {
    const { tasks, plan } = this.#options
    const running = tasks.ids().filter((taskId) => !tasks.reads(taskId, plan.sources(taskId)))
    return [...running, ...[...this.#sources].filter(([id, was]) => was !== this.#sourcesOf(id)).map(([id]) => id)]
  }

  #sourcesOf(taskId: TaskId): string {
    return JSON.stringify(this.#options.plan.sources(taskId))
  }

  start({ taskId, number }: TaskOwnership): void {
    const opened = this.#opened.get(taskId)!
    this.#opened.delete(taskId)
    this.#sources.delete(taskId)
    try {
      this.#options.tasks.start(opened, number)
    } catch (error) {
      // User code failed to begin: the store must not stay locked.
      this.#closing(taskId, () => opened.state.close({ flush: true }))
      throw error
    }
  }

  discard({ taskId }: { readonly taskId: TaskId }): void {
    const opened = this.#opened.get(taskId)!
    this.#opened.delete(taskId)
    this.#sources.delete(taskId)
    this.#closing(taskId, () => opened.state.close({ flush: true }))
  }

  /** The next `close` of the task writes nothing and sets its folder aside. */
  damaged(taskId: TaskId, reason: string): void {
    this.#damaged.noticed(taskId, reason)
  }

  /** Uncommitted work is dropped, committed state goes to disk; each task ends in `closed`. */
  close(taskIds: readonly TaskId[]): void {
    for (const [taskId, close] of this.#options.tasks.remove(taskIds)) {
      const reason = this.#damaged.take(taskId)
      this.#closing(taskId, () =>
        reason === undefined ? this.#closeWritten(taskId, close) : this.#closeDamaged(taskId, close, reason),
      )
    }
  }

  async #closeDamaged(taskId: TaskId, close: (options: CloseState) => Promise<void>, reason: string): Promise<void> {
    const { config, setAside, failed } = this.#options
    await close({ flush: false }).catch(() => undefined)
    await setAside(taskId, reason)
    try {
      await pauseUnless(config.clock, () => this.#gone(taskId), this.#damaged.pauseMs(taskId, reason))
    } catch (final) {
      failed(final)
    }
  }

  #gone(taskId: TaskId): boolean {
    return givesUp(this.#options.state(), taskId)
  }

  /**
   * What is committed is worth waiting for where the task stays here: a disk that is full now has room again, maybe. A store
   * without a changelog loses nothing then, and another take-over begins after a pause.
   */
  async #closeWritten(taskId: TaskId, close: (options: CloseState) => Promise<void>): Promise<void> {
    const { config, failed } = this.#options
    const what = `writing the state of task ${taskId}`
    const gone = () => this.#gone(taskId)
    const again = async (error: unknown) => {
      // Should it come back, its time starts again.
      if (gone()) this.#patience.succeeded(what)
      if (gone() || !isMillraceError(error) || !error.retriable) return false
      try {
        await pauseUnless(config.clock, gone, this.#patience.failed(what, error))
        return true
      } catch (final) {
        failed(final)
        return false
      }
    }
    await close({ flush: true, again })
    this.#patience.succeeded(what)
  }

  /** Every running task, and waits for all stores being closed. */
  async closeAll(): Promise<void> {
    this.close(this.#options.tasks.ids())
    await Promise.all(this.#closings)
  }

  /** Once the connections are closed and every take-over has failed: resolves when no store is open any more. */
  async abandoned(): Promise<void> {
    await Promise.all(this.#takeOvers)
    for (const taskId of [...this.#opened.keys()]) this.discard({ taskId })
    await Promise.all(this.#closings)
  }

  #closing(taskId: TaskId, close: () => Promise<void>): void {
    const { config, post } = this.#options
    const closed = close()
      .catch((error) => {
        // The changelog has everything; a store without one has lost what it did not write.
        const text = isMillraceError(error, 'HANDLER_FAILED')
          ? 'user code failed as its task closed; its state is closed'
          : 'the state of a task could not be written or closed'
        config.log.error({ taskId: taskId.text, cause: String(error) }, text)
      })
      .then(() => {
        this.#closings.delete(closed)
        post({ kind: 'closed', taskId })
      })
    this.#closings.add(closed)
  }
}
