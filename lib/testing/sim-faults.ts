/** The faults of one seed: which, on whom, and at which moment of the protocol they strike. */
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  endTxnApi,
  fetchApi,
  heartbeatApi,
  initProducerIdApi,
  joinGroupApi,
  KAFKA_ERROR,
  listOffsetsApi,
  metadataApi,
  offsetFetchApi,
  produceApi,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../protocol/index.js'
import type { Random } from '../record/random.js'
import type { DiskLoss } from './sim-disk.js'
import type { FrameFate, FrameFaults } from './sim-network.js'
import { USUAL } from './sim-network.js'
import type { SimProcess } from './sim-process.js'
import type { SimWorld } from './sim-world.js'

export const FAULT_KINDS = ['kill', 'lostResponse', 'delay', 'coordinatorRestart', 'pause'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** What faults do to the rest of the simulation. */
export interface FaultTargets {
  /** Kills the instance that runs as `process` (null: any) and starts it again after `downMs`. */
  kill(process: SimProcess | null, downMs: number, loss: DiskLoss): boolean
  pause(process: SimProcess | null, forMs: number): boolean
  restartBroker(downMs: number): void
  coordinatorsGone(forMs: number, code: number): void
  /** Whether faults may strike the process. */
  strikes(process: SimProcess): boolean
}

interface Fault {
  readonly kind: FaultKind
  readonly armedMs: number
  /** Strikes at the first frame of this API after `armedMs`; null: at that time itself. */
  readonly apiKey: number | null
  /** As the request leaves, or when it has taken effect and the answer has not left. */
  readonly moment: 'request' | 'answer'
  readonly strength: number
}

/** Those whose lost answer is hardest to get right are drawn more often. */
const MOMENTS: readonly number[] = [
  ...[endTxnApi, endTxnApi, endTxnApi, endTxnApi, produceApi, produceApi, produceApi].map(({ key }) => key),
  ...[txnOffsetCommitApi, txnOffsetCommitApi, addPartitionsToTxnApi, addOffsetsToTxnApi].map(({ key }) => key),
  ...[initProducerIdApi, joinGroupApi, syncGroupApi, heartbeatApi, offsetFetchApi].map(({ key }) => key),
  ...[listOffsetsApi, fetchApi, metadataApi].map(({ key }) => key),
]
/** A fault whose moment does not come within this time strikes without it, or at any API. */
const PATIENCE_MS = 4_000
const RETRY_MS = 500

export class SimFaults implements FrameFaults {
  /** How often each kind struck. */
  readonly used = new Map<FaultKind, number>()
  readonly #world: SimWorld
  readonly #random: Random
  readonly #targets: FaultTargets
  #pending: Fault[]
  #trying = false

  /** Between `fromMs` and `toMs` of virtual time. */
  constructor(world: SimWorld, targets: FaultTargets, fromMs: number, toMs: number) {
    this.#world = world
    this.#random = world.random('faults')
    this.#targets = targets
    this.#pending = this.#plan(fromMs, toMs)
    for (const { armedMs } of this.#pending) {
      world.schedule(armedMs, () => this.#strikeDue(false))
      world.schedule(armedMs + PATIENCE_MS, () => this.#strikeDue(true))
    }
  }

  /** True when every fault has struck. */
  get done(): boolean {
    return this.#pending.length === 0
  }

  request(process: SimProcess, apiKey: number): FrameFate {
    return this.#frame(process, apiKey, 'request')
  }

  answer(process: SimProcess, apiKey: number): FrameFate {
    return this.#frame(process, apiKey, 'answer')
  }

  #plan(fromMs: number, toMs: number): Fault[] {
    const random = this.#random
    // A swarm: each seed knows some of the kinds only, so that each gets the whole stage now and then.
    const kinds = FAULT_KINDS.filter(() => random.next() < 0.6)
    if (kinds.length === 0) kinds.push(FAULT_KINDS[random.int(FAULT_KINDS.length)]!)
    const count = 3 + random.int(6)
    return Array.from({ length: count }, () => {
      const kind = kinds[random.int(kinds.length)]!
      const timed = kind === 'coordinatorRestart' || (kind === 'kill' || kind === 'pause' ? random.next() < 0.3 : false)
      return {
        kind,
        armedMs: fromMs + random.next() * (toMs - fromMs),
        apiKey: timed ? null : MOMENTS[random.int(MOMENTS.length)]!,
        moment: kind === 'lostResponse' || random.next() < 0.5 ? 'answer' : 'request',
        strength: random.next(),
      } as const
    })
  }

  #frame(process: SimProcess, apiKey: number, moment: 'request' | 'answer'): FrameFate {
    if (this.#pending.length === 0 || !this.#targets.strikes(process)) return USUAL
    const nowMs = this.#world.nowMs
    const fault = this.#pending.find(
      (candidate) =>
        candidate.armedMs <= nowMs &&
        candidate.apiKey !== null &&
        candidate.moment === moment &&
        (candidate.apiKey === apiKey || candidate.armedMs + PATIENCE_MS <= nowMs),
    )
    if (fault === undefined) return USUAL
    return this.#strike(fault, process, apiKey)
  }

  /** Those that wait for no frame; with `late` also those whose frame did not come. */
  #strikeDue(late: boolean): void {
    const nowMs = this.#world.nowMs
    for (const fault of [...this.#pending]) {
      const onFrame = fault.kind === 'lostResponse' || fault.kind === 'delay'
      if (onFrame || fault.armedMs > nowMs) continue
      if (fault.apiKey === null || (late && fault.armedMs + PATIENCE_MS <= nowMs)) this.#strike(fault, null, -1)
    }
  }

  #strike(fault: Fault, process: SimProcess | null, apiKey: number): FrameFate {
    const { kind, strength, moment } = fault
    const targets = this.#targets
    let fate = USUAL
    let struck = true
    if (kind === 'kill') {
      const loss: DiskLoss = strength < 0.5 ? 'none' : strength < 0.85 ? 'unsynced' : 'all'
      struck = targets.kill(process, 50 + 8_000 * this.#random.next() ** 2, loss)
    } else if (kind === 'pause') struck = targets.pause(process, 500 + 16_000 * strength)
    else if (kind === 'coordinatorRestart') this.#coordinator(strength)
    else if (kind === 'delay') fate = { extraMs: 100 + 12_000 * strength ** 2, lost: null }
    else fate = { extraMs: 0, lost: strength < 0.5 ? 'reset' : 'silence' }
    if (!struck) {
      this.#tryAgain()
      return USUAL
    }
    this.#pending = this.#pending.filter((other) => other !== fault)
    this.used.set(kind, (this.used.get(kind) ?? 0) + 1)
    this.#world.note(`fault ${kind} ${strength.toFixed(3)} on ${process?.name ?? 'anyone'}, ${moment} of ${apiKey}`)
    return fate
  }

  /** Nobody was there to strike. */
  #tryAgain(): void {
    if (this.#trying) return
    this.#trying = true
    this.#world.schedule(RETRY_MS, () => {
      this.#trying = false
      this.#strikeDue(true)
    })
  }

  #coordinator(strength: number): void {
    const forMs = 50 + 3_000 * this.#random.next()
    if (strength < 0.4) this.#targets.restartBroker(forMs)
    else if (strength < 0.7) this.#targets.coordinatorsGone(forMs, KAFKA_ERROR.NOT_COORDINATOR)
    else this.#targets.coordinatorsGone(forMs, KAFKA_ERROR.COORDINATOR_LOAD_IN_PROGRESS)
  }
}
