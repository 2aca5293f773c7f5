/** Follows the topics that match patterns: when others do, the instance goes on by another plan. */
import type { Cluster } from '../client/cluster.js'
import type { StreamsConfig } from '../config.js'
import { isMillraceError } from '../errors.js'
import { hasPattern, matchingTopics } from '../topology/patterns.js'
import type { Topology } from '../topology/topology.js'
import { every, type Periodic } from './every.js'
import type { Plan } from './plan.js'
import { candidateTopics } from './prepare-topics.js'

/** A plan that waits until no task is being opened by the one in force; then the group has to agree anew. */
export class NextPlan {
  readonly #wake: () => void
  #next: Plan | null = null

  constructor(wake: () => void) {
    this.#wake = wake
  }

  offer(next: Plan): void {
    this.#next = next
    this.#wake()
  }

  /** False: none waits. */
  comeInto(plan: Plan): boolean {
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
  /** The plan in force. */
  readonly plan: Plan
  readonly prepare: () => Promise<Plan>
  readonly changed: (next: Plan) => void
  /** What now matches cannot be read: not co-partitioned, say, or of more partitions than the state was made for. */
  readonly failed: (error: unknown) => void
}

/** Looks every `topicRefreshIntervalMs` until stopped. */
export function watchTopics(options: WatchTopicsOptions): Periodic {
  const { topology, config, cluster, plan, prepare, changed, failed } = options
  if (!topology.nodes.some(hasPattern)) return { now: () => undefined, stop: async () => undefined }
  const intervalMs = config.topicRefreshIntervalMs
  const look = async () => {
    const names = await candidateTopics(topology, config.applicationId, cluster)
    const matching = matchingTopics(topology, names)
    if (matching.join() === plan.matchingTopics().join()) return
    config.log.info({ topics: matching.length }, 'other topics match the patterns of the topology')
    changed(await prepare())
  }
  return every(config.clock, { firstMs: intervalMs, intervalMs }, look, (error) => {
    if (isMillraceError(error) && error.retriable) {
      config.log.warn({ code: error.code }, 'the topics that match patterns could not be found')
    } else failed(error)
  })
}
