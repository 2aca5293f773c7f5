/**
 * The tiers that are not live. Minutes run all the time, as an application of their own with few, large commits. Hours and days are
 * bounded runs: at each multiple of the tier, from where the last run stopped to the end of the topics.
 */
import { type Clock, type Connection, type Log, Streams, type Topology } from '../../index.js'
import type { EventClock } from '../gate/event-clock.js'
import { isBounded, passesBoundary } from './tier-times.js'

/** A tier: its name, and how fast its decisions have to be. */
export interface Tier {
  readonly name: string
  readonly withinMs: number
}

export interface SlowTiersParts {
  readonly connection: Connection
  /** Of the live instance; a tier's application id is this, a dash and its name. */
  readonly applicationId: string
  readonly stateDir: string | null
  readonly tiers: readonly Tier[]
  readonly topologyOf: (tier: string) => Topology
  /** The end of what a run has to read now: resolves when a tier has committed it. */
  readonly untilNow: () => Promise<(tier: Tier) => Promise<void>>
  readonly eventClock: EventClock
  /** How far behind event time an event may arrive: a boundary is over so much later, milliseconds. */
  readonly graceMs: number
  /** While this is true, no bounded run begins by itself: more of the same input comes, faster than runs can end. */
  readonly holdsRuns: () => boolean
  /** At most so many milliseconds between the commits of a tier of minutes; null: as many as it has time. */
  readonly commitWithinMs: number | null
  readonly clock: Clock
  readonly log: Log
  readonly onFailure: (error: unknown) => void
}

/** How often the event clock is looked at, milliseconds. */
const LOOK_MS = 1_000
/** What a tier of minutes has not committed is processed again after a failure, milliseconds. */
const MAX_COMMIT_INTERVAL_MS = 5_000
/** A tier of minutes does not ask for each event by itself. */
const MICRO_BATCH_BYTES = 1 << 20
/** Commits in the time that a tier has. */
const COMMITS_WITHIN = 4

export class SlowTiers {
  readonly #parts: SlowTiersParts
  readonly #running = new Map<string, Streams>()
  #cancel: () => void = () => undefined
  #closed = false
  #lastMs = 0
  readonly #runs = new Map<string, Promise<void>>()

  constructor(parts: SlowTiersParts) {
    this.#parts = parts
  }

  /** The application id of a tier. */
  groupOf(tier: Tier): string {
    return `${this.#parts.applicationId}-${tier.name}`
  }

  /** Starts the tiers of minutes, and watches the time for the others. */
  async start(): Promise<void> {
    const running = this.#parts.tiers.filter((tier) => !isBounded(tier))
    await Promise.all(running.map((tier) => this.#open(tier)))
    this.#lastMs = this.#timeMs()
    this.#watch()
  }

  /** Runs every tier until it has committed what `committed` waits for. */
  async upTo(committed: (tier: Tier) => Promise<void>): Promise<void> {
    await Promise.all(this.#parts.tiers.map((tier) => (isBounded(tier) ? this.run(tier, committed) : committed(tier))))
  }

  /** One bounded run, after the one of the same tier before it. */
  run(tier: Tier, committed: (tier: Tier) => Promise<void>): Promise<void> {
    const before = this.#runs.get(tier.name) ?? Promise.resolve()
    const run = before.then(() => this.#run(tier, committed))
    this.#runs.set(
      tier.name,
      run.catch(() => undefined),
    )
    return run
  }

  async #run(tier: Tier, committed: (tier: Tier) => Promise<void>): Promise<void> {
    if (this.#closed) return
    const streams = await this.#open(tier)
    try {
      await Promise.race([committed(tier), streams.finished])
    } finally {
      this.#running.delete(tier.name)
      await streams.close({ leaveGroup: true })
    }
  }

  async close(options: { readonly leaveGroup?: boolean } = {}): Promise<void> {
    this.#closed = true
    this.#cancel()
    const running = [...this.#running.values()]
    this.#running.clear()
    await Promise.all(running.filter(({ state }) => state !== 'failed').map((streams) => streams.close(options)))
  }

  #watch(): void {
    if (this.#closed) return
    this.#cancel = this.#parts.clock.setTimer(LOOK_MS, () => {
      this.#look()
        .catch(this.#parts.onFailure)
        .finally(() => this.#watch())
    })
  }

  async #look(): Promise<void> {
    if (this.#parts.holdsRuns()) return
    const nowMs = this.#timeMs()
    const due = this.#parts.tiers.filter(
      (tier) => isBounded(tier) && passesBoundary(tier.withinMs, this.#lastMs, nowMs),
    )
    this.#lastMs = nowMs
    if (due.length === 0) return
    const untilNow = await this.#parts.untilNow()
    await Promise.all(due.map((tier) => this.run(tier, untilNow)))
  }

  /** Event time, less what may still be on its way. */
  #timeMs(): number {
    return this.#parts.eventClock.now() - this.#parts.graceMs
  }

  async #open(tier: Tier): Promise<Streams> {
    const { connection, stateDir, topologyOf, commitWithinMs, clock, log, onFailure } = this.#parts
    const commitMs = Math.min(tier.withinMs / COMMITS_WITHIN, commitWithinMs ?? MAX_COMMIT_INTERVAL_MS)
    const streams = new Streams(topologyOf(tier.name), {
      connection,
      applicationId: this.groupOf(tier),
      stateDir: stateDir === null ? null : `${stateDir}-${tier.name}`,
      commitIntervalMs: commitMs,
      commitLatencyMs: commitMs,
      ...(!isBounded(tier) && { commitWhenDrained: false, fetchMinBytes: MICRO_BATCH_BYTES }),
      onDeserializationError: 'skip',
      clock,
      log,
    })
    this.#running.set(tier.name, streams)
    await streams.start()
    streams.finished.catch(onFailure)
    return streams
  }
}
