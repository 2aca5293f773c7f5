/** I8 and I9 during the run: rebalances end, tasks run, lag falls, and no last stable offset stops. */
import type { Broker } from '../../broker/broker.js'
import { decodeResponse, syncGroupApi } from '../../protocol/index.js'
import { formatTopicPartition } from '../../record/record.js'
import { answerBody } from './assignments.js'
import type { SimInstance } from './instance.js'
import type { FrameEye, FrameOnWay } from './network.js'
import type { SimPlan } from './plan.js'
import type { SimWorld } from './world.js'

export interface DeadlineOptions {
  readonly world: SimWorld
  readonly plan: SimPlan
  /** What reading the input takes beside. */
  readonly readMs?: number
  readonly applicationId: string
  /** Topics whose committed offsets must follow: sources and repartition topics. */
  readonly sources: readonly string[]
  readonly broker: () => Broker | null
  readonly instances: () => readonly SimInstance[]
  readonly violated: (invariant: string, what: string) => void
}

const POLL_MS = 250
/** A group agrees within this time, beside what slow things take. */
const REBALANCE_MS = 2_500
/** A record is committed within this time after it is readable, and an instance has its tasks. */
const PROGRESS_MS = 5_000
/** A close commits what is processed and gives everything away within this time. */
const CLOSE_MS = 3_000
/** More timers than this at once are not needed by a process. */
const MOST_TIMERS = 400

export class Deadlines implements FrameEye {
  readonly #options: DeadlineOptions
  readonly #rebalanceMs: number
  readonly #progressMs: number
  readonly #settleMs: number
  readonly #closeMs: number
  /** Until then something that is nobody's fault may still hold things up. */
  #disturbedUntilMs = 0
  #unstableSinceMs: number | null = null
  readonly #waitingSinceMs = new Map<string, number>()
  /** Partition → ends that were readable, with when; the oldest first. */
  readonly #ends = new Map<string, { readonly atMs: number; readonly end: number }[]>()
  readonly #stable = new Map<string, { readonly offset: number; atMs: number }>()
  readonly #told = new Set<string>()
  #ended = false
  /** Longest times seen, for the summary. */
  readonly longest = { rebalanceMs: 0, lagMs: 0 }

  constructor(options: DeadlineOptions) {
    this.#options = options
    const { plan, readMs = 0 } = options
    const { slow, userCode, times, markerDelayMs, latencyMs } = plan
    const most = (span: readonly [number, number] | undefined) => span?.[1] ?? 0
    const answersMs = sum(Object.values(slow.apis ?? {}).map(most)) + 3 * sum(Object.values(slow.lanes ?? {}).map(most))
    const codeMs = userCode.slowEvery === 0 ? 0 : 4 * userCode.slowMs
    const commitMs = markerDelayMs + 10 * latencyMs + 2 * answersMs + codeMs
    const diskMs = 8 * (most(slow.open) + most(slow.close) + most(slow.write))
    const restoreMs = slow.inPieces?.includes('restore') ? 20_000 : 0
    this.#rebalanceMs = REBALANCE_MS + 2 * commitMs + 8 * most(slow.close)
    this.#progressMs =
      PROGRESS_MS + readMs + 4 * commitMs + 2 * diskMs + restoreMs + (userCode.throwEvery > 0 ? 5_000 : 0)
    this.#closeMs = CLOSE_MS + 2 * commitMs + diskMs
    // Whoever died or got no answer is given up after its session, and whoever waits in vain asks again.
    this.#settleMs = 2 * times.sessionTimeoutMs + 2 * times.requestTimeoutMs + times.transactionTimeoutMs + 5_000
  }

  /** A fault lasts `forMs`; then everybody has some time to get over it. */
  disturbed(forMs: number): void {
    const { nowMs } = this.#options.world
    this.#disturbedUntilMs = Math.max(this.#disturbedUntilMs, nowMs + forMs + this.#settleMs)
  }

  /** From then on something may be held against the engine. */
  get calmFromMs(): number {
    return this.#disturbedUntilMs
  }

  /** Within this time a member has given away what the group took from it. */
  get handOverMs(): number {
    return this.#closeMs
  }

  /** `close` of a process has returned. */
  closed(name: string, sinceMs: number): void {
    const forMs = this.counted(sinceMs)
    if (!this.#options.plan.deadlines || forMs <= this.#closeMs) return
    this.#tell('I8', `close ${name}`, `${name} took ${Math.round(forMs)} ms of calm to close`)
  }

  start(): void {
    const look = () => {
      if (this.#ended) return
      if (this.#options.plan.deadlines) {
        this.#lookAtGroup()
        this.#lookAtInstances()
        this.#lookAtLag()
      }
      this.#lookAtStability()
      this.#options.world.schedule(POLL_MS, look)
    }
    look()
  }

  end(): void {
    this.#ended = true
  }

  #tell(invariant: string, what: string, text: string): void {
    if (this.#told.has(what)) return
    this.#told.add(what)
    this.#options.violated(invariant, text)
  }

  /** How long that is ago, as far as it may be held against the engine. */
  counted(sinceMs: number): number {
    return this.#options.world.nowMs - Math.max(sinceMs, this.#disturbedUntilMs)
  }

  /** Whoever is told its tasks is told so by a group that has agreed, however soon the next rebalance begins. */
  answered(frame: FrameOnWay, answer: Buffer): void {
    if (frame.apiKey !== syncGroupApi.key) return
    const { errorCode } = decodeResponse(syncGroupApi, frame.apiVersion, answerBody(frame, answer))
    if (errorCode === 0) this.#unstableSinceMs = null
  }

  #lookAtGroup(): void {
    const { world, broker, applicationId } = this.#options
    const group = broker()?.core.groups.get(applicationId)
    if (group === undefined || group.status === 'Stable' || group.status === 'Empty') {
      this.#unstableSinceMs = null
      return
    }
    this.#unstableSinceMs = this.#someAway() ? world.nowMs : (this.#unstableSinceMs ?? world.nowMs)
    const forMs = this.counted(this.#unstableSinceMs)
    this.longest.rebalanceMs = Math.max(this.longest.rebalanceMs, forMs)
    if (forMs <= this.#rebalanceMs) return
    this.#tell('I8', 'rebalance', `a rebalance has not ended after ${Math.round(forMs)} ms of calm: ${group.status}`)
  }

  /** The coordinator waits for a static member that restarts until its session ends (KIP-345): nobody can shorten that. */
  #someAway(): boolean {
    const { world, instances, plan } = this.#options
    return instances().some(({ awaySinceMs }) => {
      return awaySinceMs !== null && world.nowMs - awaySinceMs <= plan.times.sessionTimeoutMs
    })
  }

  #lookAtInstances(): void {
    const { world, instances } = this.#options
    for (const instance of instances()) {
      const { process, streams, name } = instance
      const fine = !instance.member || !process.alive || instance.closing || streams.state === 'running'
      if (fine) {
        this.#waitingSinceMs.delete(name)
        if (process.timers > MOST_TIMERS) {
          this.#tell('I11', `timers ${name}`, `${process.name} holds ${process.timers} timers at once`)
        }
        continue
      }
      const sinceMs = this.#waitingSinceMs.get(name) ?? world.nowMs
      this.#waitingSinceMs.set(name, sinceMs)
      const forMs = this.counted(sinceMs)
      if (forMs <= this.#progressMs + this.#rebalanceMs) continue
      this.#tell('I8', `tasks ${name}`, `${process.name} is ${streams.state} for ${Math.round(forMs)} ms of calm`)
    }
  }

  #lookAtLag(): void {
    const { world, broker, sources, applicationId } = this.#options
    const { core } = broker() ?? {}
    if (core === undefined) return
    for (const topic of sources) {
      for (const log of core.topics.named(topic)?.partitions ?? []) {
        const name = formatTopicPartition(topic, log.partition)
        const ends = this.#ends.get(name) ?? []
        this.#ends.set(name, ends)
        const end = log.lastStableOffset
        if (end > (ends.at(-1)?.end ?? 0)) ends.push({ atMs: world.nowMs, end })
        const committed = core.offsets.get(applicationId, topic, log.partition)?.offset ?? 0
        while (ends.length > 0 && ends[0]!.end <= committed) ends.shift()
        const oldest = ends[0]
        if (oldest === undefined) continue
        const forMs = this.counted(oldest.atMs)
        this.longest.lagMs = Math.max(this.longest.lagMs, forMs)
        if (forMs <= this.#progressMs) continue
        const text = `${name} is committed up to ${committed}, ${oldest.end} was readable at ${Math.round(oldest.atMs)} ms`
        this.#tell('I8', `lag ${name}`, `${text}, now it is ${Math.round(world.nowMs)} ms`)
      }
    }
  }

  /** I9: no partition's last stable offset stands still for longer than a transaction may be open. */
  #lookAtStability(): void {
    const { world, broker, plan } = this.#options
    // Where nobody is, nobody can end a transaction.
    if (broker() === null) this.#stable.clear()
    const patienceMs = 2 * Math.max(plan.times.transactionTimeoutMs, 5_000) + 10_000
    for (const topic of broker()?.core.topics.all() ?? []) {
      for (const log of topic.partitions) {
        const name = formatTopicPartition(topic.name, log.partition)
        const known = this.#stable.get(name)
        if (log.lastStableOffset === log.endOffset || known?.offset !== log.lastStableOffset) {
          this.#stable.set(name, { offset: log.lastStableOffset, atMs: world.nowMs })
        } else if (world.nowMs - known.atMs > patienceMs) {
          this.#tell('I9', name, `the last stable offset of ${name} has been ${known.offset} since ${known.atMs} ms`)
        }
      }
    }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
