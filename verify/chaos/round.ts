/** One application under one fault: setup, steady load, the fault, and the checks afterwards. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Admin, type Cluster, delay, type Random, systemClock } from '../../lib/index.js'
import type { KafkaCluster } from '../kafka/cluster.js'
import { ApplicationWatch } from './application-watch.js'
import { BrokerProxy } from './broker-proxy.js'
import { ChaosFailure, seconds } from './failure.js'
import { Instance } from './instance.js'
import { Load } from './load.js'
import { MemberWatch } from './member-watch.js'
import { type ChaosTopics, chaosTopics, REPARTITION } from './names.js'
import { OutputWatch } from './output-watch.js'

/** The least a broker with Kafka's own settings grants. */
export const SESSION_MS = 6_000
export const TRANSACTION_MS = 8_000
/** Longer than any take-over after a lost session, on a busy machine. */
const PATIENCE_MS = 60_000
const CALM_MS = 1_500
const OFFSETS_POLL_MS = 200
const POLL_MS = 20

export interface RoundOptions {
  readonly applicationId: string
  readonly cluster: Cluster
  readonly brokers: readonly string[]
  /** Null where the broker is somebody else's. */
  readonly kafka: KafkaCluster | null
  /** State, logs. */
  readonly folder: string
  readonly random: Random
  readonly instances: number
  readonly partitions: number
  readonly perSecond: number
  /** Whether the instances reach the brokers through proxies. */
  readonly proxied: boolean
}

export class Round {
  readonly options: RoundOptions
  readonly random: Random
  readonly topics: ChaosTopics
  readonly load: Load
  readonly instances: Instance[] = []
  readonly watches: readonly ApplicationWatch[]
  readonly outputs: OutputWatch
  readonly members: MemberWatch
  /** What did not hold. */
  readonly troubles: string[] = []
  /** Undone at the end of the fault, whatever happened, latest first. */
  readonly #healing: (() => Promise<void> | void)[] = []
  readonly #closing: (() => void)[] = []
  readonly #proxies = new Map<Instance, BrokerProxy[]>()
  #watchingOffsets: Promise<void> = Promise.resolve()
  #closed = false
  /** From the first process to the first output of every partition and a task for every instance. */
  startMs = 0

  private constructor(options: RoundOptions) {
    const { applicationId, cluster, partitions, random } = options
    this.options = options
    this.random = random
    this.topics = chaosTopics(`${applicationId}.`)
    this.load = new Load(cluster, this.topics, partitions, random)
    const { events, marks, echo, totals } = this.topics
    this.watches = [events, marks, `${applicationId}-${REPARTITION}-repartition`].map(
      (topic) => new ApplicationWatch(cluster, applicationId, topic),
    )
    this.outputs = new OutputWatch(cluster, [echo, totals], partitions)
    this.members = new MemberWatch(cluster, applicationId, (name) => {
      const instance = this.instances.find((one) => one.name === name)
      return instance?.isAlive === true ? instance.lives : null
    })
  }

  /** Topics, and instances that have not started. */
  static async begin(options: RoundOptions): Promise<Round> {
    const { cluster, partitions, applicationId } = options
    await mkdir(options.folder, { recursive: true })
    const topics = Object.values(chaosTopics(`${applicationId}.`))
    // A backlog is written with times ahead of the clock, which Kafka rejects from an hour on.
    const config = { 'retention.ms': '-1', 'message.timestamp.after.max.ms': '9223372036854775807' }
    await new Admin(cluster).createTopics(topics.map((name) => ({ name, partitions, config })))
    const round = new Round(options)
    for (let i = 0; i < options.instances; i++) await round.add()
    return round
  }

  /** Instances start, then the load; resolves when every output partition flows. @throws ChaosFailure */
  async start(): Promise<void> {
    const startedMs = systemClock.monotonicMs()
    for (const instance of this.instances) instance.start()
    this.#watchingOffsets = this.#watchOffsets()
    await this.untilAllWork()
    this.load.steady(this.options.perSecond)
    await this.flowing('after the start')
    this.startMs = systemClock.monotonicMs() - startedMs
    this.outputs.begin()
    await this.wait(CALM_MS)
  }

  get alive(): readonly Instance[] {
    return this.instances.filter(({ isAlive }) => isAlive)
  }

  get logFiles(): readonly (readonly [name: string, file: string])[] {
    return this.instances.map(({ name }) => [name, this.#logFile(name)] as const)
  }

  /** One more instance, not started. */
  async add(): Promise<Instance> {
    const name = String.fromCharCode('a'.charCodeAt(0) + this.instances.length)
    const { applicationId, brokers, folder, proxied } = this.options
    const proxies = proxied ? await Promise.all(brokers.map((broker) => BrokerProxy.open(broker))) : []
    const stateDir = join(folder, 'state', name)
    await mkdir(stateDir, { recursive: true })
    const instance = new Instance(
      {
        ...{ name, applicationId, topics: this.topics, brokers, stateDir, version: 'first' },
        proxies: Object.fromEntries(proxies.map(({ address }, i) => [brokers[i]!, address])),
        sessionTimeoutMs: SESSION_MS,
        transactionTimeoutMs: TRANSACTION_MS,
      },
      this.#logFile(name),
    )
    this.instances.push(instance)
    this.#proxies.set(instance, proxies)
    return instance
  }

  /** The folder of the tasks' folders. */
  stateFolder(instance: Instance): string {
    return join(instance.settings.stateDir, this.options.applicationId)
  }

  proxies(...instances: readonly Instance[]): readonly BrokerProxy[] {
    return instances.flatMap((instance) => this.#proxies.get(instance) ?? [])
  }

  pick(): Instance {
    const { alive } = this
    if (alive.length === 0) throw new ChaosFailure('no instance is alive')
    return alive[this.random.int(alive.length)]!
  }

  wait(ms: number): Promise<void> {
    return delay(systemClock, ms)
  }

  /** `least` to `most` milliseconds, drawn. */
  waitBetween(leastMs: number, mostMs: number): Promise<void> {
    return this.wait(leastMs + this.random.int(mostMs - leastMs))
  }

  /** Resolves with the time it took until every output partition had another record. @throws ChaosFailure */
  async flowing(when: string, sinceMs = systemClock.monotonicMs()): Promise<number> {
    if (await this.outputs.untilFlowing(sinceMs, PATIENCE_MS)) return systemClock.monotonicMs() - sinceMs
    const still = this.outputs.still(sinceMs).map((place) => place.slice(this.options.applicationId.length + 1))
    throw new ChaosFailure(`${when} nothing was committed for ${PATIENCE_MS / 1000} s on ${still.join(', ')}`)
  }

  /** Resolves when every instance alive runs tasks. @throws ChaosFailure */
  untilAllWork(): Promise<number> {
    const idle = () => this.alive.filter(({ tasks }) => tasks.length === 0).map(({ name }) => name)
    return this.until(
      () => idle().length === 0,
      () => `${idle().join(', ')} had no task`,
    )
  }

  /** @throws ChaosFailure */
  async until(holds: () => boolean, why: () => string, patienceMs = PATIENCE_MS): Promise<number> {
    const startedMs = systemClock.monotonicMs()
    while (!holds()) {
      const tookMs = systemClock.monotonicMs() - startedMs
      if (tookMs > patienceMs) throw new ChaosFailure(`after ${seconds(tookMs)} ${why()}`)
      await this.wait(POLL_MS)
    }
    return systemClock.monotonicMs() - startedMs
  }

  /** To be undone when the fault is over, also when it failed. */
  onHeal(undo: () => Promise<void> | void): void {
    this.#healing.unshift(undo)
  }

  /** To be undone when the round is over. */
  onClose(undo: () => void): void {
    this.#closing.push(undo)
  }

  async heal(): Promise<void> {
    for (const undo of this.#healing.splice(0)) await undo()
    for (const proxy of this.proxies(...this.instances)) proxy.heal()
  }

  /** Keeps with the round's folder what it takes to understand it. */
  async note(text: string): Promise<void> {
    await writeFile(join(this.options.folder, 'round.txt'), text)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const instance of this.instances) instance.comesBack = false
    await Promise.all(this.instances.map((instance) => instance.kill()))
    await Promise.all([this.load.close(), this.outputs.close(), this.members.close(), this.#watchingOffsets])
    await Promise.all(this.proxies(...this.instances).map((proxy) => proxy.close()))
    for (const undo of this.#closing) undo()
  }

  #logFile(name: string): string {
    return join(this.options.folder, `${name}.log`)
  }

  /** Committed offsets are looked at all the time: none may go back. */
  async #watchOffsets(): Promise<void> {
    while (!this.#closed) {
      for (const watch of this.watches) await watch.committedInput().catch(() => 0)
      await delay(systemClock, OFFSETS_POLL_MS)
    }
  }
}
