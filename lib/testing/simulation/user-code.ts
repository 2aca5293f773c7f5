/** User code of the simulated application that is slow or throws, depending on the number of the event. */
import type { SimEvent } from './model.js'
import type { UserCodePlan } from './plan.js'
import type { SimProcess } from './process.js'

/** Where in the topology an event may throw: before anything was written, in an adder, behind the repartition topic. */
const PLACES = ['source', 'totals', 'item'] as const
export type UserCodePlace = (typeof PLACES)[number]

/** What all lives of all instances know together: an event that has thrown often enough goes through. */
export class SimulatedUserCode {
  readonly #plan: UserCodePlan
  readonly #threw = new Map<string, number>()
  readonly #onThrow: (process: SimProcess) => void
  /** Calls in all. */
  calls = 0

  constructor(plan: UserCodePlan, onThrow: (process: SimProcess) => void = () => undefined) {
    this.#plan = plan
    this.#onThrow = onThrow
  }

  /** Called by user code that runs in `process`. @throws for an event that is to be retried */
  at(place: UserCodePlace, event: SimEvent, process: SimProcess): void {
    const { slowEvery, slowMs, throwEvery, throws } = this.#plan
    this.calls++
    if (slowEvery > 0 && place === 'source' && event.seq % slowEvery === 0) process.spend(slowMs)
    if (throwEvery === 0 || event.seq % throwEvery !== 0) return
    if (PLACES[Math.floor(event.seq / throwEvery) % PLACES.length] !== place) return
    const name = `${place}/${event.seq}`
    const before = this.#threw.get(name) ?? 0
    if (before >= throws) return
    this.#threw.set(name, before + 1)
    if (this.#plan.closes === true) this.#onThrow(process)
    throw new Error(`event ${event.seq} throws at ${place} for the ${before + 1}. time`)
  }
}
