/** The states of one instance as a table. An invalid transition is a defect, and its error contains both states. */
import { MillraceError } from '../errors.js'
import { type Late, tell } from './listeners.js'

/** The state of an instance; docs/life-of-an-instance.md says what each means and which may follow. */
export type InstanceState = 'created' | 'starting' | 'rebalancing' | 'running' | 'closing' | 'closed' | 'failed'

const TRANSITIONS: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  created: ['starting', 'closed'],
  // Back to `starting`: the instance is replaced after an error.
  starting: ['starting', 'rebalancing', 'closing', 'failed'],
  rebalancing: ['starting', 'running', 'rebalancing', 'closing', 'failed'],
  running: ['starting', 'rebalancing', 'closing', 'failed'],
  closing: ['closed', 'failed'],
  closed: [],
  failed: [],
}

/** An instance that ends does so whatever its listeners throw. */
const ENDING: readonly InstanceState[] = ['closing', 'closed', 'failed']

export function isEnding(state: InstanceState): boolean {
  return ENDING.includes(state)
}

export class Lifecycle {
  #state: InstanceState = 'created'
  readonly #report: (error: Error) => void
  readonly #late: Late
  readonly #listeners: ((state: InstanceState, previous: InstanceState) => void)[] = []

  /** `report` hears what listeners throw while the instance ends, `late` what their promises reject with. */
  constructor(report: (error: Error) => void = () => {}, late: Late = report) {
    this.#report = report
    this.#late = late
  }

  get state(): InstanceState {
    return this.#state
  }

  /** @throws MillraceError STREAMS_STATE if the table has no such move; HANDLER_FAILED after the move, if a listener threw */
  transitionTo(next: InstanceState): void {
    const previous = this.#state
    if (!TRANSITIONS[previous].includes(next)) {
      throw new MillraceError('STREAMS_STATE', `an instance that is ${previous} cannot become ${next}`)
    }
    this.#state = next
    if (next === previous) return
    const failures: Error[] = []
    for (const listener of this.#listeners) {
      try {
        tell('onStateChange', () => listener(next, previous), this.#late)
      } catch (error) {
        failures.push(error as Error)
      }
    }
    if (failures.length === 0) return
    if (!isEnding(next)) throw failures[0]
    for (const error of failures) this.#report(error)
  }

  onChange(listener: (state: InstanceState, previous: InstanceState) => void): void {
    this.#listeners.push(listener)
  }
}
