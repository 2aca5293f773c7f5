/**
 * Runs seeds on engines with a mistake, one thread per core, until a seed detects each. A seed that also fails on the
 * engine without the mistake does not count.
 */
import { Worker } from 'node:worker_threads'
import type { Violation } from '../../lib/testing/simulation/seed-result.js'
import { drawPlan } from '../../lib/testing/simulation/variants.js'
import { ask, threads } from './pool.js'

export interface Hunted {
  readonly variant: string
  /** Called once, before its first seed. */
  readonly open: () => { readonly worker: URL; readonly remove: () => void }
  /** Called by the thread that is done with it. */
  readonly over: (result: HuntResult) => Promise<void>
}

export interface Sighting {
  readonly seed: number
  readonly violation: Violation
}

export interface HuntResult {
  /** The first seed that saw the mistake. */
  readonly caught: Sighting | null
  /** Seeds that see the same on the engine without it. */
  readonly spoilt: readonly Sighting[]
}

/** No seed takes this long, unless something goes round in a circle. */
const STUCK_MS = 120_000
const STUCK: Violation = {
  invariant: 'I11',
  what: 'the thread does not answer: a loop does not let simulated time advance',
}

/** Plays seeds from 1 on, `most` of each at most. `base`: the worker of the engine without a mistake. */
export async function hunt(all: readonly Hunted[], base: URL, most: number): Promise<void> {
  const hunts = all.map((hunted) => new Hunt(hunted, most))
  const serve = async () => {
    const thread = new Thread(base)
    try {
      // First what nobody plays, then whatever has the most before it.
      for (let mine: Hunt | undefined; ; ) {
        if (mine?.open !== true) {
          const open = hunts.filter((each) => each.open)
          mine = open.find(({ next }) => next === 1) ?? open.sort((a, b) => a.next - b.next)[0]
        }
        if (mine === undefined) return
        await mine.play(thread)
      }
    } finally {
      await thread.end()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads(), all.length * most) }, serve))
}

/** One engine, as far as it has been played. */
class Hunt {
  next = 1
  readonly #hunted: Hunted
  readonly #most: number
  readonly #playing = new Set<number>()
  readonly #spoilt: Sighting[] = []
  #caught: Sighting | null = null
  #opened: ReturnType<Hunted['open']> | null = null
  #isOver = false

  constructor(hunted: Hunted, most: number) {
    this.#hunted = hunted
    this.#most = most
  }

  /** There are seeds to be played. */
  get open(): boolean {
    return this.#caught === null && this.next <= this.#most
  }

  async play(thread: Thread): Promise<void> {
    const seed = this.next++
    this.#playing.add(seed)
    this.#opened ??= this.#hunted.open()
    const { variant } = this.#hunted
    const violation = await thread.play(this.#opened.worker, seed, variant)
    if (violation !== null && (this.#caught === null || seed < this.#caught.seed)) {
      const without = await thread.playBase(seed, variant)
      if (without === null) this.#caught = { seed, violation }
      else this.#spoilt.push({ seed, violation: without })
    }
    this.#playing.delete(seed)
    const before = this.#caught?.seed ?? Number.POSITIVE_INFINITY
    if (this.open || this.#isOver || [...this.#playing].some((other) => other < before)) return
    this.#isOver = true
    await this.#hunted.over({ caught: this.#caught, spoilt: this.#spoilt })
    this.#opened.remove()
  }
}

/** A worker of the engine that is played, and one of the engine without a mistake. */
class Thread {
  readonly #base: URL
  #baseWorker: Worker | null = null
  #worker: Worker | null = null
  #script: URL | null = null

  constructor(base: URL) {
    this.#base = base
  }

  async play(script: URL, seed: number, variant: string): Promise<Violation | null> {
    if (this.#script !== script) {
      await this.#worker?.terminate()
      this.#worker = null
      this.#script = script
    }
    this.#worker ??= new Worker(script)
    const violation = await played(this.#worker, seed, variant)
    if (violation !== STUCK) return violation
    await this.#worker.terminate()
    this.#worker = null
    return violation
  }

  async playBase(seed: number, variant: string): Promise<Violation | null> {
    this.#baseWorker ??= new Worker(this.#base)
    const violation = await played(this.#baseWorker, seed, variant)
    if (violation !== STUCK) return violation
    await this.#baseWorker.terminate()
    this.#baseWorker = null
    return violation
  }

  async end(): Promise<void> {
    await this.#worker?.terminate()
    await this.#baseWorker?.terminate()
  }
}

/** The first violation; that a seed fell short of its size shows nothing. */
async function played(worker: Worker, seed: number, variant: string): Promise<Violation | null> {
  const plan = drawPlan(seed, variant)
  const answer = await ask(worker, { kind: 'play', plan, twice: false, trace: false, stopAtFirst: true }, STUCK_MS)
  if (answer === null) return STUCK
  if (answer.kind !== 'play') return null
  return answer.violations.find(({ invariant }) => invariant !== 'seed') ?? null
}
