/** The tasks and global stores of the test driver: those of production, over memory and a clock of the test. */
import { taskIdOf } from '../../record/task-id.js'
import { GlobalProcessor } from '../../runtime/global-processor.js'
import { MemoryEngines } from '../../state/memory-engine.js'
import type { StoreDefinition } from '../../state/stores/index.js'
import { uncached } from '../../state/stores/store-info.js'
import { TaskState } from '../../state/task-state.js'
import type { Drop } from '../../task/options.js'
import { Task } from '../../task/task.js'
import { changelogTopic, realTopicName } from '../../topology/internal-topics.js'
import type { GlobalStoreDefinition, SubTopology, Topology } from '../../topology/topology.js'
import type { ManualClock } from '../manual-clock.js'
import type { DriverOptions } from './driver-options.js'
import { PARTITION } from './driver-topics.js'
import type { HeadOrder } from './head-order.js'

export interface DriverSurroundings {
  readonly topology: Topology
  readonly options: DriverOptions
  readonly clock: ManualClock
  readonly onDrop: (drop: Drop) => void
}

export interface DriverGlobal {
  readonly definition: GlobalStoreDefinition
  readonly processor: GlobalProcessor
  readonly state: TaskState
}

function openState(
  { options, clock }: DriverSurroundings,
  taskId: string,
  stores: readonly StoreDefinition[],
): TaskState {
  const { cacheBytes } = options
  return TaskState.openSync({
    taskId,
    stores: cacheBytes > 0 ? stores : stores.map((store) => ({ ...store, cached: false })),
    engine: new MemoryEngines().openSync(taskId),
    clock,
    cacheBytes,
  })
}

export function openGlobal(surroundings: DriverSurroundings, definition: GlobalStoreDefinition): DriverGlobal {
  const state = openState(surroundings, 'global', [uncached(definition.store)])
  const { clock, options } = surroundings
  const handleGlobalErrors = options.handleGlobalErrors ?? false
  const processor = new GlobalProcessor(definition, state, {
    ...failureOptions(surroundings),
    clock,
    handleGlobalErrors,
  })
  return { definition, processor, state }
}

function failureOptions({ options, onDrop }: DriverSurroundings) {
  const { applicationId, onDeserializationError, onProcessingError, onProductionError } = options
  return {
    applicationId,
    appConfigs: Object.freeze({ applicationId, ...options.appConfigs }),
    onDrop,
    onDeserializationError: onDeserializationError ?? 'fail',
    onProcessingError: onProcessingError ?? 'fail',
    onProductionError: onProductionError ?? 'fail',
    maxRecordBytes: options.maxRecordBytes ?? 1_048_487,
    deadLetterTopic: options.deadLetterTopic ?? null,
  } as const
}

export function openTask(
  surroundings: DriverSurroundings,
  subTopology: SubTopology,
  globals: readonly DriverGlobal[],
  turns: HeadOrder,
  onReady: () => void,
): Task<TaskState> {
  const { topology, options, clock } = surroundings
  const { applicationId } = options
  const id = taskIdOf(subTopology.id, PARTITION)
  const stores = new Map(subTopology.stores.map((store) => [store.name, store]))
  return new Task({
    ...failureOptions(surroundings),
    id,
    subTopology,
    state: openState(surroundings, id.text, subTopology.stores),
    globalStore: (name) => {
      const global = globals.find(({ definition }) => definition.store.name === name)
      return global === undefined
        ? null
        : { store: global.state.readOnlyStore(name), kind: global.definition.store.kind }
    },
    turns,
    partitionCount: () => 1,
    sinkPartitions: () => 1,
    topicName: (topic) => realTopicName(applicationId, topology, topic),
    changelogTopic: (name) => changelogTopic(applicationId, stores.get(name)!),
    topicId: () => null,
    clock: clock,
    maxTaskIdleMs: 0,
    idleTimeoutMs: options.idleTimeoutMs ?? 0,
    captureTopics: new Set(),
    onReady,
  })
}
