/** One task with memory under it, its input log, and what it committed: enough to abort, commit and restart it. */
import { BatchBuilder, readBatches } from '../../lib/protocol/index.js'
import type { FailureHandler, ProcessingFailureHandler } from '../../lib/record/failure.js'
import type { Header } from '../../lib/record/record.js'
import { taskIdOf } from '../../lib/record/task-id.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { TaskState } from '../../lib/state/task-state.js'
import type { Drop, TaskOptions } from '../../lib/task/options.js'
import { Task } from '../../lib/task/task.js'
import type { TaskCommit } from '../../lib/task/task-commit.js'
import { ManualClock } from '../../lib/testing/index.js'
import { subTopologies } from '../../lib/topology/sub-topologies.js'
import type { Topology } from '../../lib/topology/topology.js'

export interface Input {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers?: readonly Header[]
}

export interface Written {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestamp: number
  readonly headers: readonly Header[]
}

export interface HarnessOptions {
  readonly onDeserializationError?: FailureHandler
  readonly onProcessingError?: ProcessingFailureHandler
  readonly onProductionError?: FailureHandler
  readonly maxRecordBytes?: number
  readonly deadLetterTopic?: string
  readonly maxTaskIdleMs?: number
  readonly idleTimeoutMs?: number
  readonly partitionCount?: (topic: string) => number
  readonly sinkPartitions?: (topic: string) => number | null
  readonly captureTopics?: ReadonlySet<string>
  readonly taskTimeoutMs?: number
  readonly log?: TaskOptions['log']
}

/** Records of one input topic as one batch that starts at `baseOffset`. */
export function batchOf(records: readonly Omit<Input, 'topic'>[], baseOffset: number) {
  const builder = new BatchBuilder()
  for (const { key, value, timestamp, headers } of records) builder.append(timestamp, key, value, headers)
  return readBatches(builder.build({ baseOffset }))
}

export function writtenBy(commit: TaskCommit): Written[] {
  return commit.batches.flatMap(({ topic, partition, builder }) =>
    readBatches(builder.build()).flatMap((batch) => {
      const cursor = batch.records()
      const records: Written[] = []
      while (cursor.next()) {
        const { timestamp } = cursor
        records.push({
          topic,
          partition,
          key: cursor.key(),
          value: cursor.value(),
          timestamp,
          headers: cursor.headers(),
        })
      }
      return records
    }),
  )
}

export class TaskHarness {
  readonly clock = new ManualClock()
  readonly drops: Drop[] = []
  /** How often the task has said that it can go on. */
  ready = 0
  readonly #topology: Topology
  readonly #options: HarnessOptions
  task: Task<TaskState>

  constructor(topology: Topology, options: HarnessOptions = {}) {
    this.#topology = topology
    this.#options = options
    this.task = this.open()
  }

  /** A new task on empty stores: what a process has after a crash, before anything is restored. */
  open(): Task<TaskState> {
    const subTopology = subTopologies(this.#topology)[0]!
    const engine = new MemoryEngines().openSync('0_0')
    const state = TaskState.openSync({ taskId: '0_0', stores: subTopology.stores, engine, clock: this.clock })
    this.task = new Task({
      id: taskIdOf(0, 0),
      applicationId: 'app',
      appConfigs: { applicationId: 'app' },
      subTopology,
      state,
      globalStore: () => null,
      partitionCount: this.#options.partitionCount ?? (() => 1),
      sinkPartitions: this.#options.sinkPartitions ?? this.#options.partitionCount ?? (() => 1),
      topicName: (topic) => topic,
      changelogTopic: (store) => `app-${store}-changelog`,
      topicId: () => null,
      clock: this.clock,
      maxTaskIdleMs: this.#options.maxTaskIdleMs ?? 0,
      idleTimeoutMs: this.#options.idleTimeoutMs ?? 0,
      onDrop: (drop) => this.drops.push(drop),
      onDeserializationError: this.#options.onDeserializationError ?? 'fail',
      onProcessingError: this.#options.onProcessingError ?? 'fail',
      onProductionError: this.#options.onProductionError ?? 'fail',
      maxRecordBytes: this.#options.maxRecordBytes ?? 1_048_487,
      deadLetterTopic: this.#options.deadLetterTopic ?? null,
      captureTopics: this.#options.captureTopics ?? new Set(),
      taskTimeoutMs: this.#options.taskTimeoutMs ?? 0,
      ...(this.#options.log !== undefined && { log: this.#options.log }),
      onReady: () => {
        this.ready++
      },
    })
    return this.task
  }

  add(topic: string, records: readonly Omit<Input, 'topic'>[], baseOffset: number): void {
    this.task.addBatches(topic, 0, batchOf(records, baseOffset), baseOffset + records.length)
  }
}
