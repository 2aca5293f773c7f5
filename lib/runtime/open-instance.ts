/** Opens everything one instance needs, in order, and closes it in the opposite order. */
import { Admin } from '../client/admin.js'
import type { Cluster } from '../client/cluster.js'
import { Fetcher } from '../client/fetcher.js'
import { GroupMember } from '../client/group-member.js'
import { IdempotentProducer } from '../client/producer.js'
import { TransactionManager } from '../client/transaction-manager.js'
import type { StreamsConfig } from '../config.js'
import { isMillraceError } from '../errors.js'
import type { StateEngines } from '../state/engine.js'
import { TaskState } from '../state/task-state.js'
import type { Drop } from '../task/options.js'
import { Task } from '../task/task.js'
import type { Topology } from '../topology/topology.js'
import { assignPartitions } from './assign-partitions.js'
import { atLeastOnce, type CommitGroup, exactlyOnce } from './commit-group.js'
import type { CommittedRecords } from './committed-records.js'
import { GlobalStores } from './global-stores.js'
import { Instance } from './instance.js'
import type { Lifecycle } from './lifecycle.js'
import { encodeMemberData } from './member-data.js'
import type { Plan } from './plan.js'
import { prepareTopics } from './prepare-topics.js'
import { openProcess, type Process } from './process.js'
import { purgeRepartitionTopics } from './purge.js'
import { type MakeFetcher, Restore } from './restore.js'
import { Signal } from './signal.js'
import { TakeOver } from './take-over.js'
import { TaskSet } from './task-set.js'

/** Values of one task kept in memory, however many tasks share the budget. */
const LEAST_RESIDENT_BYTES = 1024 * 1024

export interface InstanceOptions {
  readonly topology: Topology
  readonly config: StreamsConfig
  readonly cluster: Cluster
  /** Where the process keeps its identity, and the lock of the state folder. */
  readonly processEngines: StateEngines
  /** Byte stores of the tasks, of which so many may be open at once. */
  readonly makeEngines: (expectedTasks: number) => StateEngines
  readonly committed: CommittedRecords
  readonly lifecycle: Lifecycle
  readonly onDrop: (drop: Drop) => void
  /** Static membership: only for an identity that outlives the process. */
  readonly staticMember: boolean
}

export interface OpenInstance {
  readonly instance: Instance
  readonly plan: Plan
  readonly tasks: TaskSet
  readonly globals: GlobalStores
  readonly admin: Admin
  readonly restore: Restore
  readonly processId: string
  /** After `instance.run` has returned. `leave`: give the tasks away now instead of after the session time-out. */
  close(leave: boolean): Promise<void>
}

/** @throws what opening any of the parts raises; what was opened is closed again */
export async function openInstance(options: InstanceOptions): Promise<OpenInstance> {
  const { config, cluster } = options
  const closing: (() => Promise<unknown> | unknown)[] = []
  try {
    const process = await openProcess(options.processEngines, config.random)
    closing.push(() => process.close())
    const admin = new Admin(cluster)
    const plan = await prepareTopics(options.topology, config.applicationId, cluster, admin, {
      replicationFactor: config.replicationFactor,
      extraTopics: config.deadLetterTopic === null ? [] : [config.deadLetterTopic],
    })
    return await assemble(options, process, admin, plan, closing)
  } catch (error) {
    for (const close of closing.reverse()) await Promise.resolve(close()).catch(() => undefined)
    throw error
  }
}

async function assemble(
  options: InstanceOptions,
  process: Process,
  admin: Admin,
  plan: Plan,
  closing: (() => Promise<unknown> | unknown)[],
): Promise<OpenInstance> {
  const { config, cluster, lifecycle, committed } = options
  const engines = options.makeEngines(plan.taskIds.length)
  const signal = new Signal(config.clock)
  const box: { instance: Instance | null } = { instance: null }
  const fail = (error: unknown) => box.instance?.fail(error)
  const makeFetcher =
    (lane: 'fetch' | 'restore' | 'read', maxWaitMs: number): MakeFetcher =>
    (onArrival) => {
      const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', lane, maxWaitMs })
      fetcher.onArrival = onArrival
      return fetcher
    }

  const fetcher = makeFetcher('fetch', 500)(signal.raise)
  closing.push(() => fetcher.close())
  const globals = new GlobalStores({
    applicationId: config.applicationId,
    definitions: options.topology.globalStores,
    admin,
    makeFetcher: makeFetcher('read', 500),
    partitionCount: (topic) => plan.partitionCount(topic),
    clock: config.clock,
    onFailed: fail,
  })
  closing.push(() => globals.close())
  await globals.open()

  const tasks = new TaskSet({
    fetcher,
    clock: config.clock,
    bufferBytes: config.bufferBytes,
    onFlushFailed: fail,
    makeTask: (opened) => makeTask(options, plan, globals, signal, opened),
  })
  const identity = `${config.applicationId}-${process.processId}`
  const onDisk = new Set((await engines.list()).filter((name) => plan.taskIds.includes(name)))
  const member = new GroupMember({
    cluster,
    clock: config.clock,
    groupId: config.applicationId,
    groupInstanceId: options.staticMember ? identity : null,
    sessionTimeoutMs: config.sessionTimeoutMs,
    rebalanceTimeoutMs: config.rebalanceTimeoutMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    protocolName: 'millrace',
    subscription: () => {
      const owned = tasks.ids()
      for (const taskId of owned) onDisk.add(taskId)
      const idle = [...onDisk].filter((taskId) => !owned.includes(taskId))
      return {
        topics: plan.subscribedTopics,
        userData: encodeMemberData({ processId: process.processId, owned, onDisk: idle }),
      }
    },
    assign: (members) => assignPartitions(plan, members),
  })
  member.onRebalanceNeeded = () => box.instance?.rebalance()
  member.onLost = (error) => {
    if (error.code === 'GROUP_STALE_GENERATION') box.instance?.sessionLost()
    else fail(error)
  }
  const commitGroup = makeCommitGroup(config, cluster, member, identity)
  closing.push(() => commitGroup.close())
  // Step 1 of every take-over: whatever an earlier life of this process left open is ended before offsets are read.
  await commitGroup.init()
  const restore = new Restore(makeFetcher('restore', 100), config.clock)
  const takeOver = new TakeOver({
    plan,
    member,
    admin,
    engines,
    openState: (taskId) => openState(config, engines, plan, taskId),
    restore,
    offsetReset: config.offsetReset,
    clock: config.clock,
    log: config.log,
  })
  box.instance = new Instance({
    config,
    plan,
    member,
    fetcher,
    signal,
    commitGroup,
    takeOver,
    tasks,
    committed,
    lifecycle,
  })
  const stopPurging = purgeRepartitionTopics(config, plan, tasks, admin)
  closing.push(stopPurging)
  return {
    instance: box.instance,
    plan,
    tasks,
    globals,
    admin,
    restore,
    processId: process.processId,
    async close(leave) {
      await member.leave({ evenIfStatic: leave })
      for (const close of closing.reverse()) await close()
    },
  }
}

function makeCommitGroup(
  config: StreamsConfig,
  cluster: Cluster,
  member: GroupMember,
  transactionalId: string,
): CommitGroup {
  if (config.processingGuarantee === 'atLeastOnce') return atLeastOnce(new IdempotentProducer({ cluster }), member)
  const { transactionTimeoutMs } = config
  return exactlyOnce(new TransactionManager({ cluster, transactionalId, transactionTimeoutMs }))
}

/** Damaged or foreign state is set aside: the changelog has everything. */
async function openState(config: StreamsConfig, engines: StateEngines, plan: Plan, taskId: string): Promise<TaskState> {
  try {
    return await openStateOnce(config, engines, plan, taskId)
  } catch (error) {
    if (!isMillraceError(error, 'STATE_CORRUPT', 'STATE_LAYOUT_UNSUPPORTED')) throw error
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

function makeTask(
  { config, committed, onDrop }: InstanceOptions,
  plan: Plan,
  globals: GlobalStores,
  signal: Signal,
  opened: {
    readonly taskId: string
    readonly state: TaskState
    readonly positions: readonly { topic: string; partition: number; metadata: string }[]
  },
): Task<TaskState> {
  const task = new Task<TaskState>({
    id: opened.taskId,
    applicationId: config.applicationId,
    subTopology: plan.subTopology(opened.taskId),
    partition: Number(opened.taskId.split('_')[1]),
    state: opened.state,
    globalStore: (name) => globals.store(name),
    partitionCount: (topic) => plan.partitionCount(topic),
    topicName: (topic) => plan.topicName(topic),
    changelogTopic: (store) => plan.changelogTopic(store),
    topicId: (topic) => plan.topicId(topic),
    clock: config.clock,
    maxTaskIdleMs: config.maxTaskIdleMs,
    onDrop,
    onDeserializationError: config.onDeserializationError,
    onProcessingError: config.onProcessingError,
    deadLetterTopic: config.deadLetterTopic,
    captureTopics: committed.topics,
    onReady: signal.raise,
  })
  task.restoreTimes(opened.positions)
  return task
}
