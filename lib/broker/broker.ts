/** The embedded broker: recovers the stored data, answers connections, and runs periodic tasks. */
import type { Clock } from '../record/clock.js'
import type { Random } from '../record/random.js'
import { type BrokerConnection, ClientConnection } from './connection.js'
import type { BrokerCore } from './core.js'
import { GroupCoordinator } from './group/group-coordinator.js'
import { GroupOffsets } from './group/offsets.js'
import { Housekeeping } from './housekeeping.js'
import { compactLog } from './log/compaction.js'
import { type BrokerSettings, DEFAULT_SETTINGS } from './settings.js'
import type { BrokerStorage } from './storage/storage.js'
import { checkListenOptions, type ListenOptions, listenTcp, type TcpListener } from './tcp.js'
import type { ConfigValues } from './topic-config.js'
import { type BrokerTopic, Topics } from './topics.js'
import { TransactionMarkers } from './transaction/markers.js'
import { TransactionCoordinator } from './transaction/transaction-coordinator.js'

export interface BrokerOptions {
  readonly clock: Clock
  readonly random: Random
  /** Default 0. */
  readonly nodeId?: number
  /** Where clients are told to connect. Default 127.0.0.1 and the port listened on. */
  readonly advertised?: { readonly host: string; readonly port: number }
  readonly storage: BrokerStorage
  readonly settings?: Partial<BrokerSettings>
  /** Hears one line for each thing an operator should know: a rejected request, a cut log. Default nobody. */
  readonly report?: (line: string) => void
}

const CLUSTER_KEY = 'cluster'

/** A Kafka broker in this process, from `embeddedBroker`. It is a connection: `Streams`, producers, readers and `connect` take it. */
export class Broker {
  /** @internal */
  readonly core: BrokerCore
  readonly #markers: TransactionMarkers
  readonly #housekeeping: Housekeeping
  readonly #report: (line: string) => void
  readonly #fixedAddress: boolean
  #listener: TcpListener | undefined
  #closing: Promise<void> | undefined

  /** Use `createBroker`, which opens the storage first. @internal */
  constructor(options: BrokerOptions) {
    const { clock, random, storage } = options
    const settings = { ...DEFAULT_SETTINGS, ...options.settings }
    const report = options.report ?? (() => {})
    const state = new Map(storage.state())
    const topics = new Topics(storage, random)
    const offsets = new GroupOffsets(storage)
    const { markerDelayMs } = settings
    this.#markers = new TransactionMarkers({ clock, random, topics, offsets, markerDelayMs, report })
    const transactions = new TransactionCoordinator({ clock, settings, storage, markers: this.#markers })
    const groups = new GroupCoordinator({ clock, random, settings, storage, offsets })
    const clusterId = (state.get(CLUSTER_KEY)?.id as string | undefined) ?? random.bytes(16).toString('base64url')
    this.#report = report
    this.#fixedAddress = options.advertised !== undefined
    this.core = {
      clock,
      random,
      settings,
      storage,
      nodeId: options.nodeId ?? 0,
      advertised: options.advertised ?? { host: '127.0.0.1', port: 9092 },
      clusterId,
      topics,
      offsets,
      groups,
      transactions,
    }
    if (!state.has(CLUSTER_KEY)) storage.put([[CLUSTER_KEY, { id: clusterId }]])
    topics.whenDeleted((topic) => offsets.deleteTopic(topic))
    topics.recover(state, clock.now(), report)
    offsets.recover(state)
    groups.recover(state)
    transactions.recover(state)
    this.#housekeeping = new Housekeeping(this.core, report)
  }

  /** The address that its metadata gives to clients. */
  get advertised(): { readonly host: string; readonly port: number } {
    return this.core.advertised
  }

  /** A connection inside the process, without a socket. */
  connection(clientHost = '127.0.0.1'): BrokerConnection {
    return new ClientConnection(this.core, clientHost)
  }

  /** Listens on a TCP port for other clients; port 0 takes a free one. @throws MillraceError PORT_IN_USE, BROKER_LISTEN_FAILED */
  async listen(options: ListenOptions): Promise<{ readonly port: number }> {
    checkListenOptions(options)
    this.#listener = await listenTcp(options, (clientHost) => this.connection(clientHost), this.#report)
    const { port } = this.#listener
    if (!this.#fixedAddress) this.core.advertised = { host: options.advertisedHost ?? options.host, port }
    return { port }
  }

  /** @internal */
  createTopic(name: string, partitions: number, config?: ConfigValues): BrokerTopic
  /** Creates a topic. `config` as in Kafka, e.g. `{ 'cleanup.policy': 'compact' }`. @throws MillraceError if it exists or is not valid */
  createTopic(name: string, partitions: number, config?: ConfigValues): void
  createTopic(name: string, partitions: number, config: ConfigValues = {}): BrokerTopic {
    return this.core.topics.create(name, partitions, config)
  }

  /**
   * Compacts a topic at once, what came last included, instead of when enough has come. A topic that is not compacted, or not there,
   * stays as it is.
   */
  compact(topic: string): void {
    const { topics, clock } = this.core
    const found = topics.named(topic)
    if (found === undefined || !found.config.compact) return
    for (const log of found.partitions) compactLog(log, clock.now(), 0, true)
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes connections, timers and the storage. */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    await this.#listener?.close()
    this.halt()
    await this.core.storage.close()
  }

  /** Stops as a killed process does: no timer fires any more, storage is left as it is. */
  halt(): void {
    this.#housekeeping.close()
    this.#markers.close()
    this.core.transactions.close()
    this.core.groups.close()
  }
}

/** Opens the storage and recovers what it holds. BROKER_STORAGE_FAILED. */
export async function createBroker(options: BrokerOptions): Promise<Broker> {
  await options.storage.open(options.report ?? (() => {}))
  return new Broker(options)
}
