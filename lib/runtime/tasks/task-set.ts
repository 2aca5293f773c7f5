/** The tasks this instance runs, and the partitions that feed them. */
import type { BatchOffsets, OffsetToCommit } from '../../client/commit.js'
import type { FetchedBatches, Fetcher } from '../../client/fetcher.js'
import type { Clock } from '../../record/clock.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import { byTaskId } from '../../record/task-id.js'
import type { CloseState } from '../../state/state-options.js'
import type { TaskState } from '../../state/task-state.js'
import type { Task } from '../../task/task.js'
import type { UncommittedPartition } from '../../task/task-commit.js'
import type { OwnedCommit } from '../commit/committer.js'
import { Lag } from '../lag.js'
import type { TaskOwnership } from '../membership/ownership.js'
import type { StoreHolder } from '../queries/query-bound.js'
import { FIRST_CHUNK, nextChunk } from '../time-slice.js'
import { closeTask } from './close-task.js'
import type { OpenedTask } from './take-over.js'

interface RunningTask {
  readonly taskId: string
  /** The ownership it runs under. */
  readonly number: number
  readonly task: Task<TaskState>
  readonly sources: readonly TopicPartition[]
  readonly hasStore: (name: string) => boolean
  /** Takes no record before this monotonic time: one of its records is tried again then. NOT_PAUSED as soon as it is. */
  pausedUntilMs: number
  /** Records it handles before the next look at the clock. */
  chunk: number
}

/** Slices as long as this many allowed ones count as slow. */
const SLOW_SLICES = 4

export interface TaskSetOptions {
  readonly fetcher: Fetcher
  readonly clock: Clock
  /** Buffered bytes of a partition at which fetching it pauses; it resumes below half. */
  readonly bufferBytes: number
  /** A task with one partition has to know too when that is empty. */
  readonly watchesSilence: boolean
  readonly makeTask: (opened: OpenedTask) => Task<TaskState>
  /** A background write of committed state failed. */
  readonly onFlushFailed: (taskId: string, error: unknown) => void
}

/** Input of one instance in memory (KIP-770's input.buffer.max.bytes is 512 MiB). */
const MAX_BUFFERED_BYTES = 256 * 2 ** 20
const NOT_PAUSED = Number.NEGATIVE_INFINITY

export class TaskSet {
  readonly #options: TaskSetOptions
  readonly #tasks = new Map<string, RunningTask>()
  readonly #byPartition = new Map<string, RunningTask>()
  /** `topic-partition` → next offset by the last commit that is certain. */
  readonly #committedOffsets = new Map<string, number>()
  /** `topic-partition` → leader epoch of the last batch read; a restart then notices a log that lost it. */
  readonly #leaderEpochs = new Map<string, number>()
  readonly #paused = new Map<string, TopicPartition>()
  /** In task order; null: tasks came or went since it was made. */
  #sorted: readonly RunningTask[] | null = []
  readonly #lag: Lag
  /** Input in memory: never less than there is, counted again when it seems to be much. */
  #bufferedBytes = 0
  /** Whose turn it is to be processed first. */
  #first = 0
  #slow = false
  /** The last `process` found nothing. */
  #idle = true

  constructor(options: TaskSetOptions) {
    this.#options = options
    this.#lag = new Lag(options.clock, options.fetcher)
  }

  get #order(): readonly RunningTask[] {
    this.#sorted ??= [...this.#tasks.values()].sort((a, b) => byTaskId(a.taskId, b.taskId))
    return this.#sorted
  }

  get size(): number {
    return this.#tasks.size
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId)
  }

  ids(): string[] {
    return this.#order.map(({ taskId }) => taskId)
  }

  /** The same, each with the ownership it runs under. */
  ownerships(): TaskOwnership[] {
    return this.#order.map(({ taskId, number }) => ({ taskId, number }))
  }

  /** True where the task reads these partitions and no others. */
  reads(taskId: string, sources: readonly TopicPartition[]): boolean {
    const names = (list: readonly TopicPartition[]) =>
      list.map(({ topic, partition }) => formatTopicPartition(topic, partition)).sort()
    return names(this.#tasks.get(taskId)?.sources ?? []).join() === names(sources).join()
  }

  task(taskId: string): Task<TaskState> | undefined {
    return this.#tasks.get(taskId)?.task
  }

  /** Next offset to read of a source partition by the last certain commit; undefined for one we do not run. */
  committedOffset(topic: string, partition: number): number | undefined {
    return this.#committedOffsets.get(formatTopicPartition(topic, partition))
  }

  /** Every task that has a store, in task order, with its committed view and how far that is. */
  holders(store: string): StoreHolder[] {
    return this.#order
      .filter(({ hasStore }) => hasStore(store))
      .map(({ taskId, task, sources }) => ({
        taskId,
        partition: Number(taskId.split('_')[1]),
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
  readerOf(topic: string, partition: number): string | null {
    return this.#byPartition.get(formatTopicPartition(topic, partition))?.taskId ?? null
  }

  uncommitted(): UncommittedPartition[] {
    return this.#order.flatMap(({ taskId, task }) => task.uncommitted().map((each) => ({ taskId, ...each })))
  }

  lag(): ReturnType<Lag['of']> {
    const sources = this.#order.flatMap(({ sources }) => sources)
    return this.#lag.of(
      sources.map((each) => ({ ...each, committedOffset: this.committedOffset(each.topic, each.partition) })),
    )
  }

  start(opened: OpenedTask, number: number): void {
    const task = this.#options.makeTask(opened)
    const running: RunningTask = {
      taskId: opened.taskId,
      number,
      task,
      sources: opened.positions,
      hasStore: opened.hasStore,
      pausedUntilMs: NOT_PAUSED,
      chunk: FIRST_CHUNK,
    }
    this.#tasks.set(opened.taskId, running)
    this.#sorted = null
    for (const position of opened.positions) {
      const name = formatTopicPartition(position.topic, position.partition)
      this.#byPartition.set(name, running)
      this.#committedOffsets.set(name, position.offset)
      this.#leaderEpochs.set(name, position.leaderEpoch ?? -1)
      this.#options.fetcher.add(position, position.offset, position.leaderEpoch)
    }
  }

  /** A task may wait for a partition whose records are not delivered yet: who found nothing to process takes what there is. */
  takesMore(): boolean {
    return this.#idle || !this.#full()
  }

  /**
   * Whether tasks hold as much input as one instance should, whatever the number of partitions: then what is fetched waits until
   * some of it is processed.
   */
  #full(): boolean {
    if (this.#bufferedBytes < MAX_BUFFERED_BYTES) return false
    this.#bufferedBytes = this.#order
      .flatMap(({ task, sources }) => sources.map((source) => task.bufferedBytes(source.topic, source.partition)))
      .reduce((bytes, more) => bytes + more, 0)
    return this.#bufferedBytes >= MAX_BUFFERED_BYTES
  }

  /** Hands fetched batches to their tasks; what belongs to a task that has gone is dropped. */
  deliver(fetched: readonly FetchedBatches[]): void {
    for (const { bytes } of fetched) this.#bufferedBytes += bytes
    if (fetched.length > 0) this.#lag.arrived()
    for (const chunk of fetched) {
      const name = formatTopicPartition(chunk.topic, chunk.partition)
      const running = this.#byPartition.get(name)
      if (running === undefined) continue
      this.#leaderEpochs.set(name, chunk.leaderEpoch)
      running.task.addBatches(chunk.topic, chunk.partition, chunk.batches, chunk.nextOffset, chunk.startOffset)
      if (running.task.bufferedBytes(chunk.topic, chunk.partition) >= this.#options.bufferBytes) {
        this.#options.fetcher.pause(chunk)
        this.#paused.set(name, { topic: chunk.topic, partition: chunk.partition })
      }
    }
    this.#noteCaughtUp()
  }

  /** Also for partitions that never had a record: a task with several would wait for them for ever. */
  #noteCaughtUp(): void {
    const { fetcher } = this.#options
    for (const { task, sources } of this.#order) {
      if (sources.length < 2 && !this.#options.watchesSilence) continue
      for (const source of sources) {
        const end = fetcher.watermarks(source)?.lastStableOffset ?? -1
        const caughtUp = end >= 0 && (fetcher.position(source) ?? -1) >= end
        task.setCaughtUp(source.topic, source.partition, caughtUp, fetcher.emptyAtMs(source))
      }
    }
  }

  /**
   * Up to `maxRecords` of each task, and no longer than `maxMs` in all but for the last call of user code: records that are slow
   * must not keep the loop from its commits. Then the wall-clock punctuations that are due, with the same limit: neither
   * keeps the other from its turn. Tasks take turns at being first. Returns how many were processed.
   */
  process(maxRecords: number, maxMs: number): number {
    const { clock } = this.#options
    const nowMs = clock.now()
    const startedMs = clock.monotonicMs()
    const count = this.#order.length
    this.#idle = false
    let processed = this.#processRecords(startedMs, maxRecords, maxMs)
    let atMs = clock.monotonicMs()
    const endMs = atMs + maxMs
    for (let turn = 0; turn < count && atMs < endMs; turn++) {
      const { task, pausedUntilMs } = this.#order[(this.#first + turn) % count]!
      if (pausedUntilMs > startedMs) continue
      const calls = task.punctuateWallClock(nowMs)
      if (calls > 0) atMs = clock.monotonicMs()
      processed += calls
    }
    this.#slow = atMs - startedMs > SLOW_SLICES * maxMs
    this.#first = count === 0 ? 0 : (this.#first + 1) % count
    if (this.#paused.size > 0) this.resumeFetching()
    this.#idle = processed === 0
    return processed
  }

  /** User code took so long at the last `process` that nothing else got its turn. */
  get slow(): boolean {
    return this.#slow
  }

  #processRecords(startedMs: number, maxRecords: number, maxMs: number): number {
    const { clock } = this.#options
    const endMs = startedMs + maxMs
    const count = this.#order.length
    let atMs = startedMs
    let processed = 0
    for (let turn = 0; turn < count && atMs < endMs; turn++) {
      const running = this.#order[(this.#first + turn) % count]!
      if (running.pausedUntilMs > startedMs) continue
      running.pausedUntilMs = NOT_PAUSED
      let left = maxRecords
      let more = true
      while (more && left > 0 && atMs < endMs) {
        const allowed = Math.min(running.chunk, left)
        const done = running.task.process(allowed)
        const beforeMs = atMs
        atMs = clock.monotonicMs()
        running.chunk = nextChunk(running.chunk, done, atMs - beforeMs)
        processed += done
        left -= done
        more = done === allowed
      }
    }
    return processed
  }

  /** Lets asynchronous handlers that a commit waits for end, and takes no other record. Returns how many ended. */
  finishHandlers(maxRecords: number): number {
    let processed = 0
    for (const { task } of this.#order) if (task.draining) processed += task.process(maxRecords)
    return processed
  }

  /** Fetches again what has room. */
  resumeFetching(): void {
    for (const [name, { topic, partition }] of this.#paused) {
      const buffered = this.#byPartition.get(name)?.task.bufferedBytes(topic, partition) ?? 0
      if (buffered >= this.#options.bufferBytes / 2) continue
      this.#paused.delete(name)
      if (this.#byPartition.has(name)) this.#options.fetcher.resume({ topic, partition })
    }
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

  /** Wall-clock milliseconds of the next wall-clock punctuation, idle time-out or end of a pause. */
  nextTimerMs(): number | null {
    let next: number | null = null
    const [nowMs, monotonicMs] = [this.#options.clock.now(), this.#options.clock.monotonicMs()]
    for (const { task, pausedUntilMs } of this.#order) {
      const at = pausedUntilMs > NOT_PAUSED ? nowMs + pausedUntilMs - monotonicMs : task.nextTimerAtMs()
      if (at !== null && (next === null || at < next)) next = at
    }
    return next
  }

  #withLeaderEpoch(row: OffsetToCommit): OffsetToCommit {
    const leaderEpoch = this.#leaderEpochs.get(formatTopicPartition(row.topic, row.partition)) ?? -1
    return leaderEpoch < 0 ? row : { ...row, leaderEpoch }
  }

  /** While no commit is in flight. All or nothing: where one task throws, every task goes back to its last commit. */
  collect(): OwnedCommit[] {
    try {
      return this.#order.flatMap(({ task, number }) => {
        const part = task.collectCommit()
        return part === null
          ? []
          : [{ ...part, offsets: part.offsets.map((row) => this.#withLeaderEpoch(row)), number }]
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
      for (const { topic, partition, offset } of part.offsets) {
        this.#committedOffsets.set(formatTopicPartition(topic, partition), offset)
      }
      running.task.state.maybeFlush().catch((error) => this.#options.onFlushFailed(part.taskId, error))
    }
  }

  /** Drops everything uncommitted and reads again from the committed offsets. */
  rewind(): void {
    for (const running of this.#order) this.#rewind(running)
    this.resumeFetching()
  }

  /** The same for one task, while no commit is in flight; it takes no record for so long. */
  retry(taskId: string, pauseMs: number): void {
    const running = this.#tasks.get(taskId)
    if (running === undefined) return
    running.pausedUntilMs = this.#options.clock.monotonicMs() + pauseMs
    this.#rewind(running)
    this.resumeFetching()
  }

  #rewind({ task, sources }: RunningTask): void {
    task.commitAborted()
    for (const { topic, partition } of sources) {
      this.#options.fetcher.seek({ topic, partition }, this.committedOffset(topic, partition)!)
    }
  }

  /** Takes tasks out at once: nothing is read or processed for them any more. Returns how to close each. */
  remove(taskIds: readonly string[]): Map<string, (options: CloseState) => Promise<void>> {
    const closing = new Map<string, (options: CloseState) => Promise<void>>()
    for (const taskId of taskIds) {
      const running = this.#tasks.get(taskId)
      if (running === undefined) continue
      const { task, sources } = running
      this.#tasks.delete(taskId)
      for (const { topic, partition } of sources) {
        const name = formatTopicPartition(topic, partition)
        this.#options.fetcher.remove({ topic, partition })
        this.#byPartition.delete(name)
        this.#paused.delete(name)
        this.#committedOffsets.delete(name)
        this.#leaderEpochs.delete(name)
      }
      closing.set(taskId, (options) => closeTask(task, options))
    }
    this.#sorted = null
    return closing
  }
}
