/** Whether any broker answers: observes every request of a client and reports changes. */
import type { Cancel, Clock } from '../record/clock.js'
import type { Transport } from '../transport/transport.js'

/** Failures shorter than this are a leader that moves or a connection that is opened again, not an outage. */
const OUTAGE_MS = 3_000

export class Reachability {
  /** No broker has answered for some seconds, although requests were sent; once per outage. */
  onOutage: (cause: unknown) => void = () => undefined
  /** A broker answers again. */
  onRecovery: (outageMs: number) => void = () => undefined
  readonly #clock: Clock
  /** Monotonic time of the first failure since the last answer; null: the last request was answered. */
  #failingSinceMs: number | null = null
  #told = false
  #cancel: Cancel = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long no broker has answered; 0 while they do. */
  get unansweredMs(): number {
    return this.#failingSinceMs === null ? 0 : this.#clock.monotonicMs() - this.#failingSinceMs
  }

  /** `inner`, seen. */
  watch(inner: Transport): Transport {
    return {
      portable: async () => (await inner.portable?.()) ?? null,
      send: async (address, lane, request) => {
        try {
          const answer = await inner.send(address, lane, request)
          this.#answered()
          return answer
        } catch (error) {
          this.#failed(error)
          throw error
        }
      },
      close: () => {
        this.#cancel()
        this.#told = true
        return inner.close()
      },
    }
  }

  #answered(): void {
    if (this.#failingSinceMs === null) return
    const outageMs = this.unansweredMs
    this.#failingSinceMs = null
    this.#cancel()
    if (this.#told) this.onRecovery(outageMs)
    this.#told = false
  }

  #failed(error: unknown): void {
    if (this.#failingSinceMs !== null || this.#told) return
    this.#failingSinceMs = this.#clock.monotonicMs()
    this.#cancel = this.#clock.setTimer(OUTAGE_MS, () => {
      this.#told = true
      this.onOutage(error)
    })
  }
}
