/** The topology on this cluster: tasks, their partitions, and every topic with its real name. Pure data. */
import { topicMissing } from '../../client/broker-error.js'
import type { OffsetReset } from '../../record/offset-reset.js'
import type { TopicPartition } from '../../record/record.js'
import { byTaskId, type TaskId, taskIdOf } from '../../record/task-id.js'
import { resolvePartitionCounts } from '../../topology/copartition.js'
import { fillerOf, type StoreFiller } from '../../topology/fillers.js'
import { changelogTopic, internalTopics, realTopicName } from '../../topology/internal-topics.js'
import { hasPattern } from '../../topology/patterns.js'
import { subTopologies } from '../../topology/sub-topologies.js'
import type { SubTopology, Topology } from '../../topology/topology.js'
import type { PlannedSubTopology } from '../membership/subscription-data.js'
import type { TopicFacts, TopicRole } from './topic-changes.js'

export interface ResolvedInternalTopic {
  readonly name: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface ChangelogPartition extends TopicPartition {
  readonly store: string
  /** The store's source topic serves as its changelog. */
  readonly isSource: boolean
}

export class ResolvedTopology {
  readonly subTopologies: readonly SubTopology[]
  readonly taskIds: readonly TaskId[]
  /** Real names of every topic tasks read. */
  readonly subscribedTopics: readonly string[]
  readonly internalTopics: readonly ResolvedInternalTopic[]
  readonly applicationId: string
  #topology: Topology
  /** Real topic name → partitions. */
  #partitions: Map<string, number>
  #topicIds = new Map<string, string | null>()
  #bySource = new Map<string, SubTopology>()
  #byId = new Map<number, SubTopology>()

  /**
   * `partitionCounts`: of every user topic the topology names as a fixed source or sink. `present`: of internal topics
   * that exist.
   * @throws MillraceError TOPOLOGY_NOT_COPARTITIONED and what else the topology functions raise
   */
  constructor(
    topology: Topology,
    applicationId: string,
    partitionCounts: ReadonlyMap<string, number>,
    changelogExtraRetentionMs?: number,
    present: ReadonlyMap<string, number> = new Map(),
  ) {
    this.#topology = topology
    this.applicationId = applicationId
    const repartitions = topology.repartitionTopics.flatMap(({ name }) => {
      const count = present.get(this.topicName(name))
      return count === undefined ? [] : [[name, count] as const]
    })
    const counts = resolvePartitionCounts(topology, partitionCounts, new Map(repartitions))
    this.#partitions = new Map([
      ...partitionCounts,
      ...[...counts].map(([name, n]) => [this.topicName(name), n] as const),
    ])
    this.subTopologies = subTopologies(topology)
    for (const subTopology of this.subTopologies) {
      this.#byId.set(subTopology.id, subTopology)
      for (const topic of subTopology.sourceTopics) this.#bySource.set(this.topicName(topic), subTopology)
    }
    this.taskIds = this.subTopologies.flatMap((subTopology) => this.#tasksOfSubTopology(subTopology)).sort(byTaskId)
    this.subscribedTopics = [...this.#bySource.keys()]
    this.internalTopics = internalTopics(applicationId, topology, changelogExtraRetentionMs)
      .map(({ name, store, config }) => ({
        name,
        config,
        partitions: store === null ? this.partitionCount(name) : this.#tasksOfSubTopology(this.#holderOf(store)).length,
      }))
      // Of a sub-topology whose pattern matches no topic yet.
      .filter(({ partitions }) => partitions > 0)
    for (const { name, partitions } of this.internalTopics) this.#partitions.set(name, partitions)
  }

  /** Everything as in `other`: the topics have changed, of the same topology. */
  become(other: ResolvedTopology): void {
    Object.assign(this, other)
    this.#topology = other.#topology
    this.#partitions = other.#partitions
    this.#topicIds = other.#topicIds
    this.#bySource = other.#bySource
    this.#byId = other.#byId
  }

  /** What members of the group compare: sub-topologies that have tasks, with their sources and changelogs. */
  planned(): PlannedSubTopology[] {
    return this.subTopologies.flatMap(({ id, sourceTopics, stores }) => {
      const sources = sourceTopics
        .map((topic) => this.topicName(topic))
        .map((topic) => [topic, this.partitionCount(topic)] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1))
      if (sources.every(([, partitions]) => partitions === 0)) return []
      const changelogs = stores.flatMap(({ name, changelogTopic }) => {
        const topic = this.changelogTopic(name)
        return topic === null || changelogTopic !== null ? [] : [topic]
      })
      return [{ id, sources, changelogs: changelogs.sort() }]
    })
  }

  /** What the application has each topic for that it names or makes, by real name. */
  roles(): Map<string, TopicRole> {
    const roles = new Map<string, TopicRole>()
    for (const node of this.#topology.nodes) {
      if (node.kind === 'sink' && typeof node.topic === 'string') roles.set(this.topicName(node.topic), 'sink')
    }
    for (const { name } of this.internalTopics) roles.set(name, 'changelog')
    for (const { topic } of this.#topology.globalStores) roles.set(topic, 'global')
    for (const node of this.#topology.nodes) {
      if (node.kind !== 'source') continue
      for (const topic of node.topics) roles.set(this.topicName(topic), hasPattern(node) ? 'matched' : 'source')
    }
    for (const topic of this.repartitionTopics()) roles.set(topic, 'repartition')
    return roles
  }

  facts(topic: string): TopicFacts {
    const partitions = this.knownPartitions(topic)
    return partitions === null ? null : { partitions, id: this.topicId(topic) }
  }

  /** Changelogs that must keep every key's last record forever: nobody but the application deletes there. */
  keptChangelogs(): Set<string> {
    const kept = this.internalTopics.filter(({ config }) => config['cleanup.policy'] === 'compact')
    return new Set(kept.map(({ name }) => name))
  }

  /** Those a task of this sub-topology reads, with their partitions, the largest first. */
  sourceCounts({ sourceTopics }: SubTopology): [topic: string, partitions: number][] {
    const names = sourceTopics.map((topic) => this.topicName(topic))
    return names.map((name) => [name, this.partitionCount(name)] as [string, number]).sort((a, b) => b[1] - a[1])
  }

  /** The sub-topology that reads a repartition topic, or whose store a changelog is for. */
  userOf(internalTopic: string): SubTopology | null {
    const holds = ({ stores }: SubTopology) => stores.some(({ name }) => this.changelogTopic(name) === internalTopic)
    return this.#bySource.get(internalTopic) ?? this.subTopologies.find(holds) ?? null
  }

  /** Topics that are read because a pattern matches them, sorted. */
  matchingTopics(): string[] {
    return this.#topology.nodes
      .filter(hasPattern)
      .flatMap(({ topics }) => topics)
      .sort()
  }

  /** The real topic behind a name in the topology: repartition topics get the application id in front. */
  topicName(nodeTopic: string): string {
    return realTopicName(this.applicationId, this.#topology, nodeTopic)
  }

  /** @throws MillraceError CLIENT_TOPIC_MISSING for a topic the cluster was not asked about. */
  partitionCount(topic: string): number {
    const count = this.knownPartitions(topic)
    if (count === null) throw topicMissing(topic)
    return count
  }

  /** As the cluster had it when the plan was made; null: nobody asked. */
  knownPartitions(topic: string): number | null {
    return this.#partitions.get(topic) ?? null
  }

  /** Kafka's id of a topic as `prepareTopics` saw it; null where the broker has none. */
  topicId(topic: string): string | null {
    return this.#topicIds.get(topic) ?? null
  }

  learnTopicId(topic: string, topicId: string | null): void {
    this.#topicIds.set(topic, topicId)
  }

  subTopology({ subTopology }: TaskId): SubTopology {
    return this.#byId.get(subTopology)!
  }

  sources(taskId: TaskId): TopicPartition[] {
    const { partition } = taskId
    return this.subTopology(taskId)
      .sourceTopics.map((topic) => this.topicName(topic))
      .filter((topic) => partition < this.partitionCount(topic))
      .map((topic) => ({ topic, partition }))
  }

  tasksOf(partitions: readonly TopicPartition[]): Set<TaskId> {
    const tasks = new Set<TaskId>()
    for (const { topic, partition } of partitions) {
      const subTopology = this.#bySource.get(topic)
      if (subTopology !== undefined) tasks.add(taskIdOf(subTopology.id, partition))
    }
    return tasks
  }

  /** Real topic a store's changes go to; null for a store that is not logged. */
  changelogTopic(store: string): string | null {
    const definition = this.#topology.stores.find(({ name }) => name === store)
    return definition === undefined ? null : changelogTopic(this.applicationId, definition)
  }

  changelogs(taskId: TaskId): ChangelogPartition[] {
    const { partition } = taskId
    return this.subTopology(taskId).stores.flatMap(({ name, changelogTopic }) => {
      const topic = this.changelogTopic(name)
      const isSource = changelogTopic !== null
      // A task has as many partitions as its largest source; a smaller one has nothing for the last tasks.
      if (topic === null || (isSource && partition >= this.partitionCount(topic))) return []
      return [{ store: name, topic, partition, isSource }]
    })
  }

  /** What fills a store whose source topic is its log; null for any other store. */
  filler(store: string): StoreFiller | null {
    return fillerOf(this.#topology, store)
  }

  /** The source's own choice, null: the application's. What the application wrote for itself is always read from the start. */
  offsetReset(topic: string): OffsetReset | null {
    if (this.repartitionTopics().includes(topic)) return 'earliest'
    for (const node of this.#topology.nodes) {
      if (node.kind === 'source' && node.topics.some((name) => this.topicName(name) === topic)) return node.offsetReset
    }
    return null
  }

  /** Real names of the repartition topics, whose records may be deleted once processed. */
  repartitionTopics(): string[] {
    return this.#topology.repartitionTopics.map(({ name }) => this.topicName(name))
  }

  #tasksOfSubTopology(subTopology: SubTopology): TaskId[] {
    const partitions = Math.max(
      0,
      ...subTopology.sourceTopics.map((topic) => this.partitionCount(this.topicName(topic))),
    )
    return Array.from({ length: partitions }, (_, partition) => taskIdOf(subTopology.id, partition))
  }

  #holderOf(store: string): SubTopology {
    return this.subTopologies.find(({ stores }) => stores.some(({ name }) => name === store))!
  }
}
