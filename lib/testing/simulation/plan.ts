/** The plan of one seed as plain data: drawn once, printed, shrunk, and run again. */
import type { Lane } from '../../transport/transport.js'
import type { Fault } from './faults.js'

/** Milliseconds of simulated time, drawn again each time from `from` (included) to `to`. */
export type Span = readonly [fromMs: number, toMs: number]

/** Timeouts of the simulated instances. */
export interface InstanceTimes {
  /** As the option of the same name. */
  readonly sessionTimeoutMs: number
  /** As the option of the same name. */
  readonly transactionTimeoutMs: number
  /** As the option of the same name. */
  readonly requestTimeoutMs: number
}

/** How long things take beside their usual time. An absent one takes no longer. */
export interface SlowPlan {
  /** Opening the byte store of a task. */
  readonly open?: Span
  /** Closing the database of a task. */
  readonly close?: Span
  /** One batch on its way to disk. */
  readonly write?: Span
  /** Every answer on a lane. */
  readonly lanes?: Readonly<Partial<Record<Lane, Span>>>
  /** Every answer of an API, by its key. */
  readonly apis?: Readonly<Record<number, Span>>
  /** Fetches on these lanes bring one batch each. */
  readonly inPieces?: readonly Lane[]
}

/** What user code does beside its work, decided by the number of the event. */
export interface UserCodePlan {
  /** One event in so many takes `slowMs`; 0: none. */
  readonly slowEvery: number
  /** How long a slow event takes. */
  readonly slowMs: number
  /** One event in so many throws and is retried; 0: none. */
  readonly throwEvery: number
  /** How often the same event throws before it goes through. */
  readonly throws: number
  /** A throw also makes somebody close the instance, which starts again. */
  readonly closes?: boolean
}

/** How much input a simulated run has. */
export interface InputPlan {
  /** Records that must have been committed. */
  readonly records: number
  /** Transactions they are written in; 0: a steady stream without transactions. */
  readonly rounds: number
}

/** One simulated instance. */
export interface MemberPlan {
  readonly name: string
  readonly startMs: number
  /** Its disk outlives it and makes it a static member; without one it is a dynamic member that begins empty. */
  readonly disk: boolean
}

/** One thing an operator does. */
export type StepPlan =
  /** A new dynamic member. */
  | { readonly atMs: number; readonly kind: 'join'; readonly name: string }
  /** Closes permanently and gives its tasks away. */
  | { readonly atMs: number; readonly kind: 'leave'; readonly name: string }
  /** Closes, and starts again after a while, with another version of the topology if one is named. */
  | {
      readonly atMs: number
      readonly kind: 'restart'
      readonly name: string
      readonly downMs: number
      readonly leaveGroup: boolean
      readonly version?: number
    }
  /** Calls `start` of a running instance once more. */
  | { readonly atMs: number; readonly kind: 'startTwice'; readonly name: string }
  /** A member of another kind joins the group for a while. */
  | { readonly atMs: number; readonly kind: 'foreigner'; readonly name: string; readonly forMs: number }

/** What one simulated run does, as plain data: drawn from a seed, it can be printed, made smaller and played again. */
export interface SimPlan {
  /** The seed it was drawn from. */
  readonly seed: number
  /** The variant it was drawn from. */
  readonly variant: string
  /** Whether rebalances, tasks and lag have deadlines while there is no fault. */
  readonly deadlines: boolean
  /** Simulated time until the faults stop. */
  readonly durationMs: number
  /** Longest usual delay of a message, one way. */
  readonly latencyMs: number
  /** Longest delay of a transaction marker. */
  readonly markerDelayMs: number
  /** Time-outs of the instances. */
  readonly times: InstanceTimes
  /** As `processingGuarantee`. */
  readonly guarantee: 'exactlyOnce' | 'atLeastOnce'
  /** As the option of the same name. */
  readonly offsetReset: 'earliest' | 'latest'
  /** Whether record caches are on. */
  readonly cached: boolean
  /** As the option of the same name. */
  readonly commitBytes: number
  /** Null: the fixed application. Otherwise the number of a random topology. */
  readonly topology: number | null
  /** The topic that an independent reader reads. */
  readonly observed: string
  /** How much input there is. */
  readonly input: InputPlan
  /** The instances. */
  readonly members: readonly MemberPlan[]
  /** What an operator does during the run, by time. */
  readonly steps: readonly StepPlan[]
  /** What goes wrong during the run. */
  readonly faults: readonly Fault[]
  /** What takes longer than usual. */
  readonly slow: SlowPlan
  /** What user code does besides its work. */
  readonly userCode: UserCodePlan
  /** The run must reach these numbers to count. */
  readonly least: { readonly records: number; readonly commits: number; readonly faults: number }
}
