/** The embedded broker as a simulated process that can be killed, restarted on its disk, and lose its coordinators. */
import { Broker } from '../broker/broker.js'
import type { BrokerConnection } from '../broker/connection.js'
import type { BrokerSettings } from '../broker/settings.js'
import {
  type Api,
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  apiByKey,
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
  encodeResponseHeader,
  endTxnApi,
  heartbeatApi,
  initProducerIdApi,
  joinGroupApi,
  KAFKA_ERROR,
  offsetFetchApi,
  type RequestOf,
  type ResponseInput,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../protocol/index.js'
import type { Random } from '../record/random.js'
import { SimProcess } from './sim-process.js'
import type { SimStorage } from './sim-storage.js'
import type { SimWorld } from './sim-world.js'

export const BROKER_ADDRESS = { host: 'broker', port: 9092 } as const

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

  /** @throws when it is down: nobody listens */
  connect(): BrokerConnection {
    if (this.#broker === null) throw new Error('the broker is down')
    const connection = this.#broker.connection('client')
    return {
      close: () => connection.close(),
      handle: (frame) => {
        const refused = this.#world.nowMs < this.#outageUntilMs ? refusal(frame, this.#outageCode) : null
        return refused === null ? connection.handle(frame) : Promise.resolve(refused)
      },
    }
  }
}

/** How a coordinator that is not there answers; null for a request that goes to none. */
function refusal(frame: Buffer, errorCode: number): Buffer | null {
  const { header, api, bodyStart } = decodeRequestHeader(frame, apiByKey)
  if (api === undefined) return null
  const { apiVersion: version, correlationId } = header
  const body = refusedBody(api, version, frame.subarray(bodyStart), errorCode)
  return body === null ? null : Buffer.concat([encodeResponseHeader(api, version, correlationId), body])
}

function refusedBody(api: Api, version: number, request: Buffer, errorCode: number): Buffer | null {
  const encode = <A extends Api>(of: A, body: (asked: RequestOf<A>) => object) =>
    encodeResponse(of, version, {
      throttleTimeMs: 0,
      ...body(decodeRequest(of, version, request)),
    } as unknown as ResponseInput<A>)
  switch (api.key) {
    case initProducerIdApi.key:
      return encode(initProducerIdApi, () => ({ errorCode, producerId: -1, producerEpoch: -1 }))
    case endTxnApi.key:
      return encode(endTxnApi, () => ({ errorCode }))
    case heartbeatApi.key:
      return encode(heartbeatApi, () => ({ errorCode }))
    case addOffsetsToTxnApi.key:
      return encode(addOffsetsToTxnApi, () => ({ errorCode }))
    case addPartitionsToTxnApi.key:
      return encode(addPartitionsToTxnApi, ({ v3AndBelowTopics }) => ({
        resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
          name,
          resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorCode })),
        })),
      }))
    case txnOffsetCommitApi.key:
      return encode(txnOffsetCommitApi, ({ topics }) => ({
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        })),
      }))
    case joinGroupApi.key:
      return encode(joinGroupApi, ({ memberId }) => ({
        errorCode,
        memberId,
        protocolName: '',
        leader: '',
        members: [],
      }))
    case syncGroupApi.key:
      return encode(syncGroupApi, () => ({ errorCode, protocolName: '', assignment: Buffer.alloc(0) }))
    case offsetFetchApi.key:
      return encode(offsetFetchApi, ({ groups }) => ({
        topics: [],
        errorCode,
        groups: (groups ?? []).map(({ groupId }) => ({ groupId, topics: [], errorCode })),
      }))
    default:
      return null
  }
}
