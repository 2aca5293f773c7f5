/** Administration: topics, their configuration and records, offsets by time, groups. */
import type { MillraceError } from '../errors.js'
import { createPartitionsApi } from '../protocol/api/create-partitions.js'
import { createTopicsApi } from '../protocol/api/create-topics.js'
import type { Api, ResponseOf } from '../protocol/api/define.js'
import { deleteGroupsApi } from '../protocol/api/delete-groups.js'
import { deleteRecordsApi } from '../protocol/api/delete-records.js'
import { deleteTopicsApi } from '../protocol/api/delete-topics.js'
import { describeConfigsApi } from '../protocol/api/describe-configs.js'
import { incrementalAlterConfigsApi } from '../protocol/api/incremental-alter-configs.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { TopicPartition } from '../record/record.js'
import { brokerError, topicMissing } from './broker-error.js'
import type { RequestBody } from './broker-link.js'
import {
  requireListOfNames,
  requireName,
  requireNewTopics,
  requireOffsetSpec,
  requirePlaces,
  requireTexts,
  requireTotal,
} from './check-admin.js'
import { type Cluster, MISSING_TOPIC_PATIENCE_MS } from './cluster.js'
import type { Target } from './cluster-options.js'
import { type Connection, clientOptions, clusterOf } from './connect.js'
import type { RequestName } from './error-kinds.js'
import type { Isolation } from './fetch-request.js'
import { type CommittedOffset, committedOffsets } from './group-offsets.js'
import { type FoundOffset, listOffsets, type OffsetSpec } from './list-offsets.js'
import type { TopicInfo } from './metadata.js'
import { DELETE, type NewTopic, SET, SET_ON_TOPIC, TOPIC_CONFIG, type TopicConfigEntry } from './topic-admin.js'
import { groupByTopic } from './topic-grouping.js'

export type { FoundOffset, NewTopic, OffsetSpec, TopicConfigEntry }

interface Result {
  readonly code: number
  readonly resource: string
  readonly detail?: string | null
  readonly topic?: string
}

const ADMIN = { lane: 'admin' } as const
const CONTROLLER = { controller: true } as const
const DEFAULT_DELETE_RETENTION_MS = 86_400_000

/** Administration of a cluster: topics, configuration, offsets, groups. Calls reject with CLIENT_* errors. */
export class Admin {
  readonly #cluster: Cluster
  readonly #ownsCluster: boolean

  /** Of a connection it makes a client of its own, which `close` closes. @throws MillraceError CONFIG_INVALID */
  constructor(source: Cluster | Connection) {
    const { cluster, isOwn } = clusterOf(clientOptions(source))
    this.#cluster = cluster
    this.#ownsCluster = isOwn
  }

  /** Closes its own client. A cluster that was given stays open. */
  async close(): Promise<void> {
    if (this.#ownsCluster) await this.#cluster.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** CLIENT_REQUEST_FAILED naming the topic; one that exists is an error unless `ifNotExists`. */
  async createTopics(topics: readonly NewTopic[], options: { readonly ifNotExists?: boolean } = {}): Promise<void> {
    requireNewTopics(topics, options)
    const timeoutMs = this.#cluster.requestTimeoutMs
    let open = topics
    await this.#run(
      createTopicsApi,
      () => ({
        topics: open.map(({ name, partitions, replicationFactor, config }) => ({
          name,
          numPartitions: partitions,
          replicationFactor: replicationFactor ?? -1,
          assignments: [],
          configs: Object.entries(config ?? {}).map(([key, value]) => ({ name: key, value })),
        })),
        timeoutMs,
      }),
      CONTROLLER,
      'CreateTopics',
      (response) => {
        const done = response.topics.filter(({ errorCode }) => errorCode === 0).map(({ name }) => name)
        open = open.filter(({ name }) => !done.includes(name))
        return response.topics.map(({ name, errorCode, errorMessage }) => ({
          code: options.ifNotExists && errorCode === KAFKA_ERROR.TOPIC_ALREADY_EXISTS ? 0 : errorCode,
          resource: `topic "${name}"`,
          detail: errorMessage,
          topic: name,
        }))
      },
    )
    this.#cluster.markMetadataStale()
  }

  /** CLIENT_TOPIC_MISSING. */
  async deleteTopics(names: readonly string[]): Promise<void> {
    requireListOfNames(names, 'deleteTopics')
    const timeoutMs = this.#cluster.requestTimeoutMs
    await this.#run(
      deleteTopicsApi,
      (version) =>
        version >= 6
          ? { topics: names.map((name) => ({ name, topicId: NO_ID })), timeoutMs }
          : { topicNames: names, timeoutMs },
      CONTROLLER,
      'DeleteTopics',
      (response) =>
        response.responses.map(({ name, errorCode, errorMessage }) => ({
          code: errorCode,
          resource: `topic "${name}"`,
          detail: errorMessage,
          topic: name ?? '',
        })),
    )
    for (const name of names) this.#cluster.forgetTopic(name)
  }

  /** CLIENT_TOPIC_MISSING. */
  async describeTopics(names: readonly string[]): Promise<Map<string, TopicInfo>> {
    requireListOfNames(names, 'describeTopics')
    this.#cluster.markMetadataStale()
    return this.#cluster.topics(names)
  }

  /** 22 characters of base64; null from brokers before 2.8. CLIENT_TOPIC_MISSING. */
  async topicId(topic: string): Promise<string | null> {
    requireName(topic, 'topicId')
    return this.#cluster.topicId(topic)
  }

  /** `count` is the new total. */
  async createPartitions(topic: string, count: number): Promise<void> {
    requireName(topic, 'createPartitions')
    requireTotal(count, 'createPartitions')
    await this.#run(
      createPartitionsApi,
      {
        topics: [{ name: topic, count, assignments: null }],
        timeoutMs: this.#cluster.requestTimeoutMs,
        validateOnly: false,
      },
      CONTROLLER,
      'CreatePartitions',
      ({ results }) =>
        results.map(({ name, errorCode, errorMessage }) => ({
          code: errorCode,
          resource: `topic "${name}"`,
          detail: errorMessage,
          topic: name,
        })),
    )
    this.#cluster.markMetadataStale()
  }

  /** Of one topic, all keys or those named. CLIENT_TOPIC_MISSING. */
  async describeConfigs(topic: string, keys: readonly string[] | null = null): Promise<Map<string, TopicConfigEntry>> {
    requireName(topic, 'describeConfigs')
    if (keys !== null) requireListOfNames(keys, 'describeConfigs')
    const response = await this.#run(
      describeConfigsApi,
      { resources: [{ resourceType: TOPIC_CONFIG, resourceName: topic, configurationKeys: keys }] },
      { any: true },
      'DescribeConfigs',
      ({ results }) =>
        results.map((row) => ({ code: row.errorCode, resource: `topic "${topic}"`, detail: row.errorMessage, topic })),
    )
    const configs = response.results.flatMap((row) => row.configs)
    return new Map(
      configs.map(({ name, value, configSource }) => [name, { value, isSet: configSource === SET_ON_TOPIC }]),
    )
  }

  /** Tombstones of the topic stay readable this long. CLIENT_TOPIC_MISSING. */
  async deleteRetentionMs(topic: string): Promise<number> {
    const configs = await this.describeConfigs(topic, ['delete.retention.ms'])
    return Number(configs.get('delete.retention.ms')?.value ?? DEFAULT_DELETE_RETENTION_MS)
  }

  /** Changes the keys named and no others; null goes back to the broker's default. */
  async incrementalAlterConfigs(topic: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    requireName(topic, 'incrementalAlterConfigs')
    requireTexts(changes, 'the configuration of incrementalAlterConfigs', true)
    await this.#run(
      incrementalAlterConfigsApi,
      {
        resources: [
          {
            resourceType: TOPIC_CONFIG,
            resourceName: topic,
            configs: Object.entries(changes).map(([name, value]) => ({
              name,
              configOperation: value === null ? DELETE : SET,
              value,
            })),
          },
        ],
        validateOnly: false,
      },
      CONTROLLER,
      'IncrementalAlterConfigs',
      ({ responses }) =>
        responses.map((row) => ({
          code: row.errorCode,
          resource: `topic "${topic}"`,
          detail: row.errorMessage,
          topic,
        })),
    )
  }

  /** Deletes what lies before each offset; resolves when that is done. */
  async deleteRecords(before: readonly (TopicPartition & { readonly offset: number })[]): Promise<void> {
    requirePlaces(before, 'deleteRecords', ['partition', 'offset'])
    const byLeader = new Map<number, (TopicPartition & { readonly offset: number })[]>()
    for (const row of before) {
      const leader = await this.#cluster.leader(row.topic, row.partition)
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), row])
    }
    const timeoutMs = this.#cluster.requestTimeoutMs
    for (const rows of byLeader.values()) {
      const topics = groupByTopic(rows, ({ partition, offset }) => ({ partitionIndex: partition, offset })).map(
        ([name, partitions]) => ({ name, partitions }),
      )
      await this.#run(deleteRecordsApi, { topics, timeoutMs }, { leaderOf: rows[0]! }, 'DeleteRecords', (response) =>
        response.topics.flatMap(({ name, partitions }) =>
          partitions.map((row) => ({
            code: row.errorCode,
            resource: `topic ${name}-${row.partitionIndex}`,
            topic: name,
          })),
        ),
      )
    }
  }

  /**
   * In the order given. `latest` is the last stable offset for readCommitted, the high watermark otherwise; a time in
   * milliseconds finds the first record not before it (-1 where there is none).
   */
  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation: Isolation,
  ): Promise<FoundOffset[]> {
    requirePlaces(partitions, 'listOffsets', ['partition'])
    requireOffsetSpec(spec, isolation)
    return listOffsets(this.#cluster, partitions, spec, isolation)
  }

  /** Without waiting for open transactions. */
  async groupOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    requireName(groupId, 'groupOffsets')
    requirePlaces(partitions, 'groupOffsets', ['partition'])
    return committedOffsets(this.#cluster, groupId, partitions, { requireStable: false })
  }

  /** The group must be empty: CLIENT_REQUEST_FAILED. */
  async deleteGroup(groupId: string): Promise<void> {
    requireName(groupId, 'deleteGroup')
    await this.#run(
      deleteGroupsApi,
      { groupsNames: [groupId] },
      { coordinator: 'group', key: groupId },
      'DeleteGroups',
      ({ results }) => results.map((row) => ({ code: row.errorCode, resource: `group "${groupId}"` })),
    )
  }

  #run<A extends Api>(
    api: A,
    body: RequestBody<A>,
    target: Target,
    operation: RequestName,
    resultsOf: (response: ResponseOf<A>) => readonly Result[],
  ): Promise<ResponseOf<A>> {
    const { clock } = this.#cluster
    const startedMs = clock.monotonicMs()
    return this.#cluster.call(api, body, target, ADMIN, (response): MillraceError | null => {
      const failed = resultsOf(response).find(({ code }) => code !== 0)
      if (failed === undefined) return null
      const { code, resource, topic, detail } = failed
      const patient = clock.monotonicMs() - startedMs < MISSING_TOPIC_PATIENCE_MS
      if (code === KAFKA_ERROR.UNKNOWN_TOPIC_OR_PARTITION && topic !== undefined && !patient) return topicMissing(topic)
      return brokerError(code, operation, resource, {
        ...(topic === undefined ? {} : { topic }),
        ...(detail === undefined ? {} : { detail }),
      })
    })
  }
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
