/**
 * The metadata of the cluster: brokers, topics with their ids, partition leaders. Refreshed when it is marked as stale.
 */
import type { MillraceError } from '../errors.js'
import type { ResponseOf } from '../protocol/api/define.js'
import type { metadataApi } from '../protocol/api/metadata.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { Clock } from '../record/clock.js'
import type { BrokerAddress } from '../transport/transport.js'
import { brokerError, topicMissing } from './broker-error.js'

/** A topic, as the brokers describe it. */
export interface TopicInfo {
  readonly name: string
  /** 22 characters of base64; null from brokers before 2.8. */
  readonly id: string | null
  /** Node id of each partition's leader, by partition number; -1 while there is none. */
  readonly leaders: readonly number[]
  /** How often each partition's leader has changed, by partition number; -1 from brokers that do not say. */
  readonly leaderEpochs: readonly number[]
  /** Replica node ids, by partition number. */
  readonly replicas: readonly (readonly number[])[]
}

type MetadataResponse = ResponseOf<typeof metadataApi>
export type AskMetadata = (topics: readonly string[]) => Promise<MetadataResponse>

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'

export class MetadataCache {
  readonly #ask: AskMetadata
  readonly #clock: Clock
  readonly #maxAgeMs: number
  readonly #onTopicsChanged: () => void
  readonly #wanted = new Set<string>()
  readonly #infos = new Map<string, TopicInfo>()
  readonly #failures = new Map<string, MillraceError>()
  readonly #names = new Map<string, string>()
  #brokers = new Map<number, BrokerAddress>()
  #controllerId = -1
  #stale = true
  #refreshedMs = Number.NEGATIVE_INFINITY
  #refreshing: Promise<void> | null = null

  /**
   * Leaders are asked for again after `maxAgeMs` even without an error. `onTopicsChanged` is called when a topic that was
   * known has another id or number of partitions, or is missing.
   */
  constructor(ask: AskMetadata, clock: Clock, maxAgeMs: number, onTopicsChanged: () => void = () => undefined) {
    this.#ask = ask
    this.#onTopicsChanged = onTopicsChanged
    this.#maxAgeMs = maxAgeMs
    this.#clock = clock
  }

  /** The next question asks the brokers again. */
  markStale(): void {
    this.#stale = true
  }

  /** CLIENT_TOPIC_MISSING, CLIENT_AUTHORIZATION, or a retriable error while the topic settles. */
  async topic(name: string): Promise<TopicInfo> {
    if (!this.#wanted.has(name)) {
      this.#wanted.add(name)
      this.#stale = true
    }
    if (this.#needsRefresh()) await this.refresh()
    // The refresh joined may have begun before this topic was wanted.
    if (!this.#infos.has(name) && !this.#failures.has(name)) await this.refresh()
    const failure = this.#failures.get(name)
    if (failure !== undefined) throw failure
    const info = this.#infos.get(name)
    if (info === undefined) throw topicMissing(name)
    return info
  }

  /** Without asking: null where the topic or leader is not known, or what is known is stale. */
  cachedLeader(topic: string, partition: number): BrokerAddress | null {
    if (this.#needsRefresh()) return null
    const node = this.#infos.get(topic)?.leaders[partition]
    return node === undefined ? null : (this.#brokers.get(node) ?? null)
  }

  /** Node id of a leader as last known, -1 where unknown. */
  cachedLeaderId(topic: string, partition: number): number {
    return this.#infos.get(topic)?.leaders[partition] ?? -1
  }

  cachedTopic(name: string): TopicInfo | null {
    return this.#infos.get(name) ?? null
  }

  nameOf(topicId: string): string | null {
    return this.#names.get(topicId) ?? null
  }

  broker(nodeId: number): BrokerAddress | null {
    return this.#brokers.get(nodeId) ?? null
  }

  knownBrokers(): BrokerAddress[] {
    return [...this.#brokers.values()]
  }

  async controller(): Promise<BrokerAddress | null> {
    if (this.#needsRefresh()) await this.refresh()
    return this.#brokers.get(this.#controllerId) ?? null
  }

  /** Forgets a topic, so that a deleted one is no longer asked for. */
  forget(topic: string): void {
    this.#wanted.delete(topic)
    this.#failures.delete(topic)
    this.#infos.delete(topic)
  }

  async refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshNow().finally(() => {
      this.#refreshing = null
    })
    await this.#refreshing
  }

  #needsRefresh(): boolean {
    return this.#stale || this.#clock.monotonicMs() - this.#refreshedMs > this.#maxAgeMs
  }

  async #refreshNow(): Promise<void> {
    this.#stale = false
    try {
      this.#apply(await this.#ask([...this.#wanted]))
      this.#refreshedMs = this.#clock.monotonicMs()
    } catch (error) {
      this.#stale = true
      throw error
    }
  }

  #apply(response: MetadataResponse): void {
    if (response.errorCode !== KAFKA_ERROR.NONE) {
      // What this broker knows is of no use (KIP-1102): begin again at the addresses given.
      this.#brokers = new Map()
      throw brokerError(response.errorCode, 'Metadata', 'the cluster')
    }
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controllerId = response.controllerId
    this.#failures.clear()
    let changed = false
    for (const topic of response.topics) {
      if (topic.name === null) continue
      const before = this.#infos.get(topic.name)
      if (topic.errorCode !== 0) {
        if (topic.errorCode === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION && before !== undefined) changed = true
        this.#infos.delete(topic.name)
        this.#failures.set(topic.name, failureOf(topic.name, topic.errorCode))
        continue
      }
      const id = topic.topicId === NO_ID ? null : topic.topicId
      if (id !== null) this.#names.set(id, topic.name)
      const leaders: number[] = []
      const leaderEpochs: number[] = []
      const replicas: number[][] = []
      for (const partition of topic.partitions) {
        leaders[partition.partitionIndex] = partition.leaderId
        leaderEpochs[partition.partitionIndex] = partition.leaderEpoch
        replicas[partition.partitionIndex] = partition.replicaNodes
      }
      if (before !== undefined && (before.id !== id || before.leaders.length !== leaders.length)) changed = true
      this.#infos.set(topic.name, { name: topic.name, id, leaders, leaderEpochs, replicas })
    }
    if (changed) this.#onTopicsChanged()
  }
}

function failureOf(topic: string, code: number): MillraceError {
  if (code === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION) return topicMissing(topic)
  return brokerError(code, 'Metadata', `topic "${topic}"`, { topic })
}
