/** Virtual time of a simulation: one event after another. The seed decides the order of events with equal times. */
import { type Cancel, systemClock } from '../../record/clock.js'
import { type Random, seededRandom } from '../../record/random.js'

interface Event {
  readonly atMs: number
  readonly tie: number
  /** Null once cancelled. */
  fire: (() => void) | null
}

/** Every simulation begins at this wall-clock time. */
export const EPOCH_MS = 1_700_000_000_000

export class SimWorld {
  /** Milliseconds since the simulation began. */
  nowMs = 0
  events = 0
  readonly seed: string
  /** What happened, one line each, when asked for. */
  readonly lines: string[] | null
  readonly #ties: Random
  readonly #heap: Event[] = []
  /** What is to be known is known: nothing runs any more. */
  stopped = false
  #hashA = 0x811c9dc5
  #hashB = 0x9e3779b9

  constructor(seed: string, options: { readonly trace: boolean }) {
    this.seed = seed
    this.lines = options.trace ? [] : null
    this.#ties = this.random('ties')
  }

  /** A generator of its own for each purpose, so that a draw more for one does not shift the others. */
  random(purpose: string): Random {
    return seededRandom(`${this.seed}/${purpose}`)
  }

  schedule(delayMs: number, fire: () => void): Cancel {
    const event: Event = { atMs: this.nowMs + Math.max(0, delayMs), tie: this.#ties.next(), fire }
    push(this.#heap, event)
    return () => {
      event.fire = null
    }
  }

  /** Adds to the trace, whose hash two runs of one seed must share. */
  note(line: string): void {
    const text = `${this.nowMs.toFixed(3)} ${line}`
    for (let i = 0; i < text.length; i++) {
      this.#hashA = Math.imul(this.#hashA ^ text.charCodeAt(i), 0x01000193)
      this.#hashB = (Math.imul(this.#hashB, 33) + text.charCodeAt(i)) | 0
    }
    this.lines?.push(text)
  }

  get traceHash(): string {
    return [this.#hashA, this.#hashB].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  /**
   * Runs events until `done` says so: true; or until none is left, `limitMs` of virtual time have passed or the world is
   * stopped: false.
   * After each event everything that became runnable by it runs, before the next: a turn of the host's loop is how long
   * that takes, never an order.
   */
  async run(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.nowMs + limitMs
    await systemClock.nextTurn()
    while (!done()) {
      if (this.stopped) return false
      const event = pop(this.#heap)
      if (event === undefined) return false
      if (event.fire === null) continue
      if (event.atMs > endMs) {
        push(this.#heap, event)
        this.nowMs = endMs
        return false
      }
      this.nowMs = event.atMs
      this.events++
      event.fire()
      await systemClock.nextTurn()
    }
    return true
  }

  /**
   * Runs until `work` has settled; rejects as it does, or when it cannot settle within `limitMs` from now, or from
   * `calmFromMs` where that is later.
   */
  async finish<T>(what: string, work: Promise<T>, limitMs: number, calmFromMs = () => 0): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    work.then(note, note)
    const startMs = this.nowMs
    for (;;) {
      const beforeMs = this.nowMs
      const endMs = Math.max(startMs, calmFromMs()) + limitMs
      if (await this.run(() => settled, endMs - beforeMs)) return work
      // Nothing is left to happen, or nothing has put it off meanwhile.
      if (this.nowMs === beforeMs || Math.max(startMs, calmFromMs()) + limitMs <= this.nowMs) {
        throw new Error(`${what} did not end within ${limitMs} ms${startMs < calmFromMs() ? ' of calm' : ''}`)
      }
    }
  }
}

function before(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.tie < b.tie)
}

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!before(event, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = event
}

function pop(heap: Event[]): Event | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return top
}
