/** The faults of one seed: which ones, on which target, and at which moment of the protocol. */
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  KAFKA_ERROR as E,
  endTxnApi,
  fetchApi,
  heartbeatApi,
  initProducerIdApi,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  offsetFetchApi,
  produceApi,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../protocol/index.js'
import type { Random } from '../../record/random.js'
import type { DiskLoss } from './disk.js'
import { BROKER_ERRORS, changedAnswer, refusedAnswer } from './errors.js'
import type { FrameFate, FrameFaults, FrameOnWay } from './network.js'
import { USUAL } from './network.js'
import type { SimProcess } from './process.js'
import type { SimWorld } from './world.js'

export const FAULT_KINDS = [
  ...(['kill', 'lostResponse', 'delay', 'coordinatorRestart', 'pause', 'brokerError', 'leaderMove'] as const),
  ...(['trim', 'clockJump', 'diskHurt', 'diskFull', 'diskLocked', 'close', 'leaderUnlisted'] as const),
] as const
/** What can go wrong in a simulated run. */
export type FaultKind = (typeof FAULT_KINDS)[number]
/** Those that every seed may draw. */
export const USUAL_KINDS: readonly FaultKind[] = ['kill', 'lostResponse', 'delay', 'coordinatorRestart', 'pause']

/** What faults do to the rest of the simulation. False: there was nobody or nothing to strike. */
export interface FaultTargets {
  /** Kills the instance that runs as `process` (null: any) and starts it again after `downMs`. */
  kill(process: SimProcess | null, downMs: number, loss: DiskLoss): boolean
  /** Closes it as an operator would, and starts it again after `downMs`. */
  close(process: SimProcess | null, downMs: number, leaveGroup: boolean): boolean
  pause(process: SimProcess | null, forMs: number): boolean
  jumpClock(process: SimProcess | null, ms: number): boolean
  hurtDisk(process: SimProcess | null): boolean
  fillDisk(process: SimProcess | null, forMs: number): boolean
  lockDisk(process: SimProcess | null, forMs: number): boolean
  restartBroker(downMs: number): void
  coordinatorsGone(forMs: number, code: number): void
  leadersGone(forMs: number, code: number): void
  leadersUnlisted(forMs: number): void
  /** The broker deletes what a changelog no longer needs. */
  trim(strength: number): boolean
  /** Whether faults may strike the process. */
  strikes(process: SimProcess): boolean
  /** What a fault does may last until then, beside the time that getting over it takes. */
  disturbed(forMs: number): void
}

/** Something that goes wrong in a simulated run. */
export interface Fault {
  readonly kind: FaultKind
  /** From this simulated time it may occur. */
  readonly armedMs: number
  /** Strikes at the first frame of this API after `armedMs`; null: at that time itself. */
  readonly apiKey: number | null
  /** As the request leaves, or when it has taken effect and the answer has not left. */
  readonly moment: 'request' | 'answer'
  /** From 0 to 1, both: what of the kind, and for how long. */
  readonly strength: number
  /** How long it lasts, or how often it occurs. */
  readonly length: number
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
/** Strike frames only. */
const ON_FRAMES: readonly FaultKind[] = ['lostResponse', 'delay', 'brokerError']
/** Strike at their time, whatever happens then. */
const TIMED: readonly FaultKind[] = [
  ...(['coordinatorRestart', 'leaderMove', 'leaderUnlisted', 'trim', 'clockJump', 'diskFull', 'diskLocked'] as const),
]
/** Strike at a frame or at a time. */
const EITHER: readonly FaultKind[] = ['kill', 'pause', 'diskHurt', 'close']

/** `count` faults of `kinds` between two moments. */
export function drawFaults(
  random: Random,
  kinds: readonly FaultKind[],
  count: number,
  fromMs: number,
  toMs: number,
): Fault[] {
  return Array.from({ length: count }, () => {
    const kind = kinds[random.int(kinds.length)]!
    const timed = TIMED.includes(kind) || (EITHER.includes(kind) ? random.next() < 0.3 : false)
    return {
      kind,
      armedMs: Math.round(fromMs + random.next() * (toMs - fromMs)),
      apiKey: timed ? null : MOMENTS[random.int(MOMENTS.length)]!,
      moment: kind === 'lostResponse' || random.next() < 0.5 ? 'answer' : 'request',
      strength: rounded(random.next()),
      length: rounded(random.next()),
    } as const
  })
}

/** Short enough to be read where a plan is printed. */
function rounded(share: number): number {
  return Math.floor(share * 10_000) / 10_000
}

export class SimFaults implements FrameFaults {
  /** How often each kind struck. */
  readonly used = new Map<FaultKind, number>()
  readonly #world: SimWorld
  readonly #targets: FaultTargets
  #pending: readonly Fault[]
  #trying = false
  #started = false

  constructor(world: SimWorld, targets: FaultTargets, faults: readonly Fault[]) {
    this.#world = world
    this.#targets = targets
    this.#pending = faults
  }

  /** The times of faults count from now. */
  start(): void {
    const { nowMs } = this.#world
    this.#pending = this.#pending.map((fault) => ({ ...fault, armedMs: fault.armedMs + nowMs }))
    for (const { armedMs } of this.#pending) {
      this.#world.schedule(armedMs - nowMs, () => this.#strikeDue(false))
      this.#world.schedule(armedMs - nowMs + PATIENCE_MS, () => this.#strikeDue(true))
    }
    this.#started = true
  }

  /** True when every fault has struck. */
  get done(): boolean {
    return this.#pending.length === 0
  }

  request(frame: FrameOnWay): FrameFate {
    return this.#frame(frame, 'request', null)
  }

  answer(frame: FrameOnWay, answer: Buffer): FrameFate {
    return this.#frame(frame, 'answer', answer)
  }

  #frame(frame: FrameOnWay, moment: 'request' | 'answer', answer: Buffer | null): FrameFate {
    if (!this.#started || this.#pending.length === 0 || !this.#targets.strikes(frame.process)) return USUAL
    const nowMs = this.#world.nowMs
    const fault = this.#pending.find(
      (candidate) =>
        candidate.armedMs <= nowMs &&
        candidate.apiKey !== null &&
        candidate.moment === moment &&
        (candidate.apiKey === frame.apiKey || candidate.armedMs + PATIENCE_MS <= nowMs) &&
        (candidate.kind !== 'brokerError' || codesOf(frame.apiKey, moment).length > 0),
    )
    if (fault === undefined) return USUAL
    if (fault.kind === 'brokerError') return this.#brokerError(fault, frame, answer)
    return this.#strike(fault, frame.process, frame.apiKey)
  }

  /** Those that wait for no frame; with `late` also those whose frame did not come. */
  #strikeDue(late: boolean): void {
    const nowMs = this.#world.nowMs
    for (const fault of [...this.#pending]) {
      if (ON_FRAMES.includes(fault.kind) || fault.armedMs > nowMs) continue
      if (fault.apiKey === null || (late && fault.armedMs + PATIENCE_MS <= nowMs)) this.#strike(fault, null, -1)
    }
  }

  #strike(fault: Fault, process: SimProcess | null, apiKey: number): FrameFate {
    const fate = STRIKES[fault.kind](fault, process, this.#targets)
    if (fate === null) {
      this.#tryAgain()
      return USUAL
    }
    const { kind, strength, moment } = fault
    this.#struck(fault, `${strength.toFixed(3)} on ${process?.name ?? 'anyone'}, ${moment} of ${apiKey}`)
    if (kind === 'delay' || kind === 'lostResponse') this.#targets.disturbed(fate.extraMs)
    return fate
  }

  #struck(fault: Fault, what: string): void {
    this.#pending = this.#pending.filter((other) => other !== fault)
    this.used.set(fault.kind, (this.used.get(fault.kind) ?? 0) + 1)
    this.#world.note(`fault ${fault.kind} ${what}`)
  }

  #brokerError(fault: Fault, { process, apiKey, request }: FrameOnWay, answer: Buffer | null): FrameFate {
    const codes = codesOf(apiKey, fault.moment)
    const code = codes[Math.floor(fault.strength * codes.length)]!
    const changed = answer === null ? refusedAnswer(request, code) : changedAnswer(request, answer, code)
    if (changed === null) return USUAL
    this.#targets.disturbed(1_000)
    this.#struck(fault, `${code} on ${process.name}, ${fault.moment} of ${apiKey}`)
    return answer === null ? { ...USUAL, refusal: changed } : { ...USUAL, instead: changed }
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
}

function codesOf(apiKey: number, moment: 'request' | 'answer'): readonly number[] {
  const errors = BROKER_ERRORS.get(apiKey)
  return (moment === 'request' ? errors?.refused : errors?.afterwards) ?? []
}

/** What a fault of a kind does; null: nothing was there to strike. */
type Strike = (fault: Fault, process: SimProcess | null, targets: FaultTargets) => FrameFate | null

const struck = (done: boolean) => (done ? USUAL : null)

const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  kill: ({ strength, length }, process, targets) => {
    const loss = strength < 0.45 ? 'none' : strength < 0.75 ? 'unsynced' : strength < 0.88 ? 'one' : 'all'
    return struck(targets.kill(process, 50 + 8_000 * length ** 2, loss))
  },
  close: ({ strength, length }, process, targets) =>
    struck(targets.close(process, 50 + 2_000 * length, strength < 0.5)),
  pause: ({ strength }, process, targets) => struck(targets.pause(process, 500 + 16_000 * strength)),
  delay: ({ strength }) => ({ extraMs: 100 + 12_000 * strength ** 2, lost: null }),
  lostResponse: ({ strength }) => ({ extraMs: 0, lost: strength < 0.5 ? 'reset' : 'silence' }),
  coordinatorRestart: ({ strength, length }, _process, targets) => {
    const forMs = 50 + 3_000 * length
    if (strength < 0.4) targets.restartBroker(forMs)
    else targets.coordinatorsGone(forMs, strength < 0.7 ? E.NOT_COORDINATOR : E.COORDINATOR_LOAD_IN_PROGRESS)
    return USUAL
  },
  leaderMove: ({ strength, length }, _process, targets) => {
    const codes = [E.NOT_LEADER_OR_FOLLOWER, E.LEADER_NOT_AVAILABLE, E.KAFKA_STORAGE_ERROR]
    targets.leadersGone(50 + 3_000 * length, codes[Math.floor(strength * codes.length)]!)
    return USUAL
  },
  leaderUnlisted: ({ length }, _process, targets) => {
    targets.leadersUnlisted(50 + 3_000 * length)
    return USUAL
  },
  trim: ({ strength }, _process, targets) => struck(targets.trim(strength)),
  clockJump: ({ strength, length }, process, targets) =>
    struck(targets.jumpClock(process, (strength < 0.5 ? -1 : 1) * (500 + 120_000 * length ** 2))),
  diskHurt: (_fault, process, targets) => struck(targets.hurtDisk(process)),
  diskFull: ({ length }, process, targets) => struck(targets.fillDisk(process, 100 + 3_000 * length)),
  diskLocked: ({ length }, process, targets) => struck(targets.lockDisk(process, 100 + 3_000 * length)),
  brokerError: () => null,
}
