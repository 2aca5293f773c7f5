/** The interface of a suite: its tests, brokers, requirements and results. */
import type { Random } from '../../lib/index.js'
import type { BrokerKind, BrokerNeeds } from './brokers.js'
import type { Tool } from './downloads.js'
import type { Processes } from './processes.js'

export type Result = 'passed' | 'failed' | 'skipped'

/** What came of one test of a suite. */
export interface Outcome {
  readonly name: string
  readonly result: Result
  /** Why it failed or was skipped. */
  readonly detail?: string
}

/** One run of a suite on one broker. */
export interface SuiteRun {
  readonly broker: BrokerKind
  /** HOST:PORT, or `''` for a suite that needs no broker. */
  readonly bootstrap: string
  /** For logs and state; kept when the suite fails. */
  readonly folder: string
  /** True with `--quick`: the short form, where there is one. */
  readonly quick: boolean
  readonly random: Random
  readonly processes: Processes
  /** Says on the terminal what continues. */
  readonly print: (line: string) => void
}

export interface Suite {
  readonly name: string
  readonly what: string
  /** Where it runs, in this order. */
  readonly brokers: readonly BrokerKind[]
  readonly brokerNeeds?: BrokerNeeds
  readonly tools: readonly Tool[]
  /** Whether `--quick` runs it, on the embedded broker only. */
  readonly quick: boolean
  /** For everything: downloads, compilers, the tests themselves. */
  readonly limitSeconds: number
  /** Throws where its preparation fails; a test that fails is an outcome. */
  run(run: SuiteRun): Promise<Outcome[]>
}

/** `failed` with the reason, or `passed` without one. */
export function judged(name: string, problem: string | undefined): Outcome {
  return problem === undefined ? { name, result: 'passed' } : { name, result: 'failed', detail: problem }
}
