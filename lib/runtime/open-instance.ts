/** Opens everything that one instance needs, in order, and closes it in reverse order. */
import { Admin } from '../client/admin.js'
import type { Cluster } from '../client/cluster.js'
import type { Fetcher } from '../client/fetcher.js'
import type { GroupMember } from '../client/group-member.js'
import { Progress } from '../client/heartbeat/progress.js'
import type { StreamsConfig } from '../config.js'
import { isMillraceError, type MillraceError } from '../errors.js'
import { parseTaskId, type TaskId } from '../record/task-id.js'
import type { StateEngines } from '../state/engine/engine.js'
import type { Drop } from '../task/options.js'
import { RejectedBatches } from '../task/rejected-batches.js'
import type { Log } from '../telemetry/log.js'
import type { Topology } from '../topology/topology.js'
import { appConfigs } from './app-configs.js'
import { closeParts } from './close-parts.js'
import type { CommittedRecords } from './commit/committed-records.js'
import { makeCommitGroup } from './commit/make-commit-group.js'
import { fetchers } from './fetchers.js'
import { GlobalStores } from './global-stores.js'
import { Instance } from './instance.js'
import type { Lifecycle } from './lifecycle.js'
import { Assignments } from './membership/assignments.js'
import { makeMember } from './membership/make-member.js'
import { openProcess, type ProcessIdentity } from './process-identity.js'
import type { RestoreListeners } from './restore/listener.js'
import type { Restore } from './restore/restore.js'
import { Signal } from './signal.js'
import { cleanState } from './state-cleaning.js'
import { beginAtStart } from './tasks/begin-at-start.js'
import { makeTakeOver } from './tasks/make-take-over.js'
import { makeTask } from './tasks/make-task.js'
import { TaskSet } from './tasks/task-set.js'
import { prepareTopics } from './topics/prepare-topics.js'
import { purgeRepartitionTopics } from './topics/purge.js'
import type { ResolvedTopology } from './topics/resolved-topology.js'
import { SinkTopics } from './topics/sink-topics.js'
import { explainMissing } from './topics/topic-changes.js'
import { NextPlan, TopicWatch } from './topics/watch-topics.js'
import { tellAllToStop } from './uncaught.js'
import { WatchedEngines } from './watched-engines.js'

export interface InstanceOptions {
  readonly topology: Topology
  readonly config: StreamsConfig
  readonly cluster: Cluster
  /** Where the process keeps its identity, and the lock of the state folder. */
  readonly processEngines: StateEngines
  /** Byte stores of the tasks, of which so many may be open at once. */
  readonly makeEngines: (expectedTasks: number) => Promise<StateEngines>
  readonly committed: CommittedRecords
  readonly restores: RestoreListeners
  readonly lifecycle: Lifecycle
  readonly onDrop: (drop: Drop) => void
  /** Sub-topologies that wait because other instances run another version of the topology, in words. */
  readonly onHeld: (held: readonly string[]) => void
  /** Local state of a task was set aside. */
  readonly onSetAside: (taskId: string) => void
  /** Static membership: only for an identity that outlives the process. */
  readonly staticMember: boolean
  /** Aborts when nothing waits for the instance to open any more. */
  readonly abandoned: AbortSignal
}

export interface OpenInstance {
  readonly instance: Instance
  readonly plan: ResolvedTopology
  readonly tasks: TaskSet
  readonly globals: GlobalStores
  readonly admin: Admin
  readonly restore: Restore
  readonly processId: string
  /** After `instance.run` has thrown, before `close`: tells every member of the group to stop, when it agrees next. */
  stopApplication(): Promise<void>
  /** After `instance.run` has returned. `leave`: give the tasks away now instead of after the session timeout. */
  close(leave: boolean): Promise<void>
}

/** What callbacks reach that is made after them. */
interface Box {
  instance: Instance | null
  watch: TopicWatch | null
  shutdown: boolean
}

/** @throws what opening any of the parts raises; what was opened is closed again */
export async function openInstance(options: InstanceOptions): Promise<OpenInstance> {
  const { config } = options
  const closing: (() => Promise<unknown> | unknown)[] = []
  try {
    const process = await openProcess(options.processEngines, config.random, config.log)
    closing.push(() => process.close())
    const admin = new Admin(options.cluster)
    const plan = await prepare(options, admin)
    return await assemble(options, process, admin, plan, closing)
  } catch (error) {
    await closeParts(closing).catch(() => undefined)
    throw error
  }
}

function prepare({ topology, config, cluster }: InstanceOptions, admin: Admin): Promise<ResolvedTopology> {
  return prepareTopics(cachedAs(topology, config), config.applicationId, cluster, admin, {
    replicationFactor: config.replicationFactor,
    changelogExtraRetentionMs: config.changelogExtraRetentionMs,
    extraTopics: config.deadLetterTopic === null ? [] : [config.deadLetterTopic],
    taskTimeoutMs: config.taskTimeoutMs,
    log: config.log,
  })
}

async function assemble(
  options: InstanceOptions,
  process: ProcessIdentity,
  admin: Admin,
  plan: ResolvedTopology,
  closing: (() => Promise<unknown> | unknown)[],
): Promise<OpenInstance> {
  const { config, lifecycle, committed } = options
  const engines = new WatchedEngines(await options.makeEngines(plan.taskIds.length), config.log, options.onSetAside)
  const signal = new Signal(config.clock, config.maxPollIntervalMs / 3)
  const nextPlan = new NextPlan(signal.raise)
  const progress = new Progress()
  const box: Box = { instance: null, watch: null, shutdown: false }
  const fail = (error: unknown) => box.instance?.fail(error)
  const missing = (error: MillraceError) => box.watch?.suspects(error) ?? false
  const fetcher = fetchers(options, 'fetch', 500, missing)(signal.raise)
  closing.push(() => fetcher.close())
  const globals = makeGlobals(options, plan, admin, missing, fail)
  closing.push(() => globals.close())
  options.abandoned.addEventListener('abort', () => globals.stopWaiting(), { once: true })
  await globals.open()

  const rejectedBatches = new RejectedBatches(config.clock, (topic) =>
    plan.internalTopics.some(({ name }) => name === topic),
  )
  const onDisk = await tasksOnDisk(engines, plan)
  const tasks = makeTaskSet(options, plan, globals, signal, progress, fetcher, rejectedBatches, onDisk, box)
  engines.onDamaged = (error) => stateDamaged(error, box)
  const refreshTopics = () => box.watch?.now()
  const assignments = new Assignments({ plan, log: config.log, refreshTopics, onHeld: options.onHeld })
  const said = () => ({ shutdown: box.shutdown, attempt: assignments.attempt })
  const member = await makeMember(options, plan, tasks, process.processId, onDisk, progress, said)
  closing.push(() => member.abandon())
  member.onRebalanceNeeded = () => box.instance?.rebalance()
  member.onLost = (error) => membershipLost(config.log, error, box)
  box.watch = makeWatch(options, plan, { admin, member, assignments, tasks, globals, nextPlan }, fail)
  closing.push(() => box.watch?.stop())
  const anotherGeneration = () => {
    assignments.attempt++
    box.instance?.rebalance()
  }
  const commitGroup = makeCommitGroup(options, member, process.processId, anotherGeneration)
  closing.push(() => commitGroup.close())
  // Step 1 of every take-over: whatever an earlier life of this process left open is ended before offsets are read.
  await commitGroup.init()
  const { restore, takeOver, setAside } = makeTakeOver(options, plan, member, admin, engines)
  const explain = (error: unknown) => explainMissing(plan, error)
  const owned = { plan, nextPlan, assignments, member, takeOver, setAside, explain }
  const work = { progress, fetcher, signal, commitGroup, tasks, rejectedBatches }
  const instance = new Instance({ config, committed, lifecycle, ...owned, ...work })
  box.instance = instance
  closing.push(purgeRepartitionTopics(config, plan, tasks, admin))
  closing.push(
    cleanState({ config, engines, runs: (taskId) => tasks.has(taskId), onRemoved: (taskId) => onDisk.delete(taskId) }),
  )
  return {
    instance,
    plan,
    tasks,
    globals,
    admin,
    restore,
    processId: process.processId,
    async stopApplication() {
      box.shutdown = true
      await tellAllToStop(member, config)
    },
    async close(leave) {
      await member.leave({ evenIfStatic: leave })
      await closeParts(closing)
    },
  }
}

function makeTaskSet(
  options: InstanceOptions,
  plan: ResolvedTopology,
  globals: GlobalStores,
  signal: Signal,
  progress: Progress,
  fetcher: Fetcher,
  rejectedBatches: RejectedBatches,
  onDisk: Set<TaskId>,
  box: Box,
): TaskSet {
  const { config, cluster } = options
  const sinkTopics = new SinkTopics({ plan, cluster, clock: config.clock, onAnswer: signal.raise })
  return new TaskSet({
    fetcher,
    clock: config.clock,
    bufferBytes: config.bufferBytes,
    watchesSilence: config.idleTimeoutMs > 0,
    onFlushFailed: (taskId, error) =>
      isMillraceError(error) && (error.retriable || error.code === 'STATE_DAMAGED')
        ? box.instance?.taskDamaged(taskId, error)
        : box.instance?.fail(error),
    makeTask: (opened) => {
      onDisk.add(opened.taskId)
      return makeTask(options, plan, globals, signal, sinkTopics, rejectedBatches, progress, opened)
    },
  })
}

function makeWatch(
  options: InstanceOptions,
  plan: ResolvedTopology,
  parts: {
    readonly admin: Admin
    readonly member: GroupMember
    readonly assignments: Assignments
    readonly tasks: TaskSet
    readonly globals: GlobalStores
    readonly nextPlan: NextPlan
  },
  failed: (error: unknown) => void,
): TopicWatch {
  const { admin, member, assignments, tasks, globals, nextPlan } = parts
  const offsetReset = (topic: string) => plan.offsetReset(topic) ?? options.config.offsetReset
  const starts = { member, admin, identity: () => assignments.identity, offsetReset }
  return new TopicWatch({
    ...options,
    admin,
    plan,
    tasks: () => tasks.ownerships(),
    prepare: () => prepare(options, admin),
    beginAtStart: (added) => beginAtStart(starts, added),
    changed: (next) => nextPlan.offer(next),
    follow: (topic, partitions) => globals.grow(topic, partitions),
    failed,
  })
}

/** Those of the plan that have state here. */
async function tasksOnDisk(engines: StateEngines, plan: ResolvedTopology): Promise<Set<TaskId>> {
  const known = new Set(plan.taskIds)
  const found = (await engines.list()).flatMap((name) => parseTaskId(name) ?? [])
  return new Set(found.filter((taskId) => known.has(taskId)))
}

/** An engine has found it under a task that is open. */
function stateDamaged(error: MillraceError, { instance }: Box): void {
  const taskId = parseTaskId(error.taskId ?? '')
  if (taskId !== null) instance?.taskDamaged(taskId, error)
}

/** The member joins again if only its membership is gone. */
function membershipLost(log: Log, error: MillraceError, { instance }: Box): void {
  if (!isMillraceError(error, 'GROUP_STALE_GENERATION', 'GROUP_POLL_INTERVAL')) {
    instance?.fail(error)
    return
  }
  const { code, message, taskId, node, topic, partition, offset } = error
  if (code === 'GROUP_POLL_INTERVAL') log.error({ code, taskId, node, topic, partition, offset }, message)
  instance?.sessionLost()
}

/** Without a cache every update is forwarded at once, with its headers. */
function cachedAs(topology: Topology, { cacheMaxBytes }: StreamsConfig): Topology {
  if (cacheMaxBytes > 0) return topology
  return { ...topology, stores: topology.stores.map((store) => ({ ...store, cached: false })) }
}

function makeGlobals(
  { topology, config, cluster, restores, onDrop }: InstanceOptions,
  plan: ResolvedTopology,
  admin: Admin,
  missing: (error: MillraceError) => boolean,
  onFailed: (error: unknown) => void,
): GlobalStores {
  return new GlobalStores({
    ...config,
    appConfigs: appConfigs(config),
    definitions: topology.globalStores,
    admin,
    restores,
    makeFetcher: fetchers({ config, cluster }, 'read', 500, missing),
    partitionCount: (topic) => plan.partitionCount(topic),
    onFailed,
    onDrop,
  })
}
