/** Names and configuration of an application's internal topics, as in Kafka Streams. Pure. */
import { type StoreDefinition, storeInfo } from '../state/stores/index.js'
import type { Topology } from './topology.js'

/** One day on top of a store's own retention, so that a changelog never loses what a store still shows. */
const CHANGELOG_EXTRA_RETENTION_MS = 86_400_000

/** Repartition topics are purged by deleting records, which frees whole segments: they are kept small. */
const REPARTITION_SEGMENT_BYTES = 52_428_800

export interface InternalTopic {
  /** The name on the broker. */
  readonly name: string
  readonly purpose: 'changelog' | 'repartition'
  /** The store of a changelog; null for a repartition topic. */
  readonly store: string | null
  /** The topic's name in the topology; null for a changelog. */
  readonly nodeTopic: string | null
  readonly config: Readonly<Record<string, string>>
}

/** The topic a store's changes go to; null where it is not logged. */
export function changelogTopic(applicationId: string, store: StoreDefinition): string | null {
  if (store.changelogTopic !== null) return store.changelogTopic
  return store.logged ? `${applicationId}-${store.name}-changelog` : null
}

/** The broker's name of a topic of the topology: repartition topics have the application id in front. */
export function realTopicName(applicationId: string, topology: Topology, topic: string): string {
  return topology.repartitionTopics.some((repartition) => repartition.name === topic)
    ? `${applicationId}-${topic}`
    : topic
}

function changelogConfig(store: StoreDefinition, extraMs: number): Record<string, string> {
  const own = storeInfo(store).changelogConfig(store, extraMs)
  return { 'message.timestamp.type': 'CreateTime', ...own, ...store.topicConfig }
}

const REPARTITION_CONFIG = Object.freeze({
  'message.timestamp.type': 'CreateTime',
  'cleanup.policy': 'delete',
  'retention.ms': '-1',
  'segment.bytes': String(REPARTITION_SEGMENT_BYTES),
})

/** Every topic the application makes: repartition topics first, then changelogs, in build order. */
export function internalTopics(
  applicationId: string,
  topology: Topology,
  extraRetentionMs = CHANGELOG_EXTRA_RETENTION_MS,
): readonly InternalTopic[] {
  const repartitions = topology.repartitionTopics.map(
    ({ name }): InternalTopic =>
      Object.freeze({
        name: `${applicationId}-${name}`,
        purpose: 'repartition',
        store: null,
        nodeTopic: name,
        config: REPARTITION_CONFIG,
      }),
  )
  const changelogs = topology.stores
    .filter((store) => store.logged && store.changelogTopic === null)
    .map(
      (store): InternalTopic =>
        Object.freeze({
          name: `${applicationId}-${store.name}-changelog`,
          purpose: 'changelog',
          store: store.name,
          nodeTopic: null,
          config: Object.freeze(changelogConfig(store, extraRetentionMs)),
        }),
    )
  return [...repartitions, ...changelogs]
}
