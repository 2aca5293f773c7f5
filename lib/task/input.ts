/**
 * The input of a task: a queue per partition, the next record, event time, and the offsets for its commits. Offsets and
 * times return to the last commit if the task does.
 */
import type { OffsetToCommit } from '../client/commit.js'
import type { Progress } from '../client/heartbeat/progress.js'
import { MillraceError } from '../errors.js'
import type { Push } from '../operators/operator.js'
import type { TopicPartition } from '../record/record.js'
import type { SourceNode } from '../topology/node.js'
import type { TaskOptions } from './options.js'
import { PartitionWait } from './partition-wait.js'
import { PartitionQueue, type QueueEvents } from './queue.js'
import { StreamTime } from './stream-time.js'
import { type MonotonicTime, OperatorTimes } from './times.js'

export type InputOptions = Pick<
  TaskOptions,
  'id' | 'clock' | 'maxTaskIdleMs' | 'idleTimeoutMs' | 'turns' | 'topicName' | 'partitionCount'
>

export class TaskInput {
  readonly time: StreamTime
  readonly times: OperatorTimes
  readonly idle: PartitionWait
  readonly #options: InputOptions
  readonly #queues: PartitionQueue[] = []
  /** Position in the last commit collected. */
  readonly #collected = new Map<PartitionQueue, number>()

  constructor(options: InputOptions) {
    this.#options = options
    this.times = new OperatorTimes(options.id.text)
    this.time = new StreamTime(this.#queues, this.times, options.clock, options.idleTimeoutMs)
    this.idle = new PartitionWait(this.#queues, options.maxTaskIdleMs, options.clock)
  }

  /** Before the first record; in build order. */
  open(
    sources: readonly { readonly node: SourceNode; readonly push: Push }[],
    events: QueueEvents,
    progress: Progress,
  ): void {
    const { id, topicName, partitionCount, turns } = this.#options
    const { text: taskId, partition } = id
    for (const { node, push } of sources) {
      for (const topic of node.topics.map(topicName)) {
        // A topic of fewer partitions than another of the same source has none for the last tasks.
        if (partition < partitionCount(topic))
          this.#queues.push(new PartitionQueue(node, { taskId, topic, partition }, push, events, progress))
      }
    }
    if (turns !== undefined) this.idle.takeTurns(turns)
  }

  /** The one queue there is; null where there are more, or none. */
  get only(): PartitionQueue | null {
    return this.#queues.length === 1 ? this.#queues[0]! : null
  }

  /** @throws MillraceError TASK_PARTITION_UNKNOWN */
  find(topic: string, partition: number): PartitionQueue {
    const queue = this.#queues.find((candidate) => candidate.topic === topic)
    if (queue !== undefined && queue.partition === partition) return queue
    const { id } = this.#options
    throw new MillraceError('TASK_PARTITION_UNKNOWN', `Task ${id} does not read ${topic}-${partition}.`, {
      taskId: id.text,
      topic,
      partition,
    })
  }

  /** Takes over committed offsets, with partition and operator times from their metadata. Before the first record. */
  restore(offsets: readonly OffsetToCommit[]): void {
    for (const { topic, partition, offset, metadata } of offsets) {
      const queue = this.find(topic, partition)
      queue.committedOffset = offset
      queue.time.restore(this.times.restore(metadata))
    }
    this.#beginAnew()
  }

  /** True when a partition's position is not the one last collected: a commit would carry an offset. */
  get moved(): boolean {
    return this.#queues.some((queue) => this.#hasMoved(queue))
  }

  /** Partitions whose position is past the last commit that succeeded. */
  uncommitted(): (TopicPartition & { readonly committedOffset: number; readonly position: number })[] {
    return this.#queues
      .filter(({ position, committedOffset }) => position >= 0 && position > committedOffset)
      .map(({ topic, partition, position, committedOffset }) => ({ topic, partition, position, committedOffset }))
  }

  /**
   * The offsets of every partition that moved, with the times as they are now; of all partitions where something was
   * `written` without any record (a punctuation).
   */
  beginCommit(written: boolean): OffsetToCommit[] {
    const moved = this.#queues.filter((queue) => this.#hasMoved(queue))
    const chosen = moved.length > 0 || !written ? moved : this.#queues
    const offsets: OffsetToCommit[] = []
    for (const queue of chosen) {
      const { topic, partition, position } = queue
      if (position < 0) continue
      this.#collected.set(queue, position)
      offsets.push({ topic, partition, offset: position, metadata: this.times.encode(queue.time.streamTimeMs) })
    }
    for (const time of this.#allTimes()) time.beginCommit()
    return offsets
  }

  /** `offsets` may be none: what changed then needed no transaction. */
  commitSucceeded(offsets: readonly OffsetToCommit[]): void {
    for (const { topic, partition, offset } of offsets) this.find(topic, partition).committedOffset = offset
    for (const time of this.#allTimes()) time.commitSucceeded()
  }

  /** Back to the last commit, nothing buffered. */
  commitAborted(): void {
    for (const queue of this.#queues) queue.clear()
    for (const time of this.#allTimes()) time.commitAborted()
    this.#beginAnew()
  }

  #beginAnew(): void {
    for (const queue of this.#queues) this.#collected.set(queue, queue.committedOffset)
    this.time.reset()
  }

  #hasMoved(queue: PartitionQueue): boolean {
    return queue.position >= 0 && queue.position !== this.#collected.get(queue)
  }

  *#allTimes(): Iterable<MonotonicTime> {
    for (const queue of this.#queues) yield queue.time
    yield* this.times.all()
  }
}
