/**
 * The present number of partitions of output topics, from metadata, as in Kafka's producer. A topic that a function
 * chose is looked up at the first write to it.
 */
import type { Cluster } from '../../client/cluster.js'
import { isMillraceError } from '../../errors.js'
import type { Clock } from '../../record/clock.js'
import type { ResolvedTopology } from './resolved-topology.js'

/** So long a topic counts as missing without the brokers being asked again. */
const MISSING_MS = 30_000
/** Pause before brokers that could not answer are asked again; doubled up to the longest. */
const FIRST_PAUSE_MS = 100
const MAX_PAUSE_MS = 5_000

export interface SinkTopicsOptions {
  readonly plan: ResolvedTopology
  readonly cluster: Pick<Cluster, 'cachedTopic' | 'topic' | 'pause'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** A topic that was asked for is known, or known to be missing. */
  readonly onAnswer: () => void
}

export class SinkTopics {
  readonly #options: SinkTopicsOptions
  /** Topic → partitions as last known: a deleted one is told by the broker that rejects the write. */
  readonly #known = new Map<string, number>()
  readonly #asking = new Set<string>()
  readonly #failed = new Map<string, { readonly error: unknown; readonly untilMs: number }>()

  constructor(options: SinkTopicsOptions) {
    this.#options = options
  }

  /**
   * Null while it is not known yet: the brokers are asked.
   * @throws MillraceError CLIENT_TOPIC_MISSING, CLIENT_AUTHORIZATION
   */
  partitions(topic: string): number | null {
    const { plan, cluster } = this.#options
    const planned = plan.knownPartitions(topic)
    if (planned !== null && plan.internalTopics.some(({ name }) => name === topic)) return planned
    const now = cluster.cachedTopic(topic)?.leaders.length ?? 0
    if (now > 0) {
      this.#known.set(topic, now)
      return now
    }
    const known = this.#known.get(topic) ?? planned
    if (known !== null) return known
    const failed = this.#failed.get(topic)
    if (failed !== undefined && this.#options.clock.monotonicMs() < failed.untilMs) throw failed.error
    this.#ask(topic, FIRST_PAUSE_MS)
    return null
  }

  #ask(topic: string, pauseMs: number): void {
    if (this.#asking.has(topic)) return
    this.#asking.add(topic)
    const { cluster, clock, onAnswer } = this.#options
    cluster
      .topic(topic)
      .then(
        ({ leaders }) => {
          this.#known.set(topic, leaders.length)
          return 0
        },
        (error) => {
          // What may pass is asked again: the task waits for it, and nobody asks meanwhile.
          if (isMillraceError(error) && error.retriable) return pauseMs
          this.#failed.set(topic, { error, untilMs: clock.monotonicMs() + MISSING_MS })
          return 0
        },
      )
      .then((againMs) => {
        const done = () => this.#asking.delete(topic)
        if (againMs === 0) {
          done()
          onAnswer()
          return
        }
        const again = () => {
          done()
          this.#ask(topic, Math.min(pauseMs * 2, MAX_PAUSE_MS))
        }
        // A client that closes ends the pause, and with it the asking.
        cluster.pause(againMs).then(again, done)
      })
  }
}
