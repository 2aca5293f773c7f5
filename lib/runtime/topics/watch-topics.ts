/**
 * Watches the topics of the application: added partitions are read, by another plan or by global stores. A change that
 * prevents the instance from continuing (a source created again, an internal topic deleted or trimmed) stops it with an
 * error that names the topic.
 */
import type { Admin } from '../../client/admin.js'
import type { Cluster } from '../../client/cluster.js'
import type { StreamsConfig } from '../../config.js'
import { isMillraceError, type MillraceError } from '../../errors.js'
import type { TopicPartition } from '../../record/record.js'
import { hasPattern, matchingTopics } from '../../topology/patterns.js'
import type { Topology } from '../../topology/topology.js'
import type { TaskOwnership } from '../membership/ownership.js'
import { type Periodic, periodically } from '../periodic.js'
import { LogStarts } from '../restore/log-starts.js'
import { Signal } from '../signal.js'
import { candidateTopics, checkStateFits } from './prepare-topics.js'
import type { ResolvedTopology } from './resolved-topology.js'
import { type ChangedTopic, consequenceOf, type TopicFacts, topicChangeOf } from './topic-changes.js'

/** A plan that waits until no task is being opened by the one in force; then the group has to agree again. */
export class NextPlan {
  readonly #wake: () => void
  #next: ResolvedTopology | null = null

  constructor(wake: () => void) {
    this.#wake = wake
  }

  offer(next: ResolvedTopology): void {
    this.#next = next
    this.#wake()
  }

  /** False: none waits. */
  comeInto(plan: ResolvedTopology): boolean {
    if (this.#next === null) return false
    plan.become(this.#next)
    this.#next = null
    return true
  }
}

export interface WatchTopicsOptions {
  readonly topology: Topology
  readonly config: StreamsConfig
  readonly cluster: Cluster
  readonly admin: Admin
  /** The plan in force. */
  readonly plan: ResolvedTopology
  /** Tasks that run here. */
  readonly tasks: () => readonly TaskOwnership[]
  readonly prepare: () => Promise<ResolvedTopology>
  /** Partitions that were added: the group is told that they are read from their start, before anybody reads them. */
  readonly beginAtStart: (partitions: readonly TopicPartition[]) => Promise<void>
  readonly changed: (next: ResolvedTopology) => void
  /** A global store's topic has so many partitions now. */
  readonly follow: (topic: string, partitions: number) => Promise<void>
  /** The application cannot continue with what has become of its topics. */
  readonly failed: (error: unknown) => void
}

/** A broker may be behind the others for so long: what would end the instance is asked again after it. */
const CONFIRM_MS = 1_000
const FIRST_LOOK_MS = 1_000
const RETRY_MS = 1_000

export class TopicWatch {
  readonly #options: WatchTopicsOptions
  readonly #periodic: Periodic
  /** The plan last offered, which may not be in force yet. */
  #latest: ResolvedTopology
  /** Topics that have changed with no other plan for it. */
  readonly #noted = new Map<string, TopicFacts>()
  /** What fetchers say is missing, until a look tells what has happened. */
  #suspects: MillraceError[] = []
  readonly #logStarts: LogStarts
  readonly #stop: Signal
  #stopped = false

  constructor(options: WatchTopicsOptions) {
    const { clock, log, topicRefreshIntervalMs, metadataMaxAgeMs } = options.config
    this.#options = options
    this.#latest = options.plan
    this.#stop = new Signal(clock)
    this.#logStarts = new LogStarts(options)
    const intervalMs = Math.min(topicRefreshIntervalMs, metadataMaxAgeMs)
    const firstMs = Math.min(intervalMs, FIRST_LOOK_MS)
    this.#periodic = periodically(
      clock,
      { firstMs, intervalMs, retryMs: Math.min(intervalMs, RETRY_MS) },
      () => this.#look(),
      (error) => {
        // Between two generations nothing can be committed: the next look does it.
        if (isMillraceError(error) && (error.retriable || error.code === 'GROUP_STALE_GENERATION'))
          log.warn({ code: error.code, cause: error.message }, 'the topics of the application could not be checked')
        else options.failed(error)
      },
    )
    options.cluster.onTopicsChanged = () => this.now()
  }

  now(): void {
    this.#periodic.now()
  }

  stop(): Promise<void> {
    this.#stopped = true
    this.#stop.raise()
    this.#options.cluster.onTopicsChanged = () => undefined
    return this.#periodic.stop()
  }

  /** True where a fetcher's error may be about a topic that is gone or created again: then a look says what follows. */
  suspects(error: MillraceError): boolean {
    if (!isMillraceError(error, 'CLIENT_TOPIC_MISSING', 'CLIENT_PARTITION_MISSING', 'CLIENT_LOG_TRUNCATED'))
      return false
    this.#suspects.push(error)
    this.now()
    return true
  }

  async #look(): Promise<void> {
    const suspects = [...this.#suspects]
    const found = await this.#changes()
    let replan = await this.#othersMatch()
    for (const changed of found) {
      const consequence = consequenceOf(changed)
      if (consequence.kind === 'end') {
        if (await this.#isConfirmed(changed)) throw consequence.error
        continue
      }
      this.#log(changed)
      if (consequence.kind === 'replan') replan = true
      else {
        if (consequence.kind === 'follow') await this.#options.follow(changed.topic, changed.now!.partitions)
        this.#noted.set(changed.topic, changed.now)
      }
    }
    if (replan) await this.#replan(new Set(found.map(({ topic }) => topic)))
    // Only now: a look that fails says nothing of them, and nobody reads those partitions meanwhile.
    this.#suspects.splice(0, suspects.length)
    // Of a topic that the next plan does not have, tasks may still be reading.
    const missing = suspects.find(({ topic }) => topic !== undefined && this.#latest.roles().has(topic))
    if (missing !== undefined && !replan) throw missing
    await this.#logStarts.look()
  }

  async #changes(only?: string): Promise<ChangedTopic[]> {
    const noted = this.#noted
    const before = (topic: string) => (noted.has(topic) ? noted.get(topic)! : this.#latest.facts(topic))
    const roles = [...this.#latest.roles()].filter(([topic]) => only === undefined || topic === only)
    const seen = await this.#options.cluster.look(roles.map(([topic]) => topic))
    return roles
      .map(([topic, role]) => {
        const info = seen.get(topic) ?? null
        const now = info === null ? null : { partitions: info.leaders.length, id: info.id }
        return { topic, role, before: before(topic), now }
      })
      .filter((each) => topicChangeOf(each) !== null)
  }

  async #isConfirmed({ topic, before, now }: ChangedTopic): Promise<boolean> {
    await this.#stop.wait(CONFIRM_MS)
    if (this.#stopped) return false
    const again = await this.#changes(topic)
    return again.some((each) => topicChangeOf(each) === topicChangeOf({ before, now }))
  }

  async #othersMatch(): Promise<boolean> {
    const { topology, config, cluster } = this.#options
    if (!topology.nodes.some(hasPattern)) return false
    const names = await candidateTopics(topology, config.applicationId, cluster)
    const matching = matchingTopics(topology, names)
    if (matching.join() === this.#latest.matchingTopics().join()) return false
    config.log.info({ topics: matching.length }, 'other topics match the patterns of the topology')
    return true
  }

  async #replan(logged: ReadonlySet<string>): Promise<void> {
    const { config, prepare, beginAtStart, changed } = this.#options
    const next = await prepare()
    const before = this.#latest
    const roles = next.roles()
    for (const [topic, role] of before.roles()) {
      if (!roles.has(topic)) continue
      const known = this.#noted.has(topic) ? this.#noted.get(topic)! : before.facts(topic)
      const changed = { topic, role, before: known, now: next.facts(topic) }
      const consequence = consequenceOf(changed)
      if (consequence.kind === 'end') throw consequence.error
      if (topicChangeOf(changed) !== null && !logged.has(topic)) this.#log(changed)
    }
    checkStateFits(before, next)
    await beginAtStart(addedPartitions(before, next))
    config.log.info({ tasks: next.taskIds.length, before: before.taskIds.length }, 'the tasks are planned again')
    this.#latest = next
    this.#noted.clear()
    changed(next)
  }

  #log({ topic, role, before, now }: ChangedTopic): void {
    const { log } = this.#options.config
    const what = { topic, role, before: before?.partitions ?? 0, now: now?.partitions ?? 0 }
    if (now === null) log.warn(what, `topic ${topic} was deleted`)
    else if (topicChangeOf({ before, now }) === 'grown') log.info(what, `partitions were added to topic ${topic}`)
    else log.warn(what, `topic ${topic} was deleted and created again`)
  }
}

/** Source partitions of `next` that `before` did not have. */
function addedPartitions(before: ResolvedTopology, next: ResolvedTopology): TopicPartition[] {
  return next.subscribedTopics.flatMap((topic) => {
    const from = before.subscribedTopics.includes(topic) ? before.partitionCount(topic) : 0
    const added = Math.max(0, next.partitionCount(topic) - from)
    return Array.from({ length: added }, (_, i) => ({ topic, partition: from + i }))
  })
}
