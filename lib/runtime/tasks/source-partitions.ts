/**
 * The source partitions of the tasks: the task that reads each, its committed offset, and whether its buffer has room.
 */
import type { OffsetToCommit } from '../../client/commit.js'
import type { FetchedBatches, Fetcher } from '../../client/fetcher.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'
import type { TaskId } from '../../record/task-id.js'
import type { TaskState } from '../../state/task-state.js'
import type { Task } from '../../task/task.js'
import type { SourcePosition } from './take-over.js'

interface Source {
  readonly place: TopicPartition
  readonly taskId: TaskId
  readonly task: Task<TaskState>
  /** It has to know when there is nothing to read. */
  readonly watched: boolean
  /** Next offset by the last commit that is certain. */
  committedOffset: number
  /** Of the last batch read; a restart then notices a log that lost it. */
  leaderEpoch: number
}

export interface SourcePartitionsOptions {
  readonly fetcher: Fetcher
  /** Buffered bytes of a partition at which fetching it pauses; it resumes below half. */
  readonly bufferBytes: number
  /** A task with one partition has to know too when that is empty. */
  readonly watchesSilence: boolean
}

/** Input of one instance in memory (KIP-770's input.buffer.max.bytes is 512 MiB). */
const MAX_BUFFERED_BYTES = 256 * 2 ** 20

export class SourcePartitions {
  readonly #options: SourcePartitionsOptions
  /** By `topic-partition`. */
  readonly #sources = new Map<string, Source>()
  /** Those that are not fetched. */
  readonly #paused = new Map<string, Source>()
  /** Input in memory: never less than there is, counted again when it seems to be much. */
  #bufferedBytes = 0

  constructor(options: SourcePartitionsOptions) {
    this.#options = options
  }

  add(taskId: TaskId, task: Task<TaskState>, positions: readonly SourcePosition[]): void {
    // A task with several would wait for an empty one forever.
    const watched = positions.length > 1 || this.#options.watchesSilence
    for (const { topic, partition, offset, leaderEpoch } of positions) {
      const place = { topic, partition }
      const row = { place, taskId, task, watched, committedOffset: offset, leaderEpoch: leaderEpoch ?? -1 }
      this.#sources.set(formatTopicPartition(topic, partition), row)
      this.#options.fetcher.add(place, offset, leaderEpoch)
    }
  }

  remove(places: readonly TopicPartition[]): void {
    for (const { topic, partition } of places) {
      const name = formatTopicPartition(topic, partition)
      this.#options.fetcher.remove({ topic, partition })
      this.#sources.delete(name)
      this.#paused.delete(name)
    }
  }

  /** Next offset to read of a source partition by the last certain commit; undefined for one we do not run. */
  committedOffset(topic: string, partition: number): number | undefined {
    return this.#sources.get(formatTopicPartition(topic, partition))?.committedOffset
  }

  committed(offsets: readonly OffsetToCommit[]): void {
    for (const { topic, partition, offset } of offsets) {
      const source = this.#sources.get(formatTopicPartition(topic, partition))
      if (source !== undefined) source.committedOffset = offset
    }
  }

  withLeaderEpoch(row: OffsetToCommit): OffsetToCommit {
    const leaderEpoch = this.#sources.get(formatTopicPartition(row.topic, row.partition))?.leaderEpoch ?? -1
    return leaderEpoch < 0 ? row : { ...row, leaderEpoch }
  }

  /** The task that reads a partition, null: none of this instance. */
  readerOf(topic: string, partition: number): TaskId | null {
    return this.#sources.get(formatTopicPartition(topic, partition))?.taskId ?? null
  }

  /** Reads again from the committed offsets. */
  rewind(places: readonly TopicPartition[]): void {
    for (const { topic, partition } of places) {
      this.#options.fetcher.seek({ topic, partition }, this.committedOffset(topic, partition)!)
    }
  }

  /**
   * Whether tasks hold as much input as one instance should, whatever the number of partitions: then what is fetched waits until
   * some of it is processed.
   */
  full(): boolean {
    if (this.#bufferedBytes < MAX_BUFFERED_BYTES) return false
    this.#bufferedBytes = 0
    for (const source of this.#sources.values()) this.#bufferedBytes += buffered(source)
    return this.#bufferedBytes >= MAX_BUFFERED_BYTES
  }

  /** Hands fetched batches to their tasks; what belongs to a task that has gone is dropped. */
  deliver(fetched: readonly FetchedBatches[]): void {
    for (const { bytes } of fetched) this.#bufferedBytes += bytes
    for (const chunk of fetched) {
      const name = formatTopicPartition(chunk.topic, chunk.partition)
      const source = this.#sources.get(name)
      if (source === undefined) continue
      source.leaderEpoch = chunk.leaderEpoch
      source.task.addBatches(chunk.topic, chunk.partition, chunk.batches, chunk.nextOffset, chunk.startOffset)
      if (buffered(source) >= this.#options.bufferBytes) {
        this.#options.fetcher.pause(source.place)
        this.#paused.set(name, source)
      }
    }
    this.#noteCaughtUp()
  }

  /** Also for partitions that never had a record. */
  #noteCaughtUp(): void {
    const { fetcher } = this.#options
    for (const { task, place, watched } of this.#sources.values()) {
      if (!watched) continue
      const end = fetcher.watermarks(place)?.lastStableOffset ?? -1
      const caughtUp = end >= 0 && (fetcher.position(place) ?? -1) >= end
      task.setCaughtUp(place.topic, place.partition, caughtUp, fetcher.emptyAtMs(place))
    }
  }

  /** Fetches again what has room. */
  resume(): void {
    for (const [name, source] of this.#paused) {
      if (buffered(source) >= this.#options.bufferBytes / 2) continue
      this.#paused.delete(name)
      this.#options.fetcher.resume(source.place)
    }
  }
}

function buffered({ task, place }: Source): number {
  return task.bufferedBytes(place.topic, place.partition)
}
