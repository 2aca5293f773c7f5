/** Requests to the cluster: finds leaders and coordinators, chooses versions, and refreshes metadata. */
import { isMillraceError, MillraceError } from '../errors.js'
import type { Api, ResponseOf } from '../protocol/api/define.js'
import { metadataApi } from '../protocol/api/metadata.js'
import type { Clock } from '../record/clock.js'
import type { Random } from '../record/random.js'
import type { TopicPartition } from '../record/record.js'
import type { BrokerAddress, Transport } from '../transport/transport.js'
import { AnyBroker, clusterClosed } from './any-broker.js'
import { isCoordinatorMoved, isLeaderMoved, partitionMissing } from './broker-error.js'
import { BrokerLink, isTransportError, type RequestBody, type RequestOptions } from './broker-link.js'
import type { ClusterOptions, PortableCluster, Target } from './cluster-options.js'
import { Coordinators } from './coordinators.js'
import { MetadataCache, type TopicInfo } from './metadata.js'
import { Pauses } from './pauses.js'
import { Reachability } from './reachability.js'
import { type RetryPolicy, retrying } from './retry.js'

const MAX_BACKOFF_MS = 1_000
/** A topic just created may be unknown to other brokers for a moment. */
export const MISSING_TOPIC_PATIENCE_MS = 1_000

/** The connections to the brokers, from {@link connect}. Give it to readers, producers and {@link Admin}, and close it at the end. */
export class Cluster {
  /** @internal */ readonly clock: Clock
  /** @internal */ readonly random: Random
  /** @internal */ readonly requestTimeoutMs: number
  /** @internal */ readonly reachability: Reachability
  /** The last metadata had other ids or numbers of partitions than those before, or missed a topic: only take note of it. @internal */
  onTopicsChanged: () => void = () => undefined
  readonly #transport: Transport
  readonly #bootstrap: readonly BrokerAddress[]
  readonly #anyBroker: AnyBroker
  readonly #retryBackoffMs: number
  readonly #link: BrokerLink
  readonly #metadata: MetadataCache
  readonly #coordinators = new Coordinators((...request) => this.call(...request))
  readonly #pauses: Pauses
  #closed = false

  /** @internal */ constructor(options: ClusterOptions) {
    if (options.bootstrap.length === 0) {
      throw new MillraceError('CONFIG_INVALID', 'No broker address was given; give at least one HOST:PORT.')
    }
    this.clock = options.clock
    this.#pauses = new Pauses(options.clock, () => clusterClosed('A pause'))
    this.reachability = new Reachability(options.clock)
    this.#transport = this.reachability.watch(options.transport)
    this.random = options.random
    this.#bootstrap = options.bootstrap
    this.requestTimeoutMs = options.requestTimeoutMs ?? 30_000
    this.#retryBackoffMs = options.retryBackoffMs ?? 20
    this.#link = new BrokerLink(this.#transport, this.requestTimeoutMs)
    this.#anyBroker = new AnyBroker({
      link: this.#link,
      bootstrap: this.#bootstrap,
      random: this.random,
      knownBrokers: () => this.#metadata.knownBrokers(),
      closed: () => this.#closed,
    })
    this.#metadata = new MetadataCache(
      (topics) => this.#askMetadata(topics),
      options.clock,
      options.metadataMaxAgeMs ?? 300_000,
      () => this.onTopicsChanged(),
    )
  }

  /**
   * Sends once, without retry: a request that never left, and one whose answer was lost, both reject (TRANSPORT_*, with
   * what is known about the target dropped). Error codes inside the response are the caller's. @internal
   */
  async request<A extends Api>(
    api: A,
    body: RequestBody<A>,
    target: Target,
    options: RequestOptions,
  ): Promise<ResponseOf<A>> {
    if (this.#closed) throw clusterClosed(api.name)
    if ('any' in target) return this.#anyBroker.request(api, body, options)
    try {
      return await this.#link.send(await this.#addressOf(target), api, body, options)
    } catch (error) {
      if (isTransportError(error)) this.#forgetRoute(target)
      throw this.#closed ? clusterClosed(api.name, error) : error
    }
  }

  /**
   * As `request`, for requests that may repeat safely: retried while the transport or `errorOf` (the response's error,
   * or null) says that it may pass, asking again who leads or coordinates. The last error is thrown. @internal
   */
  call<A extends Api>(
    api: A,
    body: RequestBody<A>,
    target: Target,
    options: RequestOptions,
    errorOf: (response: ResponseOf<A>) => MillraceError | null,
  ): Promise<ResponseOf<A>> {
    return retrying(this.retryPolicy(options.timeoutMs), async () => {
      const response = await this.request(api, body, target, options)
      const error = errorOf(response)
      if (error === null) return response
      this.noteError(error.kafkaCode, target)
      throw error
    })
  }

  /** @internal */ retryPolicy(budgetMs = this.requestTimeoutMs): RetryPolicy {
    return {
      clock: this.clock,
      random: this.random,
      backoffMs: this.#retryBackoffMs,
      maxBackoffMs: MAX_BACKOFF_MS,
      budgetMs,
      pause: (pauseMs) => this.pause(pauseMs),
    }
  }

  /**
   * Resolves after about so long, together with others that wait. @throws CLIENT_CLOSED, as soon as the client closes:
   * whoever repeats something ends @internal
   */
  pause(pauseMs: number): Promise<void> {
    return this.#pauses.wait(pauseMs)
  }

  /** Tells the cluster what a response said, so that the next request asks who leads or coordinates now. @internal */
  noteError(kafkaCode: number | undefined, target: Target): void {
    if (isLeaderMoved(kafkaCode) || isCoordinatorMoved(kafkaCode)) this.#forgetRoute(target)
  }

  /**
   * CLIENT_TOPIC_MISSING and, where a partition is asked for that it does not have, CLIENT_PARTITION_MISSING (both after
   * a wait for what was just created, of `missingPatienceMs`); CLIENT_AUTHORIZATION, CLIENT_UNREACHABLE. @internal
   */
  async topic(name: string, partition?: number, missingPatienceMs = MISSING_TOPIC_PATIENCE_MS): Promise<TopicInfo> {
    const startedMs = this.clock.monotonicMs()
    return retrying(this.retryPolicy(Math.max(this.requestTimeoutMs, missingPatienceMs)), async () => {
      try {
        const info = await this.#metadata.topic(name)
        if (partition === undefined || partition < info.leaders.length) return info
        throw partitionMissing(name, partition, info.leaders.length)
      } catch (error) {
        const young = this.clock.monotonicMs() - startedMs < missingPatienceMs
        this.#metadata.markStale()
        if (isMillraceError(error, 'CLIENT_TOPIC_MISSING', 'CLIENT_PARTITION_MISSING')) {
          if (young) throw new MillraceError(error.code, error.message, { topic: name, kind: 'passing' })
          if (error.code === 'CLIENT_TOPIC_MISSING') this.#metadata.forget(name)
        }
        throw error
      }
    })
  }

  /** @internal */ async topics(names: readonly string[]): Promise<Map<string, TopicInfo>> {
    const infos = await Promise.all(names.map((name) => this.topic(name)))
    return new Map(infos.map((info) => [info.name, info]))
  }

  /** The names of all topics, except Kafka's own. Asks the brokers. */
  async topicNames(): Promise<string[]> {
    const request = { topics: null, allowAutoTopicCreation: false }
    const response = await this.#anyBroker.request(metadataApi, request, { lane: 'admin', minVersion: 1 })
    return response.topics.flatMap(({ name, errorCode, isInternal }) =>
      errorCode === 0 && name !== null && !isInternal && !name.startsWith('__') ? [name] : [],
    )
  }

  /** Those of `names` that exist, with their number of partitions. Asks the brokers. */
  async existing(names: readonly string[]): Promise<Map<string, number>> {
    const found = (await this.#askMetadata(names)).topics.filter(({ errorCode }) => errorCode === 0)
    return new Map(found.map(({ name, partitions }) => [name ?? '', partitions.length]))
  }

  /** As `topic`, of several, asking the brokers now; null for one that does not exist. @internal */
  async look(names: readonly string[]): Promise<Map<string, TopicInfo | null>> {
    this.#metadata.markStale()
    const orNull = (error: unknown): null => {
      if (isMillraceError(error, 'CLIENT_TOPIC_MISSING')) return null
      throw error
    }
    return new Map(await Promise.all(names.map(async (name) => [name, await this.topic(name).catch(orNull)] as const)))
  }

  /** The number of partitions of a topic. @throws MillraceError CLIENT_TOPIC_MISSING, CLIENT_AUTHORIZATION, CLIENT_UNREACHABLE */
  async partitionCount(topic: string): Promise<number> {
    return (await this.topic(topic)).leaders.length
  }

  /** @internal */ async topicId(topic: string): Promise<string | null> {
    return (await this.topic(topic)).id
  }

  /**
   * Node id of the partition's leader; -1 while it has none, or one that is not among the brokers: a broker that has just gone can be
   * omitted of the second list of the answer and not yet of the first. CLIENT_TOPIC_MISSING, CLIENT_PARTITION_MISSING. @internal
   */
  async leader(topic: string, partition: number): Promise<number> {
    if (this.#metadata.cachedLeader(topic, partition) !== null) return this.#metadata.cachedLeaderId(topic, partition)
    const leader = (await this.topic(topic, partition)).leaders[partition] ?? -1
    if (this.#metadata.broker(leader) !== null) return leader
    // It may have one the next time it is asked for.
    this.#metadata.markStale()
    return -1
  }

  /** Without asking: node id of the leader, -1 where it has to be asked for. @internal */
  cachedLeader(topic: string, partition: number): number {
    return this.#metadata.cachedLeader(topic, partition) === null ? -1 : this.#metadata.cachedLeaderId(topic, partition)
  }

  /** Without asking: epoch of the partition's leader as last known, -1 where it is not. @internal */
  leaderEpoch(topic: string, partition: number): number {
    return this.#metadata.cachedTopic(topic)?.leaderEpochs[partition] ?? -1
  }

  /** Without asking: what the last metadata said. @internal */
  cachedTopic(name: string): TopicInfo | null {
    return this.#metadata.cachedTopic(name)
  }

  /** @internal */ topicName(topicId: string): string | null {
    return this.#metadata.nameOf(topicId)
  }

  /** @internal */ markMetadataStale(): void {
    this.#metadata.markStale()
  }

  /** @internal */ forgetTopic(topic: string): void {
    this.#metadata.forget(topic)
  }

  /** Null where its connections cannot be made on another thread. @internal */
  async portable(): Promise<PortableCluster | null> {
    const transport = (await this.#transport.portable?.()) ?? null
    if (transport === null) return null
    const options = { requestTimeoutMs: this.requestTimeoutMs, retryBackoffMs: this.#retryBackoffMs }
    return { transport, bootstrap: this.#bootstrap, ...options }
  }

  /** Version both sides of `target` speak. @internal */
  async versionFor(api: Api, target: Target, options: RequestOptions): Promise<number> {
    return this.#link.versionFor(await this.#addressOf(target), api, options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Closes the connections. Calls that have not ended reject with CLIENT_CLOSED. */
  async close(): Promise<void> {
    this.#closed = true
    this.#pauses.close()
    await this.#transport.close()
  }

  async #addressOf(target: Target): Promise<BrokerAddress> {
    if ('leaderOf' in target) return this.#leaderAddress(target.leaderOf)
    if ('coordinator' in target) return this.#coordinators.address(target.coordinator, target.key)
    if ('node' in target) {
      const known = this.#metadata.broker(target.node)
      if (known !== null) return known
      await this.#metadata.refresh()
      const found = this.#metadata.broker(target.node)
      if (found !== null) return found
      throw unknownBroker(`broker ${target.node}`)
    }
    return (await this.#metadata.controller()) ?? this.#anyBroker.candidates()[0]!
  }

  async #leaderAddress({ topic, partition }: TopicPartition): Promise<BrokerAddress> {
    const cached = this.#metadata.cachedLeader(topic, partition)
    if (cached !== null) return cached
    const info = await this.topic(topic, partition)
    const address = this.#metadata.broker(info.leaders[partition] ?? -1)
    if (address !== null) return address
    this.#metadata.markStale()
    throw unknownBroker(`a leader of ${topic}-${partition}`)
  }

  #forgetRoute(target: Target): void {
    if ('coordinator' in target) this.#coordinators.forget(target.coordinator, target.key)
    else this.#metadata.markStale()
  }

  #askMetadata(topics: readonly string[]): Promise<ResponseOf<typeof metadataApi>> {
    const body = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false }
    return this.#anyBroker.request(metadataApi, body, { lane: 'admin' })
  }
}

function unknownBroker(what: string): MillraceError {
  return new MillraceError('CLIENT_REQUEST_FAILED', `The cluster does not report ${what} at the moment.`, {
    retriable: true,
  })
}
