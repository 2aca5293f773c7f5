/** Makes a task from the plan and the configuration: its state on disk, and the task itself. */
import type { Progress } from '../../client/heartbeat/progress.js'
import type { StreamsConfig } from '../../config.js'
import { isMillraceError } from '../../errors.js'
import type { TaskId } from '../../record/task-id.js'
import type { StateEngines } from '../../state/engine/engine.js'
import { MemoryEngines } from '../../state/memory-engine.js'
import { TaskState } from '../../state/task-state.js'
import type { Drop } from '../../task/options.js'
import type { RejectedBatches } from '../../task/rejected-batches.js'
import { Task } from '../../task/task.js'
import { appConfigs } from '../app-configs.js'
import type { CommittedRecords } from '../commit/committed-records.js'
import type { GlobalStores } from '../global-stores.js'
import { throwLocked } from '../process-identity.js'
import type { Signal } from '../signal.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'
import type { SinkTopics } from '../topics/sink-topics.js'
import type { OpenedTask } from './take-over.js'

/** Values of one task kept in memory, however many tasks share the budget. */
const LEAST_RESIDENT_BYTES = 32 * 1024

/** What is committed and not on disk yet: a part of the budget too. */
const FLUSH_PART = 0.5
const LEAST_FLUSH_BYTES = 64 * 1024
const MOST_FLUSH_BYTES = 4 * 2 ** 20

export interface TaskSurroundings {
  readonly config: StreamsConfig
  readonly committed: CommittedRecords
  readonly onDrop: (drop: Drop) => void
}

/** Damaged or foreign state is set aside: the changelog has everything. */
export async function openState(
  config: StreamsConfig,
  engines: StateEngines,
  plan: ResolvedTopology,
  taskId: TaskId,
): Promise<TaskState> {
  try {
    return await openStateOnce(config, engines, plan, taskId)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_LAYOUT_UNSUPPORTED')) return throwLocked(error)
    config.log.warn({ taskId: taskId.text, code: error.code, cause: error.message }, 'local state cannot be used')
    await engines.setAside(taskId.text, error.code)
    return openStateOnce(config, engines, plan, taskId)
  }
}

async function openStateOnce(
  config: StreamsConfig,
  engines: StateEngines,
  plan: ResolvedTopology,
  taskId: TaskId,
): Promise<TaskState> {
  const { stores } = plan.subTopology(taskId)
  // A task that keeps nothing on disk opens nothing there.
  const onDisk = stores.some((store) => store.engine !== 'memory')
  const engine = await (onDisk ? engines : new MemoryEngines()).open(taskId.text)
  const shareBytes = config.stateBudgetBytes / plan.taskIds.length
  try {
    return await TaskState.open({
      taskId: taskId.text,
      stores,
      engine,
      clock: config.clock,
      cacheBytes: config.cacheMaxBytes / plan.taskIds.length,
      residentBytes: Math.max(LEAST_RESIDENT_BYTES, shareBytes),
      flushBytes: Math.min(MOST_FLUSH_BYTES, Math.max(LEAST_FLUSH_BYTES, shareBytes * FLUSH_PART)),
      topicName: (store) => plan.changelogTopic(store.name) ?? store.name,
    })
  } catch (error) {
    await engine.close()
    throw error
  }
}

export function makeTask(
  { config, committed, onDrop }: TaskSurroundings,
  plan: ResolvedTopology,
  globals: GlobalStores,
  signal: Signal,
  sinkTopics: SinkTopics,
  rejectedBatches: RejectedBatches,
  progress: Progress,
  opened: OpenedTask,
): Task<TaskState> {
  const task = new Task<TaskState>({
    id: opened.taskId,
    applicationId: config.applicationId,
    appConfigs: appConfigs(config),
    subTopology: plan.subTopology(opened.taskId),
    state: opened.state,
    globalStore: (name) => globals.store(name),
    partitionCount: (topic) => plan.partitionCount(topic),
    sinkPartitions: (topic) => sinkTopics.partitions(topic),
    topicName: (topic) => plan.topicName(topic),
    changelogTopic: (store) => plan.changelogTopic(store),
    topicId: (topic) => plan.topicId(topic),
    clock: config.clock,
    taskTimeoutMs: config.taskTimeoutMs,
    log: config.log,
    maxTaskIdleMs: config.maxTaskIdleMs,
    idleTimeoutMs: config.idleTimeoutMs,
    onDrop,
    onDeserializationError: config.onDeserializationError,
    onProcessingError: config.onProcessingError,
    onProductionError: config.onProductionError,
    rejectedBatches,
    progress,
    maxRecordBytes: config.maxRecordBytes,
    deadLetterTopic: config.deadLetterTopic,
    captureTopics: committed.topics,
    onReady: signal.raise,
  })
  task.restore(opened.positions)
  return task
}
