/** Moves the leaders of partitions: reorders their replicas, then elects the preferred one. */
import type { Cluster } from '../../../lib/index.js'
import { defineApi } from '../../../lib/protocol/api/define.js'
import { metadataApi } from '../../../lib/protocol/api/metadata.js'
import { array, int8, int16, int32, string } from '../../../lib/protocol/wire/field.js'

const alterPartitionReassignmentsApi = defineApi({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    timeoutMs: int32('0+', { default: 60_000 }),
    topics: array('0+', {
      name: string(),
      partitions: array('0+', {
        partitionIndex: int32(),
        replicas: array('0+', int32(), { nullable: '0+', default: null }),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string('0+', { nullable: '0+' }),
    responses: array('0+', {
      name: string(),
      partitions: array('0+', {
        partitionIndex: int32(),
        errorCode: int16(),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
})

const electLeadersApi = defineApi({
  key: 43,
  name: 'ElectLeaders',
  versions: [2, 2],
  flexibleFrom: 2,
  request: {
    electionType: int8(),
    topicPartitions: array(
      '0+',
      { topic: string(), partitions: array('0+', int32()) },
      { nullable: '0+', default: null },
    ),
    timeoutMs: int32('0+', { default: 60_000 }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    replicaElectionResults: array('0+', {
      topic: string(),
      partitionResult: array('0+', {
        partitionId: int32(),
        errorCode: int16(),
        errorMessage: string('0+', { nullable: '0+' }),
      }),
    }),
  },
})

const ADMIN = { lane: 'admin' } as const
const CONTROLLER = { controller: true } as const
const TIMEOUT_MS = 10_000
const PREFERRED = 0

export interface Replicas {
  readonly topic: string
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly inSync: number
}

/** Every partition whose topic `wanted` takes. */
export async function replicasOf(cluster: Cluster, wanted: (topic: string) => boolean): Promise<Replicas[]> {
  const body = { topics: null, allowAutoTopicCreation: false }
  const { topics } = await cluster.request(metadataApi, body, { any: true }, ADMIN)
  return topics.flatMap(({ name, partitions }) =>
    name === null || !wanted(name)
      ? []
      : partitions.map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
          topic: name,
          partition: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes,
          inSync: isrNodes.length,
        })),
  )
}

/** The next replica of each partition becomes its leader. */
export async function moveLeaders(cluster: Cluster, partitions: readonly Replicas[]): Promise<void> {
  const byTopic = new Map<string, Replicas[]>()
  for (const row of partitions) byTopic.set(row.topic, [...(byTopic.get(row.topic) ?? []), row])
  const topics = [...byTopic].map(([name, rows]) => ({
    name,
    partitions: rows.map(({ partition, replicas }) => ({
      partitionIndex: partition,
      replicas: [...replicas.slice(1), replicas[0]!],
    })),
  }))
  await cluster.request(alterPartitionReassignmentsApi, { timeoutMs: TIMEOUT_MS, topics }, CONTROLLER, ADMIN)
  const topicPartitions = [...byTopic].map(([topic, rows]) => ({
    topic,
    partitions: rows.map(({ partition }) => partition),
  }))
  const election = { electionType: PREFERRED, topicPartitions, timeoutMs: TIMEOUT_MS }
  await cluster.request(electLeadersApi, election, CONTROLLER, ADMIN)
}
