/** The metrics of the live panel, sampled once a second from the running totals of the service and of the hub. */
import type { Cancel, Clock } from '../../../index.js'
import type { DeliveryTotals } from '../../doors/delivery/hub-options.js'
import type { DoorErrorCounts } from '../../doors/error-answers.js'
import type { Rule } from '../../frame/decision-table.js'
import type { Recommendation } from '../../records/recommendation.js'
import type { ServiceFigures } from '../../service-port.js'
import { LatencyWindow, type LivePercentiles } from './live-latency.js'

/** One second of the charts. */
export interface LiveSample {
  /** Epoch milliseconds. */
  readonly at: number
  readonly eventsPerSecond: number
  readonly decisionsPerSecond: number
  /** Click received here to frame handed to the socket here; of the last minute. */
  readonly clickToFrameMs: LivePercentiles | null
  /** Trigger's append on the broker to the decision's arrival here, committed; of the last minute. */
  readonly appendToCommitMs: LivePercentiles | null
  readonly lagRecords: number | null
}

export interface LiveSnapshot extends LiveSample {
  readonly service: ServiceFigures
  readonly delivery: DeliveryTotals
  /** Requests and messages that doors rejected, by door and code. */
  readonly doorErrors: DoorErrorCounts
  /** Decisions seen on the topic, all instances', since this one started. */
  readonly byRule: Readonly<Record<string, number>>
  /** Those rules, as people call them. */
  readonly rules: readonly Rule[]
  readonly byArm: Readonly<Record<'control' | 'treatment', number>>
  /** Carousels by the recommender that filled them. */
  readonly byAlgorithm: Readonly<Record<string, number>>
}

const PERIOD_MS = 1_000
/** Seconds that the charts go back. */
const HISTORY_SAMPLES = 180
/** Clicks whose answer is waited for; more at once are not measured. */
const MAX_CLICKS = 2_000

export interface LiveOptions {
  readonly clock: Clock
  /** The rules that decide: each has a count from the start. */
  readonly rules: readonly Rule[]
  readonly figures: () => ServiceFigures
  readonly delivery: () => DeliveryTotals
  readonly doorErrors: () => DoorErrorCounts
  /** Told of each new snapshot. */
  readonly onSnapshot?: (snapshot: LiveSnapshot) => void
}

export class LiveFigures {
  readonly #options: LiveOptions
  readonly #clickToFrame = new LatencyWindow()
  readonly #appendToCommit = new LatencyWindow()
  /** Click id → when it came, monotonic. */
  readonly #clicks = new Map<string, number>()
  readonly #byRule: Record<string, number> = Object.create(null)
  readonly #byArm = { control: 0, treatment: 0 }
  readonly #byAlgorithm: Record<string, number> = Object.create(null)
  readonly #history: LiveSample[] = []
  #decisions = 0
  #last: { readonly atMs: number; readonly events: number; readonly decisions: number } | null = null
  #snapshot: LiveSnapshot | null = null
  #cancel: Cancel = () => undefined

  constructor(options: LiveOptions) {
    this.#options = options
    for (const { rule } of options.rules) this.#byRule[rule] = 0
  }

  /** The latest second. */
  get snapshot(): LiveSnapshot {
    this.#snapshot ??= this.#take()
    return this.#snapshot
  }

  /** The last three minutes, oldest first. */
  get history(): readonly LiveSample[] {
    return this.#history
  }

  start(): void {
    this.#cancel = this.#options.clock.setTimer(PERIOD_MS, () => {
      this.sample()
      this.start()
    })
  }

  stop(): void {
    this.#cancel()
  }

  /** A click came in; its answer is the carousel whose subject is this id, with or without a scope in front. */
  clicked(clickId: string): void {
    this.#clicks.set(clickId, this.#options.clock.monotonicMs())
    if (this.#clicks.size > MAX_CLICKS) this.#clicks.delete(this.#clicks.keys().next().value!)
  }

  /** A decision went to a browser. */
  sent({ rule, subject }: Recommendation): void {
    const clickId = subject.slice(subject.lastIndexOf('/') + 1)
    const clickedMs = rule === 'carousel' ? this.#clicks.get(clickId) : undefined
    if (clickedMs === undefined) return
    this.#clicks.delete(clickId)
    this.#clickToFrame.record(this.#options.clock.monotonicMs() - clickedMs)
  }

  /** A decision was seen on the topic. `triggeredAtMs`: when the broker stored what led to it; null for a timer's. */
  decided({ rule, arm, algorithm }: Recommendation, triggeredAtMs: number | null): void {
    if (triggeredAtMs !== null) this.#appendToCommit.record(Math.max(0, this.#options.clock.now() - triggeredAtMs))
    this.#decisions += 1
    this.#byRule[rule] = (this.#byRule[rule] ?? 0) + 1
    this.#byArm[arm] += 1
    if (rule === 'carousel') this.#byAlgorithm[algorithm] = (this.#byAlgorithm[algorithm] ?? 0) + 1
  }

  /** Takes a snapshot, and lets the window continue. */
  sample(): void {
    const snapshot = this.#take()
    this.#snapshot = snapshot
    const { at, eventsPerSecond, decisionsPerSecond, clickToFrameMs, appendToCommitMs, lagRecords } = snapshot
    this.#history.push({ at, eventsPerSecond, decisionsPerSecond, clickToFrameMs, appendToCommitMs, lagRecords })
    if (this.#history.length > HISTORY_SAMPLES) this.#history.shift()
    this.#clickToFrame.advance()
    this.#appendToCommit.advance()
    this.#options.onSnapshot?.(snapshot)
  }

  #take(): LiveSnapshot {
    const { clock } = this.#options
    const service = this.#options.figures()
    const atMs = clock.monotonicMs()
    const last = this.#last ?? { atMs, events: service.events, decisions: this.#decisions }
    const seconds = (atMs - last.atMs) / 1_000
    const perSecond = (count: number) => (seconds > 0 ? Math.max(0, Math.round(count / seconds)) : 0)
    this.#last = { atMs, events: service.events, decisions: this.#decisions }
    return {
      at: clock.now(),
      eventsPerSecond: perSecond(service.events - last.events),
      decisionsPerSecond: perSecond(this.#decisions - last.decisions),
      clickToFrameMs: this.#clickToFrame.percentiles(),
      appendToCommitMs: this.#appendToCommit.percentiles(),
      lagRecords: service.lagRecords,
      service,
      delivery: this.#options.delivery(),
      doorErrors: this.#options.doorErrors(),
      byRule: { ...this.#byRule },
      rules: this.#options.rules,
      byArm: { ...this.#byArm },
      byAlgorithm: { ...this.#byAlgorithm },
    }
  }
}
