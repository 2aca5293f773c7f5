/** The composition root: makes a running instance from a topology, a connection and a folder. */
import type { Cluster } from './client/cluster.js'
import { type Connection, type ConnectionOptions, withConnection } from './client/connect.js'
import { requireSettings, resolveConfig, type StreamsConfig, type StreamsOptions } from './config.js'
import { isMillraceError, MillraceError } from './errors.js'
import { type CloseOptions, type CloseReport, closeLimitMs, warnOfRest } from './runtime/close-report.js'
import { type CommittedListener, CommittedRecords } from './runtime/commit/committed-records.js'
import { type Health, healthOf } from './runtime/health.js'
import { type InstanceState, isEnding, Lifecycle } from './runtime/lifecycle.js'
import { requireListener } from './runtime/listeners.js'
import { Lives } from './runtime/lives.js'
import { type OpenInstance, openInstance } from './runtime/open-instance.js'
import { Queries } from './runtime/queries/queries.js'
import { type RestoreListener, RestoreListeners } from './runtime/restore/listener.js'
import { removeAllState } from './runtime/state-cleaning.js'
import { processEngines, taskEngines } from './runtime/state-engines.js'
import { deferred, within } from './runtime/uncaught.js'
import type { StateEngines } from './state/engine/engine.js'
import type { Drop } from './task/options.js'
import { limitedLog } from './telemetry/limited-log.js'
import type { Topology } from './topology/topology.js'
import { requireTopology } from './topology/validate/validate.js'
import { checkConnection } from './transport/connection-options.js'

/** What `new Streams` takes: the options, and exactly one of `brokers` and `broker`. */
export type StreamsSettings = StreamsOptions &
  ConnectionOptions & {
    /** The brokers, in one value that others take as well. Instead of `brokers`, `broker` and what belongs to them. */
    readonly connection?: Connection
    /** A storage engine of your own for the tasks; the store suite of `millrace/testing` checks it. */
    readonly engines?: StateEngines
  }

/** Share of the time of a `close` after which it stops waiting for the brokers and gives up what is not committed. */
const GRACEFUL_SHARE = 0.8

/** One instance of an application, started once and closed once. Instances with the same `applicationId` share the tasks. */
export class Streams {
  readonly #topology: Topology
  readonly #config: StreamsConfig
  readonly #engines: StateEngines | undefined
  readonly #lifecycle = new Lifecycle(
    (error) => this.#config.log.error({ cause: String(error.cause) }, `${error.message} while the instance ended`),
    (error) => this.#listenerFailed(error),
  )
  readonly #committed = new CommittedRecords((error) => this.#listenerFailed(error))
  readonly #restores = new RestoreListeners((error) => this.#listenerFailed(error))
  readonly #drops = new Map<string, number>()
  /** Settles with the end of the instance, whenever it was asked for. */
  readonly #finished = deferred()
  readonly #lives: Lives
  /** Whether anything waits for `finished`. `reported`: the instance failed before, so the exit code says it. */
  #finishedHeard: 'no' | 'yes' | 'reported' = 'no'
  readonly #setAside = new Map<string, number>()
  #held: readonly string[] = []

  /** @throws MillraceError CONFIG_INVALID */
  constructor(topology: Topology, settings: StreamsSettings) {
    const { engines, ...given } = requireSettings(settings)
    const { connection, rest } = withConnection(given)
    requireTopology(topology)
    this.#topology = topology
    this.#engines = engines
    const config = resolveConfig(rest)
    checkConnection(connection)
    this.#config = { ...config, log: limitedLog(config.log, config.clock) }
    this.#lives = new Lives({
      config: this.#config,
      connection,
      lifecycle: this.#lifecycle,
      open: (cluster, abandoned) => this.#openInstance(cluster, abandoned),
      droppedRecords: () => [...this.#drops.values()].reduce((sum, records) => sum + records, 0),
    })
    this.#finished.promise.catch(() => undefined)
  }

  /** The present state. */
  get state(): InstanceState {
    return this.#lifecycle.state
  }

  /** Calls `listener` at each change of the state. If it throws or its promise rejects, the instance ends with HANDLER_FAILED. */
  onStateChange(listener: (state: InstanceState, previous: InstanceState) => void): void {
    requireListener(listener, 'onStateChange')
    this.#lifecycle.onChange(listener)
  }

  /** Calls `listener` with the records that this instance writes to `topic`, as soon as they are committed. Call it before `start`. */
  onCommitted(topic: string, listener: CommittedListener): void {
    this.#committed.listen(topic, listener)
  }

  /** Tells `listener` how far stores have been restored, global stores included. Call it before `start`. */
  onRestore(listener: RestoreListener): void {
    this.#restores.add(listener)
  }

  /**
   * Opens the state, joins the group and begins to process. Resolves when every assigned task is running.
   * @throws MillraceError what prevents the start, such as CLIENT_TOPIC_MISSING, CLIENT_UNREACHABLE, STATE_LOCKED; STREAMS_STATE at a
   *   second call
   */
  async start(): Promise<void> {
    if (this.state !== 'created') {
      throw new MillraceError('STREAMS_STATE', `an instance that is ${this.state} cannot be started: create a new one`)
    }
    let started = false
    const running = this.#lives.run()
    const ready = new Promise<void>((resolve) => {
      this.#lifecycle.onChange((state) => state === 'running' && resolve())
    })
    running.then(this.#finished.resolve, (error) => {
      if (started) this.#reportUnheard(error)
      this.#finished.reject(error)
    })
    await Promise.race([ready, running])
    started = true
  }

  /** Resolves when the instance has closed, and rejects with the error that ended it. May be read at any time. */
  get finished(): Promise<void> {
    if (this.#finishedHeard === 'reported') process.exitCode = undefined
    this.#finishedHeard = 'yes'
    return this.#finished.promise
  }

  /**
   * Commits what is processed, closes the stores and resolves with a report. If the brokers do not answer in time, it closes without
   * the commit; then the report says what will be processed again. An instance that is still starting has nothing to commit. If a
   * disk takes longer than the limit, `close` resolves first, and `finished` when the stores are closed.
   * @throws the error that had ended the instance before; CONFIG_INVALID for a `timeoutMs` that is not 0 or more
   */
  async close(options: CloseOptions = {}): Promise<CloseReport> {
    const { clock, closeTimeoutMs, log } = this.#config
    const timeoutMs = closeLimitMs(options, closeTimeoutMs)
    this.#lives.close(options.leaveGroup ?? false)
    if (this.state === 'created') {
      this.#lifecycle.transitionTo('closed')
      this.#finished.resolve()
    }
    const { promise } = this.#finished
    const gracefulMs = this.#lives.open === null ? 0 : timeoutMs * GRACEFUL_SHARE
    if (gracefulMs > 0 && (await within(clock, gracefulMs, promise)) === 'done') return { uncommitted: [] }
    const uncommitted = this.#lives.open?.tasks.uncommitted() ?? []
    this.#lives.abandon()
    const end = await within(clock, timeoutMs - gracefulMs, promise)
    warnOfRest(log, timeoutMs, uncommitted, end === 'done')
    return { uncommitted }
  }

  /**
   * Removes the local state of all tasks. The next start restores it from the changelogs; the contents of stores without a changelog
   * are lost. The identity of the process stays. Only before `start` and after the end.
   * @throws MillraceError STREAMS_STATE while the instance runs, STATE_LOCKED while another process uses the folder
   */
  async cleanUp(): Promise<void> {
    if (!['created', 'closed', 'failed'].includes(this.state)) {
      throw new MillraceError(
        'STREAMS_STATE',
        `local state cannot be removed while the instance is ${this.state}: close it first`,
      )
    }
    const engines = this.#engines
    const tasks = await taskEngines(this.#config, engines, 1)
    const { random, log } = this.#config
    await removeAllState(processEngines(this.#config, engines), tasks, random, log)
  }

  /** Its promise was rejected: what runs ends, as if the listener had thrown. */
  #listenerFailed(error: MillraceError): void {
    if (this.#lives.open !== null && !isEnding(this.state)) this.#lives.open.instance.fail(error)
    else this.#config.log.error({ cause: String(error.cause) }, error.message)
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** A failure that nothing waits for must not look like a process that has nothing to do. */
  #reportUnheard(error: unknown): void {
    if (this.#finishedHeard === 'yes' || this.#lives.closing || typeof this.#config.onUncaughtError === 'function')
      return
    const code = isMillraceError(error) ? error.code : 'UNKNOWN'
    const cause = error instanceof Error ? error.message : String(error)
    const text = 'the instance has stopped, and no code awaits `finished`: the exit code of the process is set to 1'
    this.#config.log.error({ code, cause }, text)
    if (process.exitCode !== undefined) return
    process.exitCode = 1
    this.#finishedHeard = 'reported'
  }

  #openInstance(cluster: Cluster, abandoned: AbortSignal): Promise<OpenInstance> {
    const engines = this.#engines
    return openInstance({
      topology: this.#topology,
      config: this.#config,
      cluster,
      processEngines: processEngines(this.#config, engines),
      makeEngines: (expectedTasks) => taskEngines(this.#config, engines, expectedTasks),
      committed: this.#committed,
      restores: this.#restores,
      lifecycle: this.#lifecycle,
      onDrop: (drop) => this.#dropped(drop),
      onHeld: (held) => {
        this.#held = held
      },
      onSetAside: (taskId) => this.#setAside.set(taskId, (this.#setAside.get(taskId) ?? 0) + 1),
      staticMember: this.#config.stateDir !== null || engines !== undefined,
      abandoned,
    })
  }

  /** Reads of this instance's stores as committed. @throws MillraceError STREAMS_STATE before `start` and after the end */
  get queries(): Queries {
    this.#readable()
    const stores = new Set(this.#topology.stores.map(({ name }) => name))
    return new Queries(stores, () => this.#readable())
  }

  /** The next offset of a source partition, as committed; undefined if another instance has it. @throws STREAMS_STATE before `start` */
  committedOffset(topic: string, partition: number): number | undefined {
    return this.#started().tasks.committedOffset(topic, partition)
  }

  /** The ids of the tasks that run on this instance, `subtopology_partition`, e.g. `0_3`. */
  tasks(): string[] {
    return (this.#lives.open?.tasks.ids() ?? []).map(({ text }) => text)
  }

  /** Sub-topologies that wait because other instances run another version of them, one sentence each. Usually empty. */
  held(): readonly string[] {
    return this.#held
  }

  /** Whether the instance does its work: brokers answer, tasks run, records are committed. Asks nobody; may be called at any time. */
  health(): Health {
    const { tasks, instance } = this.#lives.open ?? {}
    return healthOf({
      state: this.state,
      unansweredMs: this.#lives.unansweredMs,
      tasks: { assigned: instance?.assignedTasks ?? 0, running: tasks?.size ?? 0 },
      held: this.#held,
      ...(tasks?.lag() ?? { lagRecords: 0, stalledMs: 0 }),
    })
  }

  /** How many records were dropped since the start, by reason. */
  droppedRecords(): ReadonlyMap<string, number> {
    return this.#drops
  }

  /** How often the local state of a task was set aside and rebuilt since the start, because it was damaged or not usable; by task id. */
  rebuiltStates(): ReadonlyMap<string, number> {
    return this.#setAside
  }

  /** An answer of an instance without tasks would say that no key exists. */
  #readable(): OpenInstance {
    const { state } = this
    if (isEnding(state)) throw new MillraceError('STREAMS_STATE', `an instance that is ${state} cannot be queried`)
    return this.#started()
  }

  #started(): OpenInstance {
    if (this.#lives.open === null)
      throw new MillraceError('STREAMS_STATE', 'the instance is not open: not started yet, or being replaced')
    return this.#lives.open
  }

  #dropped(drop: Drop): void {
    this.#drops.set(drop.reason, (this.#drops.get(drop.reason) ?? 0) + 1)
    const { taskId, node, topic, partition, offset, reason } = drop
    this.#config.log.debug({ taskId, node, topic, partition, offset, reason }, 'a record was dropped')
  }
}
