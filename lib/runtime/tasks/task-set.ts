/** The tasks of this instance: which runs next, what they have to commit, and the outcome. */
import type { BatchOffsets } from '../../client/commit.js'
import type { FetchedBatches } from '../../client/fetcher.js'
import type { Clock } from '../../record/clock.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import { byTaskId, type TaskId } from '../../record/task-id.js'
import type { CloseState } from '../../state/state-options.js'
import type { TaskState } from '../../state/task-state.js'
import type { Task } from '../../task/task.js'
import type { UncommittedPartition } from '../../task/task-commit.js'
import type { OwnedCommit } from '../commit/committer.js'
import { Lag } from '../lag.js'
import type { TaskOwnership } from '../membership/ownership.js'
import type { StoreHolder } from '../queries/query-bound.js'
import { closeTask } from './close-task.js'
import { SourcePartitions, type SourcePartitionsOptions } from './source-partitions.js'
import type { OpenedTask } from './take-over.js'
import { TaskTurns, TurnTaker } from './turns.js'

class RunningTask extends TurnTaker {
  readonly taskId: TaskId
  /** The ownership it runs under. */
  readonly number: number
  readonly sources: readonly TopicPartition[]
  readonly hasStore: (name: string) => boolean

  constructor(task: Task<TaskState>, { taskId, positions, hasStore }: OpenedTask, number: number) {
    super(task)
    this.taskId = taskId
    this.number = number
    this.sources = positions
    this.hasStore = hasStore
  }
}

export interface TaskSetOptions extends SourcePartitionsOptions {
  readonly clock: Clock
  readonly makeTask: (opened: OpenedTask) => Task<TaskState>
  /** A background write of committed state failed. */
  readonly onFlushFailed: (taskId: TaskId, error: unknown) => void
}

export class TaskSet {
  readonly #options: TaskSetOptions
  readonly #tasks = new Map<TaskId, RunningTask>()
  readonly #input: SourcePartitions
  readonly #turns: TaskTurns
  /** In task order; null: tasks came or went since it was made. */
  #sorted: readonly RunningTask[] | null = []
  readonly #lag: Lag
  constructor(options: TaskSetOptions) {
    this.#options = options
    this.#input = new SourcePartitions(options)
    this.#turns = new TaskTurns(options.clock)
    this.#lag = new Lag(options.clock, options.fetcher)
  }

  get #order(): readonly RunningTask[] {
    this.#sorted ??= [...this.#tasks.values()].sort((a, b) => byTaskId(a.taskId, b.taskId))
    return this.#sorted
  }

  get size(): number {
    return this.#tasks.size
  }

  has(taskId: TaskId): boolean {
    return this.#tasks.has(taskId)
  }

  ids(): TaskId[] {
    return this.#order.map(({ taskId }) => taskId)
  }

  /** The same, each with the ownership it runs under. */
  ownerships(): TaskOwnership[] {
    return this.#order.map(({ taskId, number }) => ({ taskId, number }))
  }

  /** True where the task reads these partitions and no others. */
  reads(taskId: TaskId, sources: readonly TopicPartition[]): boolean {
    const names = (list: readonly TopicPartition[]) =>
      list.map(({ topic, partition }) => formatTopicPartition(topic, partition)).sort()
    return names(this.#tasks.get(taskId)?.sources ?? []).join() === names(sources).join()
  }

  task(taskId: TaskId): Task<TaskState> | undefined {
    return this.#tasks.get(taskId)?.task
  }

  /** Next offset to read of a source partition by the last certain commit; undefined for one we do not run. */
  committedOffset(topic: string, partition: number): number | undefined {
    return this.#input.committedOffset(topic, partition)
  }

  /** Every task that has a store, in task order, with its committed view and how far that is. */
  holders(store: string): StoreHolder[] {
    return this.#order
      .filter(({ hasStore }) => hasStore(store))
      .map(({ taskId, task, sources }) => ({
        taskId,
        view: task.state.committed(store),
        position: Object.fromEntries(
          sources.map(({ topic, partition }) => [
            formatTopicPartition(topic, partition),
            this.committedOffset(topic, partition)!,
          ]),
        ),
        topics: new Set(sources.map(({ topic }) => topic)),
      }))
  }

  /** The task that reads a partition, null: none of this instance. */
  readerOf(topic: string, partition: number): TaskId | null {
    return this.#input.readerOf(topic, partition)
  }

  uncommitted(): UncommittedPartition[] {
    return this.#order.flatMap(({ taskId, task }) =>
      task.uncommitted().map((each) => ({ taskId: taskId.text, ...each })),
    )
  }

  lag(): ReturnType<Lag['of']> {
    const sources = this.#order.flatMap(({ sources }) => sources)
    return this.#lag.of(
      sources.map((each) => ({ ...each, committedOffset: this.committedOffset(each.topic, each.partition) })),
    )
  }

  start(opened: OpenedTask, number: number): void {
    const task = this.#options.makeTask(opened)
    this.#tasks.set(opened.taskId, new RunningTask(task, opened, number))
    this.#sorted = null
    this.#input.add(opened.taskId, task, opened.positions)
  }

  /** A task may wait for a partition whose records are not delivered yet: who found nothing to process takes what there is. */
  takesMore(): boolean {
    return this.#turns.idle || !this.#input.full()
  }

  /** Hands fetched batches to their tasks; what belongs to a task that has gone is dropped. */
  deliver(fetched: readonly FetchedBatches[]): void {
    if (fetched.length > 0) this.#lag.arrived()
    this.#input.deliver(fetched)
  }

  /** A slice of each task, as `TaskTurns` says. Returns how many records were processed. */
  process(maxRecords: number, maxMs: number): number {
    const processed = this.#turns.process(this.#order, maxRecords, maxMs)
    this.#input.resume()
    return processed
  }

  /** User code took so long at the last `process` that nothing else got its turn. */
  get slow(): boolean {
    return this.#turns.slow
  }

  /** Lets asynchronous handlers that a commit waits for end, and takes no other record. Returns how many ended. */
  finishHandlers(maxRecords: number): number {
    let processed = 0
    for (const { task } of this.#order) if (task.draining) processed += task.process(maxRecords)
    return processed
  }

  /** Fetches again what has room. */
  resumeFetching(): void {
    this.#input.resume()
  }

  pendingBytes(): number {
    return this.#order.reduce((bytes, { task }) => bytes + task.pendingBytes(), 0)
  }

  /** True when some position is past what was last committed or is being committed. */
  moved(): boolean {
    return this.#order.some(({ task }) => task.moved)
  }

  /** True while asynchronous handlers work. */
  busy(): boolean {
    return this.#order.some(({ task }) => task.busy)
  }

  /** True once after user code asked for a commit. */
  commitRequested(): boolean {
    let requested = false
    for (const { task } of this.#order) requested = task.takeCommitRequest() || requested
    return requested
  }

  /** Wall-clock milliseconds of the next wall-clock punctuation, idle timeout or end of a pause. */
  nextTimerMs(): number | null {
    return this.#turns.nextTimerMs(this.#order)
  }

  /** While no commit is in flight. All or nothing: where one task throws, every task goes back to its last commit. */
  collect(): OwnedCommit[] {
    try {
      return this.#order.flatMap(({ task, number }) => {
        const part = task.collectCommit()
        return part === null
          ? []
          : [{ ...part, offsets: part.offsets.map((row) => this.#input.withLeaderEpoch(row)), number }]
      })
    } catch (error) {
      this.rewind()
      throw error
    }
  }

  /** The transaction is through: overlays become the committed view, and the disk follows when enough has gathered. */
  committed(parts: readonly OwnedCommit[], batchOffsets: BatchOffsets): void {
    this.#lag.committed()
    for (const part of parts) {
      const running = this.#tasks.get(part.taskId)
      // Under another number its state was read after this commit, or will be.
      if (running?.number !== part.number) continue
      running.task.commitSucceeded(part, batchOffsets)
      this.#input.committed(part.offsets)
      running.task.state.maybeFlush().catch((error) => this.#options.onFlushFailed(part.taskId, error))
    }
  }

  /** Drops everything uncommitted and reads again from the committed offsets. */
  rewind(): void {
    for (const running of this.#order) this.#rewind(running)
    this.resumeFetching()
  }

  /** The same for one task, while no commit is in flight; it takes no record for so long. */
  retry(taskId: TaskId, pauseMs: number): void {
    const running = this.#tasks.get(taskId)
    if (running === undefined) return
    running.pausedUntilMs = this.#options.clock.monotonicMs() + pauseMs
    this.#rewind(running)
    this.resumeFetching()
  }

  #rewind({ task, sources }: RunningTask): void {
    task.commitAborted()
    this.#input.rewind(sources)
  }

  /** Takes tasks out at once: nothing is read or processed for them any more. Returns how to close each. */
  remove(taskIds: readonly TaskId[]): Map<TaskId, (options: CloseState) => Promise<void>> {
    const closing = new Map<TaskId, (options: CloseState) => Promise<void>>()
    for (const taskId of taskIds) {
      const running = this.#tasks.get(taskId)
      if (running === undefined) continue
      const { task, sources } = running
      this.#tasks.delete(taskId)
      this.#input.remove(sources)
      closing.set(taskId, (options) => closeTask(task, options))
    }
    this.#sorted = null
    return closing
  }
}
