/** The options of a task, and the types of its reports. */
import { topicMissing } from '../client/broker-error.js'
import type { Progress } from '../client/heartbeat/progress.js'
import type { Clock } from '../record/clock.js'
import type { FailureHandler, ProcessingFailureHandler } from '../record/failure.js'
import type { TaskId } from '../record/task-id.js'
import type { StoreKind } from '../state/stores/index.js'
import type { ChangelogSink } from '../state/stores/store-parts.js'
import type { Log } from '../telemetry/log.js'
import type { AppConfigs } from '../topology/processor.js'
import type { SubTopology } from '../topology/topology.js'
import type { Turns } from './partition-wait.js'
import type { RejectedBatches } from './rejected-batches.js'

/** One record that went no further, and where it came from. Origin fields are null inside a punctuation. */
export interface Drop {
  /** Why; docs/operators/failures.md lists the reasons. */
  readonly reason: string
  readonly taskId: string
  readonly node: string
  readonly topic: string | null
  readonly partition: number | null
  readonly offset: number | null
}

/** The stores of one task, as the task drives them; `TaskState` is the one implementation. */
export interface TaskStores {
  store(name: string): unknown
  /** Calls the flush listeners of cached stores, in topology order. */
  flushListeners(): void
  /** One call per changed key; what is written afterwards belongs to the next commit. */
  beginCommit(sink: ChangelogSink): void
  /** Store → next offset of its changelog and the topic's id. */
  commitSucceeded(
    changelogEnds: ReadonlyMap<string, { readonly offset: number; readonly topicId: string | null }>,
  ): void
  commitAborted(): void
}

export interface GlobalStore {
  readonly store: unknown
  readonly kind: StoreKind
}

export interface TaskOptions<S extends TaskStores = TaskStores> {
  readonly id: TaskId
  readonly applicationId: string
  readonly subTopology: SubTopology
  /** What user code sees of the settings. */
  readonly appConfigs: AppConfigs
  readonly state: S
  /** Null where the topology has no global store of that name. */
  readonly globalStore: (name: string) => GlobalStore | null
  /** Of a topic it reads. */
  readonly partitionCount: (topic: string) => number
  /**
   * How many partitions a topic it writes to has now; null: not known yet, then `onReady` is called when it is.
   * @throws MillraceError CLIENT_TOPIC_MISSING, CLIENT_AUTHORIZATION
   */
  readonly sinkPartitions: (topic: string) => number | null
  /** The real topic behind a name in the topology: repartition topics carry the application id. */
  readonly topicName: (nodeTopic: string) => string
  /** Null where the store's changes are not produced. */
  readonly changelogTopic: (store: string) => string | null
  /** Kafka's id of a topic, kept with the store's checkpoint; null where the broker has none. */
  readonly topicId: (topic: string) => string | null
  readonly clock: Pick<Clock, 'now' | 'monotonicMs' | 'setTimer'>
  /** -1 never waits, 0 waits for partitions that are known to have data, > 0 waits so long in addition (KIP-695). */
  readonly maxTaskIdleMs: number
  /** How long a record may wait for its schema. Default 0: for as long as it takes. */
  readonly taskTimeoutMs?: number
  /** Default: says nothing. */
  readonly log?: Pick<Log, 'warn'>
  /** Default: of several records of the same time, the one of the first partition in build order. */
  readonly turns?: Turns
  /** How far behind the wall clock event time continues while nothing comes; 0: it stands. */
  readonly idleTimeoutMs: number
  readonly onDrop: (drop: Drop) => void
  readonly onDeserializationError: FailureHandler
  readonly onProcessingError: ProcessingFailureHandler
  readonly onProductionError: FailureHandler
  /** What brokers have rejected lately; absent where nobody rejects anything. */
  readonly rejectedBatches?: RejectedBatches
  /** Says which record is in hand; absent where nobody watches. */
  readonly progress?: Progress
  /** Most bytes of key, value and headers that a sink may write in one record. */
  readonly maxRecordBytes: number
  /** Also receives late, expired and null-key drops when set. */
  readonly deadLetterTopic: string | null
  /** Real topics whose records `TaskCommit.captured` lists. */
  readonly captureTopics: ReadonlySet<string>
  /** Called when a record that waited for its schema or topic can be retried, or an asynchronous handler has answered. */
  readonly onReady: () => void
}

/** Of a topic that is known, or of one the application names: those are asked for before anything starts. */
export function partitionsToWrite(options: Pick<TaskOptions, 'sinkPartitions'>, topic: string): number {
  const partitions = options.sinkPartitions(topic)
  if (partitions === null) throw topicMissing(topic)
  return partitions
}

/** What every node of a task is told of its surroundings. */
export function surroundings(options: TaskOptions) {
  const { id, applicationId, appConfigs, topicName, globalStore } = options
  const { text: taskId, partition } = id
  const partitionCount = (topic: string) => partitionsToWrite(options, topic)
  return { taskId, applicationId, appConfigs, partition, topicName, partitionCount, globalStore }
}
