/** The answer of a flag: an experiment is a flag, and the arm of a user is its value. */
import { type Arm, EXPERIMENTS, type Experiment } from '../../experiments/experiment.js'

/** A successful evaluation, as OFREP has it. */
export interface Evaluation {
  readonly key: string
  readonly value: string
  readonly variant: string
  /** SPLIT: the share of the arms decides. STATIC: nothing about the experiment does. */
  readonly reason: 'SPLIT' | 'STATIC'
  readonly metadata: Readonly<Record<string, string | boolean>>
}

/** What is known of the user. */
export interface Dealt {
  readonly arm: Arm
  readonly isHeldOut: boolean
}

export function experimentOf(flag: string): Experiment | undefined {
  return EXPERIMENTS.find(({ name }) => name === flag)
}

/** A user of the global hold-out gets nothing of the experiment: the value is that of the arm without the change. */
export function evaluation({ name, decision, arms }: Experiment, { arm, isHeldOut }: Dealt): Evaluation {
  const metadata = { decision, holdOut: isHeldOut }
  if (isHeldOut) return { key: name, value: arms[0], variant: 'hold-out', reason: 'STATIC', metadata }
  return { key: name, value: arm, variant: arm, reason: 'SPLIT', metadata }
}
