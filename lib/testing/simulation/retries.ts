/** I11: no client repeats a request many times without a pause. */
import type { FrameEye, FrameOnWay } from './network.js'
import type { SimProcess } from './process.js'
import type { SimWorld } from './world.js'

/** An answer that came sooner than this was not waited for, and a request sent sooner than this did not pause. */
const AT_ONCE_MS = 0.5
/** So many identical requests in a row without a pause are one too many. */
export const MOST_AT_ONCE = 25

interface Streak {
  last: Buffer
  arrivedMs: number
  answeredMs: number
  heardMs: number
  length: number
}

export class RetryEye implements FrameEye {
  readonly #world: SimWorld
  readonly #violated: (invariant: string, what: string) => void
  readonly #streaks = new Map<SimProcess, Map<string, Streak>>()
  readonly #refused = new Map<SimProcess, { count: number; lastMs: number }>()

  constructor(world: SimWorld, violated: (invariant: string, what: string) => void) {
    this.#world = world
    this.#violated = violated
  }

  sent({ process, lane, apiKey, request }: FrameOnWay): void {
    const body = request.subarray(8)
    let streaks = this.#streaks.get(process)
    if (streaks === undefined) {
      streaks = new Map()
      this.#streaks.set(process, streaks)
    }
    const name = `${lane}/${apiKey}`
    const streak = streaks.get(name)
    const paused = streak === undefined || process.localMs - streak.heardMs > AT_ONCE_MS
    const waited = streak !== undefined && streak.answeredMs - streak.arrivedMs > AT_ONCE_MS
    if (streak === undefined || paused || waited || !streak.last.equals(body)) {
      streaks.set(name, { last: body, arrivedMs: -1, answeredMs: -1, heardMs: -1, length: 1 })
      return
    }
    streak.length++
    if (streak.length === MOST_AT_ONCE) {
      this.#violated('I11', `${process.name} asks ${apiKey} on ${lane} ${streak.length} times without a pause`)
    }
  }

  answered({ process, lane, apiKey }: FrameOnWay): void {
    const streak = this.#streaks.get(process)?.get(`${lane}/${apiKey}`)
    if (streak !== undefined) streak.answeredMs = this.#world.nowMs
  }

  /** What the broker waits is told from what the network takes. */
  arrived({ process, lane, apiKey }: FrameOnWay): void {
    const streak = this.#streaks.get(process)?.get(`${lane}/${apiKey}`)
    if (streak !== undefined) streak.arrivedMs = this.#world.nowMs
  }

  heard({ process, lane, apiKey }: FrameOnWay): void {
    const streak = this.#streaks.get(process)?.get(`${lane}/${apiKey}`)
    if (streak !== undefined) streak.heardMs = process.localMs
  }

  refused(process: SimProcess): void {
    const known = this.#refused.get(process) ?? { count: 0, lastMs: -1 }
    known.count = process.localMs - known.lastMs > AT_ONCE_MS ? 1 : known.count + 1
    known.lastMs = process.localMs
    this.#refused.set(process, known)
    if (known.count === MOST_AT_ONCE) {
      this.#violated('I11', `${process.name} connects ${known.count} times without a pause, and no broker listens`)
    }
  }
}
