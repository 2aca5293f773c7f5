/** The experiments of the service. Today one: it chooses the users who get the other recommender. */
import { hash } from 'node:crypto'
import type { Algorithm } from '../recommender/index.js'

/** The arm of an experiment. */
export type Arm = 'control' | 'treatment'

/** Changing it deals the users again. */
const SALT = 'carousel-algorithm-1'
const TREATMENT_SHARE = 0.1

/** Sticky: the same user is in the same arm forever, on every instance. One user in ten is in the treatment. */
export function armOf(userKey: string): Arm {
  const first = Number.parseInt(hash('sha256', `${SALT}\n${userKey}`).slice(0, 8), 16)
  return first / 2 ** 32 < TREATMENT_SHARE ? 'treatment' : 'control'
}

/** Who is asked in each arm, in this order. Both arms learn from all events, so the algorithms alone differ. */
export const ARM_ALGORITHMS: Readonly<Record<Arm, readonly Algorithm[]>> = {
  control: ['vmis-knn', 'co-visitation', 'trending'],
  treatment: ['co-visitation', 'trending'],
}

/** An experiment as a row of a table. */
export interface Experiment {
  readonly name: string
  /** The decision whose arms differ. */
  readonly decision: string
  /** The one without the change stands first. */
  readonly arms: readonly [Arm, ...Arm[]]
}

export const EXPERIMENTS: readonly Experiment[] = [
  { name: 'carousel-algorithm', decision: 'carousel', arms: ['control', 'treatment'] },
]
