/**
 * One sub-topology on one partition: takes records by event time, pushes them through the operators, collects their
 * outputs, and passes them to a commit. It is synchronous; the runtime does everything that waits.
 */
import type { BatchOffsets, OffsetToCommit } from '../client/commit.js'
import type { Operator } from '../operators/operator.js'
import { closeEach } from '../operators/user-code.js'
import type { BatchView } from '../protocol/index.js'
import type { TaskId } from '../record/task-id.js'
import { silentLog } from '../telemetry/log.js'
import { AsyncLanes, type SettledRecord } from './async-work.js'
import { Collector, MAX_BATCH_BYTES } from './collector.js'
import { compile } from './compile.js'
import { TaskInput } from './input.js'
import { nodeContext } from './node-context.js'
import { partitionsToWrite, type TaskOptions, type TaskStores } from './options.js'
import { Punctuations } from './punctuation.js'
import type { PartitionQueue, QueueEvents } from './queue.js'
import { RecordErrors } from './record-errors.js'
import { lastingOrigin, putWithoutTime } from './record-origin.js'
import { changelogEnds, type TaskCommit } from './task-commit.js'
import { TopicWaits, type WaitingWrite } from './topic-waits.js'
import { WaitingQueues } from './waiting-queues.js'
import { WorkInHand } from './work-in-hand.js'

/** What one record weighs in `pendingBytes` of a task with stores: its change is logged at the next commit. */
const CHANGE_BYTES = 64

export class Task<S extends TaskStores = TaskStores> {
  readonly id: TaskId
  readonly state: S
  readonly #options: TaskOptions<S>
  readonly #collector: Collector
  readonly #recordErrors: RecordErrors
  readonly #punctuations = new Punctuations()
  readonly #input: TaskInput
  readonly #operators: readonly Operator[]
  readonly #inHand: WorkInHand
  readonly #async: AsyncLanes
  readonly #waits: TopicWaits
  readonly #schemas: WaitingQueues
  #commitRequested = false
  #uncommittedRecords = 0

  constructor(options: TaskOptions<S>) {
    this.id = options.id
    this.state = options.state
    this.#options = options
    this.#inHand = new WorkInHand(options.id.text, options.progress)
    this.#collector = new Collector({
      partitionCount: (topic) => partitionsToWrite(options, topic),
      captureTopics: options.captureTopics,
      firstPartition: options.id.partition,
      maxBatchBytes: (topic) => options.rejectedBatches?.maxBatchBytes(topic) ?? MAX_BATCH_BYTES,
    })
    this.#recordErrors = new RecordErrors(options, this.#collector)
    this.#input = new TaskInput(options)
    const origin = () => (this.#inHand.origin === null ? null : lastingOrigin(this.#inHand.origin))
    this.#async = new AsyncLanes(origin, options.onReady)
    this.#waits = new TopicWaits((topic) => options.sinkPartitions(topic) !== null)
    const { clock, taskTimeoutMs: timeoutMs = 0, log = silentLog } = options
    this.#schemas = new WaitingQueues({ clock, timeoutMs, log }, options.onReady)
    const parts = {
      options,
      state: this.state,
      storeKinds: new Map(options.subTopology.stores.map(({ name, kind }) => [name, kind])),
      input: this.#input,
      inHand: this.#inHand,
      punctuations: this.#punctuations,
      collector: this.#collector,
      recordErrors: this.#recordErrors,
      async: this.#async,
      waits: this.#waits,
      requestCommit: () => {
        this.#commitRequested = true
      },
    }
    const { sources, operators } = compile(options.subTopology.nodes, {
      taskId: options.id.text,
      context: (node) => nodeContext(node.name, parts),
      progress: this.#inHand.progress,
      failed: (node, error) => this.#recordErrors.processing(node, this.#inHand.origin, error),
    })
    this.#operators = operators
    this.#input.open(sources, this.#queueEvents(), this.#inHand.progress)
  }

  /** Takes over committed offsets, with partition and operator times from their metadata. Before the first record. */
  restore(offsets: readonly OffsetToCommit[]): void {
    this.#input.restore(offsets)
    this.#punctuations.reset(this.#input.time.ms)
  }

  /**
   * Buffers fetched batches; `nextOffset` follows them and whatever the fetcher skipped, records before `startOffset`
   * (a broker sends whole batches) are omitted.
   */
  addBatches(
    topic: string,
    partition: number,
    batches: readonly BatchView[],
    nextOffset: number,
    startOffset = 0,
  ): void {
    const queue = this.#input.find(topic, partition)
    const before = this.#inHand.origin
    this.#inHand.origin = queue
    queue.add(batches, nextOffset, startOffset)
    this.#inHand.origin = before
  }

  /**
   * `caughtUp`: the broker is known to hold nothing of this partition that can be read and was not handed over.
   * `emptyAtMs`: monotonic time at which it last said that it holds nothing at all past that; null: it does, or may.
   */
  setCaughtUp(topic: string, partition: number, caughtUp: boolean, emptyAtMs: number | null = null): void {
    const queue = this.#input.find(topic, partition)
    queue.caughtUp = caughtUp
    queue.emptyAtMs = emptyAtMs
  }

  bufferedBytes(topic: string, partition: number): number {
    return this.#input.find(topic, partition).bufferedBytes
  }

  hasRunnable(): boolean {
    return this.#schemas.due || this.#async.hasReady || (this.#async.open && this.#input.idle.mayRun())
  }

  /**
   * True while asynchronous handlers work, or records wait for the cluster to know their topic: what comes of it is part
   * of the next commit, which waits for them.
   */
  get busy(): boolean {
    return this.#async.underWay > 0 || this.#waits.any
  }

  /** A commit waits for asynchronous handlers, or they are done and it has not collected yet. */
  get draining(): boolean {
    return this.#async.draining
  }

  /** Partitions processed beyond their last commit. */
  uncommitted(): ReturnType<TaskInput['uncommitted']> {
    return this.#input.uncommitted()
  }

  /** Event time of the record that is next, null when none is buffered or none may be taken. */
  nextTimestampMs(): number | null {
    if (this.#async.hasReady) return this.#input.time.ms
    return this.#async.open ? (this.#input.idle.lowest()?.headTimestamp ?? null) : null
  }

  /** Processes up to `maxRecords`, lowest timestamp first; returns how many. */
  process(maxRecords: number): number {
    if (this.#schemas.due) this.#schemas.retry()
    let processed = this.#settleWaits()
    if (this.#async.size > 0) processed += this.#processAsync(maxRecords)
    else if (!this.#async.draining) processed += this.#take(maxRecords)
    this.#inHand.none()
    // No record is taken until that commit has been collected: it would start the waiting again.
    if (this.#async.draining && !this.busy) this.#commitRequested = true
    if (processed > 0) this.#input.time.breakSilence()
    this.#uncommittedRecords += processed
    return processed
  }

  /** Wall-clock time of the next punctuation, end of waiting for an empty partition, or look in silence that need no handler to end. */
  nextTimerAtMs(): number | null {
    if (this.#async.draining) return null
    const never = Number.POSITIVE_INFINITY
    const waitsUntilMs = this.#async.open ? (this.#input.idle.waitsUntilMs() ?? never) : never
    const lookAtMs = this.busy ? never : this.#input.time.nextAtMs
    const next = Math.min(this.#punctuations.nextWallClockMs, waitsUntilMs, lookAtMs)
    return Number.isFinite(next) ? next : null
  }

  /** Runs wall-clock punctuations that are due and lets event time continue in silence; returns how much came of it. */
  punctuateWallClock(nowMs: number): number {
    if (this.#async.draining) return 0
    let calls = 0
    if (!this.busy && this.#input.time.goOn()) {
      for (const operator of this.#operators) calls += operator.advance?.(this.#input.time.ms) ?? 0
      calls += this.#punctuateStreamTime()
    }
    if (nowMs >= this.#punctuations.nextWallClockMs)
      calls += this.#inHand.other(() => this.#punctuations.run('wallClockTime', nowMs))
    this.#uncommittedRecords += calls
    return calls
  }

  /** Bytes of output and changes that no commit has collected; 0: nothing anybody could see. */
  pendingBytes(): number {
    const changes = this.#options.subTopology.stores.length === 0 ? 0 : this.#uncommittedRecords * CHANGE_BYTES
    return this.#collector.pendingBytes + this.#waits.bytes + changes
  }

  /** True when a commit would carry an offset. */
  get moved(): boolean {
    return this.#input.moved
  }

  /** True once after user code asked for a commit. */
  takeCommitRequest(): boolean {
    const requested = this.#commitRequested
    this.#commitRequested = false
    return requested
  }

  /**
   * Flushes record caches through the topology, then collects outputs, changes and offsets; null when nothing changed.
   * Null too while it is `busy`: then no record is taken until it is not, and `takeCommitRequest` says when.
   */
  collectCommit(): TaskCommit | null {
    this.#inHand.other(() => this.state.flushListeners())
    this.#async.draining = this.busy
    if (this.busy) return null
    const changelogs = new Map<string, { topic: string; partition: number; records: number }>()
    this.state.beginCommit((store, key, value, timestampMs, headers) => {
      let changelog = changelogs.get(store.name)
      if (changelog === undefined) {
        const topic = this.#options.changelogTopic(store.name)
        if (topic === null) return
        changelog = { topic, partition: this.id.partition, records: 0 }
        changelogs.set(store.name, changelog)
      }
      const { topic, partition } = changelog
      try {
        this.#collector.send(topic, partition, key, value, timestampMs, headers)
      } catch (error) {
        throw Number.isSafeInteger(timestampMs) ? error : putWithoutTime(store.name, timestampMs, this.id.text)
      }
      changelog.records++
    })
    const { batches, captured } = this.#collector.take()
    this.#recordErrors.forgetLetters()
    const offsets = this.#input.beginCommit(batches.length > 0)
    this.#uncommittedRecords = 0
    if (batches.length === 0 && offsets.length === 0) {
      // Whatever changed in stores that are not logged is as good as committed.
      this.state.commitSucceeded(new Map())
      this.#input.commitSucceeded([])
      return null
    }
    return { taskId: this.id, batches, offsets, changelogs, captured }
  }

  /** The transaction with `commit` in it is through. */
  commitSucceeded(commit: TaskCommit, batchOffsets: BatchOffsets): void {
    const { subTopology, topicId } = this.#options
    this.state.commitSucceeded(changelogEnds(commit, batchOffsets, subTopology.stores, topicId))
    this.#input.commitSucceeded(commit.offsets)
    for (const { topic, offset } of commit.offsets) this.#recordErrors.committed(topic, offset)
  }

  /** Back to the last commit that succeeded: stores, times, nothing buffered. The runtime reads again from there. */
  commitAborted(): void {
    this.#inHand.origin = null
    this.state.commitAborted()
    this.#collector.clear()
    this.#recordErrors.forgetLetters()
    this.#async.clear()
    this.#waits.clear()
    this.#schemas.clear()
    this.#input.commitAborted()
    this.#punctuations.reset(this.#input.time.ms)
    this.#commitRequested = false
    this.#uncommittedRecords = 0
  }

  /** Closes user processors, whatever one of them throws. The state is the runtime's to close. */
  close(): void {
    this.#async.clear()
    this.#schemas.clear()
    closeEach(this.#operators)
  }

  /** What handlers have answered goes first; then as many records as may be in progress. */
  #processAsync(maxRecords: number): number {
    let processed = this.#async.run(maxRecords, (settled) => this.#deliver(settled))
    while (processed < maxRecords && this.#async.open && this.#input.idle.mayRun()) {
      this.#step(this.#input.idle.lowest()!)
      processed++
    }
    return processed
  }

  /** Writes whose topic is known by now. */
  #settleWaits(): number {
    return this.#waits.any ? this.#waits.settle((waiting, error) => this.#settle(waiting, error)) : 0
  }

  #settle({ node, topic, origin, write }: WaitingWrite, error: unknown): void {
    if (error !== null) this.#recordErrors.noTopic(node, topic, origin, error)
    else this.#deliver({ node, origin, push: write })
  }

  #deliver({ node, origin, push }: SettledRecord): void {
    this.#inHand.origin = origin
    try {
      this.#inHand.other(push)
    } catch (error) {
      this.#recordErrors.processing(node, origin, error)
    } finally {
      this.#inHand.origin = null
    }
  }

  #take(maxRecords: number): number {
    const { only, idle } = this.#input
    let processed = 0
    if (only !== null) for (; processed < maxRecords && only.hasHead; processed++) this.#step(only)
    else for (; processed < maxRecords && idle.mayRun(); processed++) this.#step(idle.lowest()!)
    return processed
  }

  #step(queue: PartitionQueue): void {
    const timestamp = queue.headTimestamp
    this.#inHand.origin = queue
    this.#inHand.record(queue)
    queue.time.advance(timestamp)
    this.#input.time.take(timestamp)
    queue.push({ key: queue.headKey, value: queue.headValue, timestamp, headers: queue.cursor!.headers() })
    queue.advance()
    this.#inHand.origin = null
    this.#punctuateStreamTime()
  }

  #punctuateStreamTime(): number {
    const { ms } = this.#input.time
    return ms >= this.#punctuations.nextStreamMs ? this.#punctuations.run('streamTime', ms) : 0
  }

  #queueEvents(): QueueEvents {
    return {
      unreadable: (queue, error) => this.#recordErrors.unreadable(queue, error),
      negativeTimestamp: (queue, timestamp) => this.#recordErrors.negativeTimestamp(queue, timestamp),
      schemaPending: (queue, pending) => this.#schemas.add(queue, pending),
    }
  }
}
