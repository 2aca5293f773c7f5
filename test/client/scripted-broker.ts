/** A broker for unit tests: answers what a healthy single node would, except where a script says otherwise. */
import { Cluster } from '../../lib/client/cluster.js'
import {
  type Api,
  allApis,
  apiByKey,
  apiVersionsApi,
  decodeRequest,
  decodeRequestHeader,
  encodeResponse,
  encodeResponseHeader,
  type RequestOf,
  type ResponseInput,
} from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import type { BrokerAddress } from '../../lib/transport/transport.js'
import { jumpingClock } from './jumping-clock.js'

/** No answer ever; or the connection drops, after the request had its effect. */
export type Silence = 'hang' | 'drop'
type Body = Readonly<Record<string, unknown>>
export type Script = (request: Body, version: number) => Body | Silence | undefined

export interface Asked {
  readonly api: string
  readonly version: number
  readonly request: Body
  readonly atMs: number
}

const HOST = 'scripted'

export class ScriptedBroker {
  readonly asked: Asked[] = []
  readonly clock = jumpingClock()
  readonly cluster: Cluster
  /** By API name; each call takes the first script left, and when none is left the healthy answer. */
  readonly #scripts = new Map<string, Script[]>()
  readonly #lasting = new Map<string, Script>()
  #epoch = -1
  #appended = 0

  constructor(offered: (api: Api) => readonly [number, number] = (api) => api.versions, address?: BrokerAddress) {
    const connect = () => ({ handle: (frame: Buffer) => this.#handle(frame, offered), close: () => undefined })
    this.cluster = new Cluster({
      transport: loopbackTransport({ clock: this.clock, clientId: 'test', connect }),
      clock: this.clock,
      random: seededRandom(1),
      bootstrap: [address ?? { host: HOST, port: 1 }],
      requestTimeoutMs: 5_000,
    })
  }

  on(api: string, ...scripts: Script[]): void {
    this.#scripts.set(api, [...(this.#scripts.get(api) ?? []), ...scripts])
  }

  /** Whenever no script of `on` is left. */
  always(api: string, script: Script): void {
    this.#lasting.set(api, script)
  }

  named(api: string): Asked[] {
    return this.asked.filter((row) => row.api === api)
  }

  async #handle(frame: Buffer, offered: (api: Api) => readonly [number, number]): Promise<Buffer | null> {
    const { header, api, bodyStart } = decodeRequestHeader(frame, apiByKey)
    if (api === undefined) return null
    const request = decodeRequest(api, header.apiVersion, frame.subarray(bodyStart)) as Body
    if (api !== apiVersionsApi)
      this.asked.push({ api: api.name, version: header.apiVersion, request, atMs: this.clock.now() })
    const script = this.#scripts.get(api.name)?.shift() ?? this.#lasting.get(api.name)
    const scripted = script?.(request, header.apiVersion)
    if (scripted === 'drop') return null
    if (scripted === 'hang') return new Promise(() => undefined)
    const body = (scripted ?? this.#healthy(api, request, offered)) as ResponseInput<Api>
    return Buffer.concat([
      encodeResponseHeader(api, header.apiVersion, header.correlationId),
      encodeResponse(api, header.apiVersion, body),
    ])
  }

  #healthy(api: Api, request: Body, offered: (api: Api) => readonly [number, number]): Body {
    switch (api.name) {
      case 'ApiVersions':
        return {
          errorCode: 0,
          apiKeys: allApis.map((known) => ({
            apiKey: known.key,
            minVersion: offered(known)[0],
            maxVersion: offered(known)[1],
          })),
        }
      case 'Metadata':
        return metadata((request.topics as { name: string }[] | null) ?? [])
      case 'FindCoordinator':
        return {
          coordinators: (request.coordinatorKeys as string[]).map((key) => ({
            key,
            nodeId: 0,
            host: HOST,
            port: 1,
            errorCode: 0,
            errorMessage: null,
          })),
        }
      case 'InitProducerId':
        this.#epoch++
        return { throttleTimeMs: 0, errorCode: 0, producerId: 7, producerEpoch: this.#epoch }
      case 'AddPartitionsToTxn':
        return { throttleTimeMs: 0, resultsByTopicV3AndBelow: [] }
      case 'Produce':
        return this.#produced(request as RequestOf<Api>)
      case 'TxnOffsetCommit':
        return { throttleTimeMs: 0, topics: [] }
      default:
        return { throttleTimeMs: 0, errorCode: 0 }
    }
  }

  #produced(request: Body): Body {
    const topics = request.topicData as { name: string; partitionData: { index: number }[] }[]
    return {
      responses: topics.map(({ name, partitionData }) => ({
        name,
        partitionResponses: partitionData.map(({ index }) => ({ index, errorCode: 0, baseOffset: this.#appended++ })),
      })),
    }
  }
}

export function metadata(topics: readonly { name: string }[], leaderId = 0, errorCode = 0): Body {
  return {
    throttleTimeMs: 0,
    brokers: [{ nodeId: 0, host: HOST, port: 1 }],
    controllerId: 0,
    topics: topics.map(({ name }) => ({
      errorCode,
      name,
      topicId: Buffer.from(name.padEnd(16, '.').slice(0, 16)).toString('base64url'),
      partitions: [0, 1, 2, 3].map((partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId,
        leaderEpoch: 0,
        replicaNodes: [0],
        isrNodes: [0],
        offlineReplicas: [],
      })),
    })),
  }
}

/** A Produce response that refuses every partition with `errorCode`. */
export function refused(errorCode: number): Script {
  return (request) => ({
    responses: (request.topicData as { name: string; partitionData: { index: number }[] }[]).map((topic) => ({
      name: topic.name,
      partitionResponses: topic.partitionData.map(({ index }) => ({ index, errorCode, baseOffset: -1 })),
    })),
  })
}

/** For responses that are one error code. */
export function answers(errorCode: number): Script {
  return () => ({ throttleTimeMs: 0, errorCode })
}
