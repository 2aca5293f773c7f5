/** A simulated process: a clock of its own, and the end of all its activity when it is killed or paused. */
import type { Cancel, Clock } from '../../record/clock.js'
import type { Random } from '../../record/random.js'
import { EPOCH_MS, type SimWorld } from './world.js'

/** How long a turn of the event loop takes at most. */
const TURN_MS = 0.05

export class SimProcess {
  readonly name: string
  readonly clock: Clock
  alive = true
  /** Timers set and neither fired nor cancelled. */
  timers = 0
  readonly #world: SimWorld
  readonly #random: Random
  /** What fell due while the process was held, in order; null when it is not. */
  #held: (() => void)[] | null = null
  #heldUntilMs = 0
  #heldSinceMs = 0
  #stoodMs = 0
  /** Its own time is ahead of the world's while it works: what `spend` has used up. */
  #aheadUntilMs = 0
  #skewMs: number

  /** `skewMs`: what its wall clock is wrong by. */
  constructor(world: SimWorld, name: string, skewMs: number) {
    this.#skewMs = skewMs
    this.name = name
    this.#world = world
    this.#random = world.random(`process/${name}`)
    this.clock = {
      now: () => Math.floor(EPOCH_MS + this.localMs + this.#skewMs),
      monotonicMs: () => this.localMs,
      setTimer: (delayMs, fire) => this.#setTimer(delayMs, fire),
      nextTurn: () => new Promise((resolve) => this.#setTimer(this.#random.next() * TURN_MS, resolve)),
    }
  }

  /** The world's time, or later: user code has taken longer than its turn. */
  get localMs(): number {
    return Math.max(this.#world.nowMs, this.#aheadUntilMs)
  }

  /** User code takes `ms`: its own clock is on at once, and nothing else of the process runs before the world is there. */
  spend(ms: number): void {
    if (!this.alive || ms <= 0) return
    this.#aheadUntilMs = this.localMs + ms
    this.hold(this.#aheadUntilMs - this.#world.nowMs)
  }

  /** The wall clock is set, forward or back. */
  jump(ms: number): void {
    this.#skewMs += ms
  }

  get held(): boolean {
    return this.#held !== null
  }

  /** How long it has stood still so far, in all. */
  get standingMs(): number {
    return this.#stoodMs + (this.held ? this.#world.nowMs - this.#heldSinceMs : 0)
  }

  /** Runs `work` in this process: now, when it is let go, or never. */
  run(work: () => void): void {
    if (!this.alive) return
    if (this.#held !== null) this.#held.push(work)
    else work()
  }

  /** Nothing of it ever runs again. */
  die(): void {
    this.alive = false
    this.#held = null
  }

  /** Stands still for `forMs` while its connections stay open; then everything that fell due meanwhile runs, in order. */
  hold(forMs: number): void {
    if (!this.alive) return
    this.#heldUntilMs = Math.max(this.#heldUntilMs, this.#world.nowMs + forMs)
    if (this.#held !== null) return
    this.#held = []
    this.#heldSinceMs = this.#world.nowMs
    const release = () => {
      if (!this.alive || this.#held === null) return
      if (this.#world.nowMs < this.#heldUntilMs) {
        this.#world.schedule(this.#heldUntilMs - this.#world.nowMs, release)
        return
      }
      const work = this.#held.shift()
      if (work === undefined) {
        this.#stoodMs = this.standingMs
        this.#held = null
        return
      }
      work()
      this.#world.schedule(0.001, release)
    }
    this.#world.schedule(forMs, release)
  }

  #setTimer(delayMs: number, fire: () => void): Cancel {
    let open = true
    this.timers++
    const end = () => {
      if (!open) return false
      open = false
      this.timers--
      return true
    }
    const cancel = this.#world.schedule(this.localMs - this.#world.nowMs + delayMs, () =>
      this.run(() => {
        if (end()) fire()
      }),
    )
    return () => {
      if (end()) cancel()
    }
  }
}
