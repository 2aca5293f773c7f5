/**
 * Runs a topology synchronously, without a broker: one partition, one task per sub-topology, state in memory, a commit
 * after every record. It uses the same tasks as production.
 */

import { isMillraceError } from '../../errors.js'
import { requireKnown } from '../../record/known-options.js'
import type { TopicRecord } from '../../record/record.js'
import type { Serde } from '../../serde/serde.js'
import type { Topic } from '../../serde/topic.js'
import type { KeyValueStore } from '../../state/ports/store.js'
import type { TaskState } from '../../state/task-state.js'
import type { Drop } from '../../task/options.js'
import type { Task } from '../../task/task.js'
import { changelogTopic, realTopicName } from '../../topology/internal-topics.js'
import { withMatchingTopics } from '../../topology/patterns.js'
import { type StoreReference, storeNameOf } from '../../topology/processor.js'
import { subTopologies } from '../../topology/sub-topologies.js'
import type { SubTopology, Topology } from '../../topology/topology.js'
import { requireTopology } from '../../topology/validate/validate.js'
import { ManualClock } from '../manual-clock.js'
import { DRIVER_OPTIONS, type DriverOptions, type TopologyTestDriverOptions } from './driver-options.js'
import { DriverTopics, PARTITION } from './driver-topics.js'
import { HeadOrder } from './head-order.js'
import { atLeastZero, type TestInputTimes, TestTimes } from './record-times.js'
import { type DriverGlobal, type DriverSurroundings, openGlobal, openTask } from './task-parts.js'
import { type TestStore, TestStores } from './test-stores.js'
import { TestInputTopic, TestOutputTopic, type WriteBytes } from './test-topics.js'
import { requireOpen, topicArguments, unknownTopic } from './topic-arguments.js'

/**
 * Runs a topology in a test, synchronously and without a broker. Each topic has one partition, state is in memory, and there is a commit
 * after each record.
 */
export class TopologyTestDriver {
  /** The stores by kind. */
  readonly stores: TestStores
  readonly #topology: Topology
  readonly #options: DriverOptions
  readonly #surroundings: DriverSurroundings
  readonly #clock: ManualClock
  readonly #tasks: readonly Task<TaskState>[]
  /** Real topic → the task that reads it. */
  readonly #readers = new Map<string, Task<TaskState>>()
  readonly #globals: readonly DriverGlobal[]
  readonly #topics = new DriverTopics()
  readonly #drops: Drop[] = []
  /** Records of global stores that wait for their schema. */
  readonly #schemas: Promise<void>[] = []
  readonly #order = new HeadOrder()
  #closed = false
  /** Called when a handler has answered. */
  #answered: () => void = () => {}

  constructor(named: Topology, options: TopologyTestDriverOptions = {}) {
    requireTopology(named)
    requireKnown(options, DRIVER_OPTIONS, 'TopologyTestDriver', 'CONFIG_INVALID')
    const topology = withMatchingTopics(named, options.topics ?? [])
    this.#topology = topology
    this.#options = { applicationId: 'test', cacheBytes: 10 * 1024 * 1024, ...options }
    this.#clock = new ManualClock(options.startMs ?? 0)
    const onDrop = (drop: Drop) => void this.#drops.push(drop)
    this.#surroundings = { topology, options: this.#options, clock: this.#clock, onDrop }
    this.#globals = topology.globalStores.map((definition) => openGlobal(this.#surroundings, definition))
    this.#tasks = subTopologies(topology).map((part) => this.#openTask(part))
    this.stores = this.#openStores()
  }

  /** A topic to write records to. @throws MillraceError TEST_TOPIC_UNKNOWN if the topology does not read it; CONFIG_INVALID for a negative advance */
  createInputTopic<K, V>(topic: Topic<K, V>, times?: TestInputTimes): TestInputTopic<K, V>
  createInputTopic<K, V>(
    topic: string,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    times?: TestInputTimes,
  ): TestInputTopic<K, V>
  createInputTopic(given: unknown, ...rest: readonly unknown[]): TestInputTopic<unknown, unknown> {
    const { topic, keySerde, valueSerde, others } = topicArguments(given, rest, 'createInputTopic')
    const times = (others[0] ?? {}) as TestInputTimes
    const known = [...this.#readers.keys(), ...this.#globals.map(({ definition }) => definition.topic)]
    if (!known.includes(topic)) throw unknownTopic(topic, 'does not read', 'reads', known)
    const write: WriteBytes = (key, value, timestamp, headers) => {
      requireOpen(this.#closed)
      const offset = this.#topics.takeOffsets(topic, 1)
      this.#deliver({ topic, partition: PARTITION, offset, timestamp, key, value, headers })
      this.#settle()
    }
    return new TestInputTopic(topic, keySerde, valueSerde, write, new TestTimes(() => this.#clock.now(), times))
  }

  /**
   * A topic to read results from. Repartition and changelog topics have their full names, `<applicationId>-<name>`.
   * @throws MillraceError TEST_TOPIC_UNKNOWN if the topology cannot write to it
   */
  createOutputTopic<K, V>(topic: Topic<K, V>): TestOutputTopic<K, V>
  createOutputTopic<K, V>(topic: string, keySerde: Serde<K>, valueSerde: Serde<V>): TestOutputTopic<K, V>
  createOutputTopic(given: unknown, ...rest: readonly unknown[]): TestOutputTopic<unknown, unknown> {
    const { topic, keySerde, valueSerde } = topicArguments(given, rest, 'createOutputTopic')
    const known = this.#writableTopics()
    if (known !== null && !known.includes(topic)) throw unknownTopic(topic, 'does not write', 'writes', known)
    return new TestOutputTopic(
      topic,
      keySerde,
      valueSerde,
      () => this.#topics.unread(topic).shift(),
      () => this.#topics.unread(topic).length,
    )
  }

  /** Moves the wall clock, and runs the punctuations and timers that are due. */
  advanceWallClockTime(byMs: number): void {
    requireOpen(this.#closed)
    this.#clock.advance(atLeastZero('advanceWallClockTime', byMs))
    for (const [topic, task] of this.#readers) {
      task.setCaughtUp(topic, PARTITION, true, this.#clock.monotonicMs())
    }
    for (const task of this.#tasks) {
      task.punctuateWallClock(this.#clock.now())
      this.#commit(task)
    }
    this.#settle()
  }

  /**
   * Resolves when all asynchronous handlers have answered and their results are processed. Time-outs and pauses between attempts pass
   * only with `advanceWallClockTime`.
   */
  async idle(): Promise<void> {
    while (this.#schemas.length > 0) await Promise.all(this.#schemas.splice(0))
    this.#settle()
    while (this.#tasks.some(({ busy }) => busy)) {
      await new Promise<void>((resolve) => {
        this.#answered = resolve
      })
      this.#settle()
    }
  }

  /** A store, global ones included, by name or by the value of `stateStore`. @throws MillraceError TOPOLOGY_STORE_UNKNOWN */
  store<S = KeyValueStore<unknown, unknown>>(store: string | StoreReference<S>): S {
    return this.stores.any(storeNameOf(store)) as S
  }

  /** The records dropped so far, with reason and origin. */
  droppedRecords(): readonly Drop[] {
    return [...this.#drops]
  }

  /** The names of the topics written so far. */
  producedTopics(): string[] {
    return this.#topics.names()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Closes the processors of the topology. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const task of this.#tasks) task.close()
    for (const { processor } of this.#globals) processor.close()
  }

  /** Null where a sink chooses its topic by the record: it may write anywhere. */
  #writableTopics(): string[] | null {
    const { applicationId, deadLetterTopic } = this.#options
    const topics = deadLetterTopic === undefined ? [] : [deadLetterTopic]
    for (const node of this.#topology.nodes) {
      if (node.kind !== 'sink') continue
      if (typeof node.topic !== 'string') return null
      topics.push(realTopicName(applicationId, this.#topology, node.topic))
    }
    const changelogs = this.#topology.stores.map((store) => changelogTopic(applicationId, store))
    return [...topics, ...changelogs.filter((topic) => topic !== null)]
  }

  #openStores(): TestStores {
    const stores = new Map<string, TestStore>()
    for (const [at, part] of subTopologies(this.#topology).entries()) {
      for (const { name, kind } of part.stores) stores.set(name, { kind, store: this.#tasks[at]!.state.store(name) })
    }
    for (const { definition, state } of this.#globals) {
      const { name, kind } = definition.store
      stores.set(name, { kind, store: state.store(name) })
    }
    return new TestStores(stores)
  }

  #deliver(record: TopicRecord): void {
    const { topic, offset } = record
    const globals = this.#globals.filter(({ definition }) => definition.topic === topic)
    const task = this.#readers.get(topic)
    if (task === undefined && globals.length === 0) return
    const batches = this.#topics.batches(record)
    for (const { processor } of globals) {
      const waits = processor.apply({ topic, partition: PARTITION, batches, startOffset: offset })
      if (waits !== null) this.#schemas.push(waits)
    }
    if (task === undefined) return
    this.#topics.handOver(record)
    task.addBatches(topic, PARTITION, batches, offset + 1)
    this.#order.handedOver(topic)
  }

  /** Processes until nothing is left. */
  #settle(): void {
    // A record that was dropped before it got to the head still has to be committed past.
    for (const task of this.#tasks) this.#commit(task)
    for (;;) {
      const next = this.#nextTask()
      if (next === null || this.#process(next) === 0) return
      this.#order.taken()
      this.#commit(next)
    }
  }

  /** The task whose next record is the oldest; where several have one of that time, the one whose turn it is. */
  #nextTask(): Task<TaskState> | null {
    const head = this.#order.choose()
    const turn = head === null ? undefined : this.#readers.get(head.topic)
    let next: Task<TaskState> | null = null
    let lowest = Number.POSITIVE_INFINITY
    for (const task of this.#tasks) {
      const timestamp = task.nextTimestampMs()
      if (timestamp !== null && (timestamp < lowest || (timestamp === lowest && task === turn))) {
        next = task
        lowest = timestamp
      }
    }
    return next
  }

  #process(task: Task<TaskState>): number {
    try {
      return task.process(1)
    } catch (error) {
      if (!isMillraceError(error, 'PROCESS_RETRY')) throw error
      this.#rewind(task)
      return 1
    }
  }

  /** Back to the last commit, with everything after it handed over again. */
  #rewind(task: Task<TaskState>): void {
    task.commitAborted()
    for (const [topic, reader] of this.#readers) {
      if (reader !== task) continue
      task.setCaughtUp(topic, PARTITION, true, this.#clock.monotonicMs())
      for (const record of this.#topics.uncommitted(topic)) {
        task.addBatches(topic, PARTITION, this.#topics.batches(record), record.offset + 1)
      }
    }
    this.#order.reset()
  }

  #commit(task: Task<TaskState>): void {
    // A commit would stop the task from taking records until its handlers are done.
    if (task.busy) return
    const commit = task.collectCommit()
    if (commit === null) return
    const { batchOffsets, written } = this.#topics.write(commit)
    task.commitSucceeded(commit, batchOffsets)
    this.#topics.passed(commit.offsets)
    for (const record of written) this.#deliver(record)
  }

  #openTask(part: SubTopology): Task<TaskState> {
    // What handlers have answered is processed by the next call, so that an error leaves that call.
    const onReady = () => (this.#tasks.some(({ busy }) => busy) ? this.#answered() : this.#settle())
    const task = openTask(this.#surroundings, part, this.#globals, this.#order, onReady)
    for (const name of part.sourceTopics) {
      const topic = realTopicName(this.#options.applicationId, this.#topology, name)
      this.#readers.set(topic, task)
      task.setCaughtUp(topic, PARTITION, true, this.#clock.monotonicMs())
    }
    return task
  }
}
