/** Makes a task's parts from the plan and the configuration: its state on disk, and the task over it. */
import type { StreamsConfig } from '../config.js'
import { isMillraceError } from '../errors.js'
import type { StateEngines } from '../state/engine.js'
import { TaskState } from '../state/task-state.js'
import type { Drop } from '../task/options.js'
import type { Refusals } from '../task/refusals.js'
import { Task } from '../task/task.js'
import { appConfigs } from './app-configs.js'
import type { CommittedRecords } from './committed-records.js'
import type { GlobalStores } from './global-stores.js'
import type { Plan } from './plan.js'
import type { Signal } from './signal.js'
import type { SinkTopics } from './sink-topics.js'
import type { OpenedTask } from './take-over.js'

/** Values of one task kept in memory, however many tasks share the budget. */
const LEAST_RESIDENT_BYTES = 1024 * 1024

export interface TaskSurroundings {
  readonly config: StreamsConfig
  readonly committed: CommittedRecords
  readonly onDrop: (drop: Drop) => void
}

/** Damaged or foreign state is set aside: the changelog has everything. */
export async function openState(
  config: StreamsConfig,
  engines: StateEngines,
  plan: Plan,
  taskId: string,
): Promise<TaskState> {
  try {
    return await openStateOnce(config, engines, plan, taskId)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_DAMAGED', 'STATE_LAYOUT_UNSUPPORTED')) throw error
    config.log.warn({ taskId, code: error.code }, 'local state is set aside and rebuilt from the changelog')
    await engines.setAside(taskId, error.code)
    return openStateOnce(config, engines, plan, taskId)
  }
}

async function openStateOnce(
  config: StreamsConfig,
  engines: StateEngines,
  plan: Plan,
  taskId: string,
): Promise<TaskState> {
  const engine = await engines.open(taskId)
  try {
    return await TaskState.open({
      taskId,
      stores: plan.subTopology(taskId).stores,
      engine,
      clock: config.clock,
      cacheBytes: config.cacheMaxBytes / plan.taskIds.length,
      residentBytes: Math.max(LEAST_RESIDENT_BYTES, config.stateBudgetBytes / plan.taskIds.length),
      topicName: (store) => plan.changelogTopic(store.name) ?? store.name,
    })
  } catch (error) {
    await engine.close()
    throw error
  }
}

export function makeTask(
  { config, committed, onDrop }: TaskSurroundings,
  plan: Plan,
  globals: GlobalStores,
  signal: Signal,
  sinkTopics: SinkTopics,
  refusals: Refusals,
  opened: OpenedTask,
): Task<TaskState> {
  const task = new Task<TaskState>({
    id: opened.taskId,
    applicationId: config.applicationId,
    appConfigs: appConfigs(config),
    subTopology: plan.subTopology(opened.taskId),
    partition: Number(opened.taskId.split('_')[1]),
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
    refusals,
    maxRecordBytes: config.maxRecordBytes,
    deadLetterTopic: config.deadLetterTopic,
    captureTopics: committed.topics,
    onReady: signal.raise,
  })
  task.restore(opened.positions)
  return task
}
