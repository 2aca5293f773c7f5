/** Names and configuration of the topics an application makes for itself, as Kafka Streams makes them. Pure. */
import type { StoreDefinition, Topology } from './topology.js'

/** One day on top of a store's own retention, so that a changelog never loses what a store still shows. */
const CHANGELOG_EXTRA_RETENTION_MS = 86_400_000

/** Repartition topics are purged by deleting records, which frees whole segments: they are kept small. */
const REPARTITION_SEGMENT_BYTES = 52_428_800

/** Java's largest long, which Kafka takes for "never": unlimited windows are kept for good. */
const FOREVER_MS = '9223372036854775807'

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

function changelogConfig(store: StoreDefinition, extraRetentionMs: number): Record<string, string> {
  const base: Record<string, string> = { 'message.timestamp.type': 'CreateTime' }
  if (store.retentionMs === null) {
    base['cleanup.policy'] = 'compact'
  } else if (store.kind === 'versioned') {
    base['cleanup.policy'] = 'compact'
    base['min.compaction.lag.ms'] = String(store.retentionMs + extraRetentionMs)
  } else {
    // Records side by side have keys of their own, so compaction would find nothing.
    base['cleanup.policy'] = store.keepsDuplicates === true ? 'delete' : 'compact,delete'
    const retentionMs = store.retentionMs + extraRetentionMs
    base['retention.ms'] = Number.isFinite(retentionMs) ? String(retentionMs) : FOREVER_MS
  }
  return { ...base, ...store.topicConfig }
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
