/** The composition root: a topology, a way to the brokers and a folder become one running instance. */
import type { Broker } from './broker/broker.js'
import { Cluster } from './client/cluster.js'
import { resolveConfig, type StreamsConfig, type StreamsOptions } from './config.js'
import { isMillraceError, MillraceError } from './errors.js'
import { type Cancel, systemClock } from './record/clock.js'
import { systemRandom } from './record/random.js'
import { type CommittedListener, CommittedRecords } from './runtime/committed-records.js'
import { type InstanceState, Lifecycle } from './runtime/lifecycle.js'
import { type OpenInstance, openInstance } from './runtime/open-instance.js'
import { Queries } from './runtime/queries.js'
import { type RestoreListener, RestoreListeners } from './runtime/restore-listener.js'
import { removeAllState } from './runtime/state-cleaning.js'
import { logSummaries } from './runtime/summary.js'
import { answerTo, deferred, within } from './runtime/uncaught.js'
import type { StateEngines } from './state/engine.js'
import { LevelEngines } from './state/level-engine.js'
import { MemoryEngines } from './state/memory-engine.js'
import type { Drop } from './task/options.js'
import type { Topology } from './topology/topology.js'
import { requireTopology } from './topology/validate.js'
import { loopbackTransport } from './transport/loopback.js'
import { type PlatformaticTransportOptions, platformaticTransport } from './transport/platformatic.js'
import type { BrokerAddress, Transport } from './transport/transport.js'

/** Where the brokers are. Exactly one of `brokers` and `broker`. */
export interface ConnectionOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers?: readonly string[]
  /** An embedded broker of this process, from `embeddedBroker`. */
  readonly broker?: Broker
  /** Makes the transport; default: @platformatic/kafka's connections, or the loopback for an embedded broker. */
  readonly transport?: (() => Transport) | undefined
  /** Shown in the brokers' logs and quotas. Default `millrace`. */
  readonly clientId?: string
  readonly tls?: PlatformaticTransportOptions['tls']
  readonly sasl?: PlatformaticTransportOptions['sasl']
  readonly requestTimeoutMs?: number
  readonly metadataMaxAgeMs?: number
}

/** A client of the cluster named by `options`, with connections of its own. @throws MillraceError CONFIG_INVALID */
export function connect(options: ConnectionOptions & Partial<Pick<StreamsConfig, 'clock' | 'random'>>): Cluster {
  const { clock, random, requestTimeoutMs, metadataMaxAgeMs } = resolveConfig({
    applicationId: 'client',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    ...(options.metadataMaxAgeMs === undefined ? {} : { metadataMaxAgeMs: options.metadataMaxAgeMs }),
  })
  const clientId = options.clientId ?? 'millrace'
  const { broker } = options
  if ((broker === undefined) === (options.brokers === undefined)) {
    throw new MillraceError('CONFIG_INVALID', 'name either brokers (host:port) or an embedded broker, one of the two')
  }
  const makeTransport =
    options.transport ??
    (broker === undefined
      ? () =>
          platformaticTransport({
            clock,
            clientId,
            ...(options.tls === undefined ? {} : { tls: options.tls }),
            ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
          })
      : () => loopbackTransport({ clock, clientId, connect: () => broker.connection() }))
  const bootstrap = broker === undefined ? options.brokers!.map(parseAddress) : [broker.core.advertised]
  return new Cluster({ transport: makeTransport(), clock, random, bootstrap, requestTimeoutMs, metadataMaxAgeMs })
}

function parseAddress(text: string): BrokerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw new MillraceError('CONFIG_INVALID', `"${text}" is no broker address: write host:port`)
  }
  return { host: match[1] ?? match[2]!, port }
}

export interface EmbeddedBrokerOptions {
  /** Where topics, offsets and transactions are kept. Null: in memory, and gone with the process. */
  readonly folder: string | null
  readonly clock?: StreamsConfig['clock']
  readonly random?: StreamsConfig['random']
  /** Hears one line for each thing an operator should know. */
  readonly report?: (line: string) => void
}

/**
 * A Kafka broker inside this process, for development, tests and the edge. `listen` opens it to other clients.
 * @throws MillraceError BROKER_STORAGE_FAILED and what its folder raises
 */
export async function embeddedBroker(options: EmbeddedBrokerOptions): Promise<Broker> {
  // Loaded only when asked for: a service on Kafka never pays for it.
  const { createBroker, FolderStorage, MemoryStorage } = await import('./broker/index.js')
  return createBroker({
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    storage: options.folder === null ? new MemoryStorage() : new FolderStorage(options.folder),
    ...(options.report === undefined ? {} : { report: options.report }),
  })
}

export type StreamsSettings = StreamsOptions &
  ConnectionOptions & {
    /** Byte stores of the tasks; default LevelDB under `stateDir`, memory without one. */
    readonly engines?: StateEngines
  }

/** The process's own store holds one entry. */
const PROCESS_BUDGET = { memoryBytes: 4 * 2 ** 20, files: 16 }

/** Pauses before an instance that failed is opened anew: doubled up to the longest, short again after a long life. */
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 10_000
const LONG_LIFE_MS = 60_000

export class Streams {
  readonly #topology: Topology
  readonly #config: StreamsConfig
  readonly #settings: StreamsSettings
  readonly #lifecycle = new Lifecycle()
  readonly #committed = new CommittedRecords()
  readonly #restores = new RestoreListeners()
  readonly #drops = new Map<string, number>()
  #open: OpenInstance | null = null
  #running: Promise<void> = Promise.resolve()
  #closing = false
  readonly #closeAsked = deferred()
  #leaveGroup = false
  /** Monotonic time since which no broker has answered; null once one has. */
  #unreachableSinceMs: number | null = null

  /** @throws MillraceError CONFIG_INVALID */
  constructor(topology: Topology, settings: StreamsSettings) {
    const { brokers, broker, transport, clientId, tls, sasl, engines, ...options } = settings
    requireTopology(topology)
    this.#topology = topology
    this.#settings = settings
    this.#config = resolveConfig(options)
  }

  get state(): InstanceState {
    return this.#lifecycle.state
  }

  onStateChange(listener: (state: InstanceState, previous: InstanceState) => void): void {
    this.#lifecycle.onChange(listener)
  }

  /** Records this instance writes to `topic`, told the moment their transaction is through. Before `start`. */
  onCommitted(topic: string, listener: CommittedListener): void {
    this.#committed.listen(topic, listener)
  }

  /** How far stores have come in reading back their changelogs, global stores included. Before `start`. */
  onRestore(listener: RestoreListener): void {
    this.#restores.add(listener)
  }

  /**
   * Opens the state, joins the group and begins to process; resolves when every task assigned is running.
   * @throws MillraceError what keeps it from starting: a missing topic, an unreachable broker, a locked state folder
   */
  async start(): Promise<void> {
    this.#lifecycle.transitionTo('starting')
    this.#running = this.#openAndRun()
    this.#running.catch(() => undefined)
    const ready = new Promise<void>((resolve) => {
      this.#lifecycle.onChange((state) => state === 'running' && resolve())
    })
    await Promise.race([ready, this.#running])
  }

  /** Resolves when the instance was closed; rejects with what stopped it. */
  get finished(): Promise<void> {
    return this.#running
  }

  /**
   * Commits what is processed and closes. A static member keeps its tasks for the session time-out, so that a restart
   * finds them; `leaveGroup` gives them away at once.
   */
  async close(options: { readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#leaveGroup = options.leaveGroup ?? false
    this.#closing = true
    this.#closeAsked.resolve()
    if (this.state === 'created') this.#lifecycle.transitionTo('closed')
    this.#stopIfOpen()
    await this.#running
  }

  /**
   * Removes the local state of all tasks, which the changelogs bring back; what has no changelog is lost. Who the process is
   * stays. Only before `start` and after the end.
   * @throws MillraceError STREAMS_STATE while the instance runs, STATE_LOCKED while another process runs on the folder
   */
  async cleanUp(): Promise<void> {
    if (!['created', 'closed', 'failed'].includes(this.state)) {
      throw new MillraceError(
        'STREAMS_STATE',
        `local state is not removed while the instance is ${this.state}: close it`,
      )
    }
    await removeAllState(this.#processEngines(), await this.#taskEngines(1), this.#config.random)
  }

  #stopIfOpen(): void {
    if (this.#open === null || (this.state !== 'rebalancing' && this.state !== 'running' && this.state !== 'starting'))
      return
    this.#lifecycle.transitionTo('closing')
    this.#open.instance.stop()
  }

  async #openAndRun(): Promise<void> {
    try {
      const { clock } = this.#config
      let pauseMs = FIRST_PAUSE_MS
      for (let life = 1; ; life++) {
        const startedMs = clock.monotonicMs()
        if ((await this.#live(life)) === 'closed') break
        if (!this.#closing) this.#lifecycle.transitionTo('starting')
        if (clock.monotonicMs() - startedMs > LONG_LIFE_MS) pauseMs = FIRST_PAUSE_MS
        await within(clock, pauseMs, this.#closeAsked.promise)
        pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
        if (!this.#closing) continue
        if (this.state !== 'closing') this.#lifecycle.transitionTo('closing')
        break
      }
      this.#lifecycle.transitionTo('closed')
    } catch (error) {
      this.#lifecycle.transitionTo('failed')
      throw error
    }
  }

  /** From opening to the end. @throws what ended it, unless the uncaught handler wants it replaced */
  async #live(life: number): Promise<'closed' | 'replace'> {
    const { requestTimeoutMs, metadataMaxAgeMs } = this.#config
    const cluster = connect({ ...this.#settings, requestTimeoutMs, metadataMaxAgeMs })
    let open: OpenInstance | null = null
    try {
      open = await this.#openInstance(cluster)
      this.#open = open
      this.#unreachableSinceMs = null
      // A close that came while everything was still opening.
      if (this.#closing) this.#stopIfOpen()
      await open.instance.run().finally(this.#logSummaries(open))
    } catch (error) {
      // What keeps the first from opening is an error of `start`.
      const asked = (open !== null || life > 1) && !this.#closing
      const waits = open === null && this.#waitsForBrokers(error)
      const answer = waits ? 'replace' : asked ? answerTo(error, this.#config) : 'shutdownInstance'
      const all = answer === 'shutdownApplication'
      if (all) await this.#stopApplication(open)
      // Nobody comes back to an application that stops: an assignment that says so must not wait for static members.
      await open?.close(all || isMillraceError(error, 'STREAMS_APPLICATION_SHUTDOWN')).catch(() => undefined)
      await cluster.close()
      if (answer !== 'replace') throw error
      if (open !== null) await within(this.#config.clock, this.#config.requestTimeoutMs, open.instance.abandoned())
      this.#open = null
      return 'replace'
    }
    await open.close(this.#leaveGroup).finally(() => cluster.close())
    return 'closed'
  }

  /** Whether the brokers may yet come up: Java waits for them without end. */
  #waitsForBrokers(error: unknown): boolean {
    if (this.#closing || !isMillraceError(error, 'CLIENT_UNREACHABLE')) return false
    const { clock, log, startTimeoutMs } = this.#config
    const nowMs = clock.monotonicMs()
    this.#unreachableSinceMs ??= nowMs
    const leftMs = this.#unreachableSinceMs + startTimeoutMs - nowMs
    if (leftMs <= 0) return false
    log.warn({ code: error.code, cause: error.message, leftMs: Math.round(leftMs) }, 'no broker answers, trying again')
    return true
  }

  #logSummaries({ instance, tasks }: OpenInstance): Cancel {
    return logSummaries(this.#config, () => {
      const droppedRecords = [...this.droppedRecords().values()].reduce((sum, records) => sum + records, 0)
      return { tasks: tasks.size, ...instance.done, droppedRecords }
    })
  }

  /** The group may not agree in time, or be out of reach: then this instance stops alone. */
  async #stopApplication(open: OpenInstance | null): Promise<void> {
    const { clock, rebalanceTimeoutMs, log } = this.#config
    const told = open === null ? Promise.reject(new Error('not a member')) : open.stopApplication()
    const outcome = await within(clock, 2 * rebalanceTimeoutMs, told).catch(String)
    if (outcome !== 'done') log.error({ cause: outcome }, 'the other instances could not be told to stop')
  }

  #openInstance(cluster: Cluster): Promise<OpenInstance> {
    return openInstance({
      topology: this.#topology,
      config: this.#config,
      cluster,
      processEngines: this.#processEngines(),
      makeEngines: (expectedTasks) => this.#taskEngines(expectedTasks),
      committed: this.#committed,
      restores: this.#restores,
      lifecycle: this.#lifecycle,
      onDrop: (drop) => this.#dropped(drop),
      staticMember: this.#config.stateDir !== null || this.#settings.engines !== undefined,
    })
  }

  /** Always LevelDB: who the process is does not change with the engine of its tasks. */
  #processEngines(): StateEngines {
    const folder = this.#stateFolder()
    if (this.#settings.engines !== undefined) return this.#settings.engines
    if (folder === null) return new MemoryEngines()
    return new LevelEngines({ folder, clock: this.#config.clock, expectedTasks: 1, ...PROCESS_BUDGET })
  }

  async #taskEngines(expectedTasks: number): Promise<StateEngines> {
    const { stateEngine, stateBudgetBytes, clock } = this.#config
    const folder = this.#stateFolder()
    if (this.#settings.engines !== undefined) return this.#settings.engines
    if (folder === null) return new MemoryEngines()
    const options = { folder, clock, expectedTasks, memoryBytes: stateBudgetBytes }
    if (stateEngine === 'level') return new LevelEngines(options)
    const { RocksdbEngines } = await import('./state/rocksdb-engine.js')
    return RocksdbEngines.load(options)
  }

  #stateFolder(): string | null {
    const { stateDir, applicationId } = this.#config
    return stateDir === null ? null : `${stateDir}/${applicationId}`
  }

  /** Committed reads of this instance's stores. @throws MillraceError STREAMS_STATE before `start` */
  get queries(): Queries {
    const { tasks, globals } = this.#started()
    return new Queries(tasks, globals, new Set(this.#topology.stores.map(({ name }) => name)))
  }

  /** Next offset per source partition this instance runs, by its last commit. */
  committedOffset(topic: string, partition: number): number | undefined {
    return this.#started().tasks.committedOffset(topic, partition)
  }

  /** Tasks running here, `subtopology_partition`. */
  tasks(): string[] {
    return this.#open?.tasks.ids() ?? []
  }

  /** Records dropped by reason since this instance started. */
  droppedRecords(): ReadonlyMap<string, number> {
    return this.#drops
  }

  #started(): OpenInstance {
    if (this.#open === null)
      throw new MillraceError('STREAMS_STATE', 'the instance is not open: not started yet, or being replaced')
    return this.#open
  }

  #dropped(drop: Drop): void {
    this.#drops.set(drop.reason, (this.#drops.get(drop.reason) ?? 0) + 1)
    const { taskId, node, topic, partition, offset, reason } = drop
    this.#config.log.debug({ taskId, node, topic, partition, offset, reason }, 'a record was dropped')
  }
}
