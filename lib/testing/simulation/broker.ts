/** The embedded broker as a simulated process that can be killed, restarted on its disk, and lose its coordinators. */
import { Broker } from '../../broker/broker.js'
import type { BrokerConnection } from '../../broker/connection.js'
import type { BrokerSettings } from '../../broker/settings.js'
import { fetchApi, KAFKA_ERROR, listOffsetsApi, metadataApi, produceApi } from '../../protocol/index.js'
import type { Random } from '../../record/random.js'
import { COORDINATOR_APIS, changedAnswer, refusedAnswer, unlistedLeaders } from './errors.js'
import { SimProcess } from './process.js'
import type { SimStorage } from './storage.js'
import type { SimWorld } from './world.js'

export const BROKER_ADDRESS = { host: 'broker', port: 9092 } as const

const LEADER_APIS: ReadonlySet<number> = new Set([produceApi.key, fetchApi.key, listOffsetsApi.key])

export class SimBroker {
  readonly storage: SimStorage
  readonly #world: SimWorld
  readonly #random: Random
  readonly #settings: Partial<BrokerSettings>
  #broker: Broker | null = null
  #process: SimProcess
  #lives = 0
  #outageUntilMs = -1
  #outageCode: number = KAFKA_ERROR.NOT_COORDINATOR
  #leadersGoneUntilMs = -1
  #unlistedUntilMs = -1
  #leaderCode: number = KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER
  /** Called when every connection breaks. */
  onDown: () => void = () => undefined

  constructor(world: SimWorld, storage: SimStorage, settings: Partial<BrokerSettings>) {
    this.#world = world
    this.storage = storage
    this.#settings = settings
    this.#random = world.random('broker')
    this.#process = new SimProcess(world, 'broker', 0)
  }

  get running(): Broker | null {
    return this.#broker
  }

  /** Timers the broker holds now. */
  get timers(): number {
    return this.#process.timers
  }

  start(): void {
    this.#lives++
    this.#process = new SimProcess(this.#world, `broker-${this.#lives}`, 0)
    this.#broker = new Broker({
      clock: this.#process.clock,
      random: this.#random,
      storage: this.storage,
      advertised: BROKER_ADDRESS,
      settings: this.#settings,
    })
  }

  /** Stops as a killed process does and comes back after `downMs` with what its disk holds. */
  restart(downMs: number): void {
    if (this.#broker === null) return
    this.#broker.halt()
    this.#process.die()
    this.#broker = null
    this.onDown()
    this.#world.schedule(downMs, () => this.start())
  }

  /** For so long the coordinators are elsewhere, or still loading: requests to them change nothing. */
  coordinatorsGone(forMs: number, code: number): void {
    this.#outageUntilMs = Math.max(this.#outageUntilMs, this.#world.nowMs + forMs)
    this.#outageCode = code
  }

  /** For so long no partition has its leader here: nothing is read or written. */
  leadersGone(forMs: number, code: number): void {
    this.#leadersGoneUntilMs = Math.max(this.#leadersGoneUntilMs, this.#world.nowMs + forMs)
    this.#leaderCode = code
  }

  /** For so long the leaders are on a broker that is gone already, and that Metadata no longer lists, but still names as the leader. */
  leadersUnlisted(forMs: number): void {
    this.#unlistedUntilMs = Math.max(this.#unlistedUntilMs, this.#world.nowMs + forMs)
    this.leadersGone(forMs, KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER)
  }

  /** @throws when it is down: nobody listens */
  connect(): BrokerConnection {
    if (this.#broker === null) throw new Error('the broker is down')
    const connection = this.#broker.connection('client')
    return {
      close: () => connection.close(),
      handle: (frame) => {
        const apiKey = frame.readInt16BE(0)
        if (this.#world.nowMs < this.#outageUntilMs && COORDINATOR_APIS.has(apiKey)) {
          const refused = refusedAnswer(frame, this.#outageCode)
          if (refused !== null) return Promise.resolve(refused)
        }
        if (this.#world.nowMs < this.#unlistedUntilMs && apiKey === metadataApi.key) {
          return connection.handle(frame).then((answer) => answer && unlistedLeaders(frame, answer))
        }
        if (this.#world.nowMs >= this.#leadersGoneUntilMs || !LEADER_APIS.has(apiKey)) return connection.handle(frame)
        const code = this.#leaderCode
        if (apiKey === produceApi.key) return Promise.resolve(refusedAnswer(frame, code))
        return connection.handle(frame).then((answer) => answer && changedAnswer(frame, answer, code))
      },
    }
  }
}
