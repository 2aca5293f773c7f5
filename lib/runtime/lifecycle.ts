/** The life of one instance as a table. An illegal move is a bug and says both states. */
import { MillraceError } from '../errors.js'

export type InstanceState = 'created' | 'starting' | 'rebalancing' | 'running' | 'closing' | 'closed' | 'failed'

const TRANSITIONS: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  created: ['starting', 'closed'],
  // Back to `starting`: the instance is replaced after an error.
  starting: ['starting', 'rebalancing', 'closing', 'failed'],
  rebalancing: ['starting', 'running', 'rebalancing', 'closing', 'failed'],
  running: ['starting', 'rebalancing', 'closing', 'failed'],
  closing: ['closed', 'failed'],
  closed: [],
  failed: ['closed'],
}

export class Lifecycle {
  #state: InstanceState = 'created'
  readonly #listeners: ((state: InstanceState, previous: InstanceState) => void)[] = []

  get state(): InstanceState {
    return this.#state
  }

  /** @throws MillraceError STREAMS_STATE where the table has no such move. */
  transitionTo(next: InstanceState): void {
    const previous = this.#state
    if (!TRANSITIONS[previous].includes(next)) {
      throw new MillraceError('STREAMS_STATE', `an instance that is ${previous} cannot become ${next}`)
    }
    this.#state = next
    if (next !== previous) for (const listener of this.#listeners) listener(next, previous)
  }

  onChange(listener: (state: InstanceState, previous: InstanceState) => void): void {
    this.#listeners.push(listener)
  }
}
