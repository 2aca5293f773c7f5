/** Counts the open connections of each user and address, and says when there are too many. */
import { DoorError } from './errors.js'

export interface ConnectionLimits {
  readonly perUser: number
  readonly perAddress: number
}

/** When a connection that was rejected may be tried again. */
const RETRY_SECONDS = 5

export class Connections {
  readonly #limits: ConnectionLimits
  readonly #perUser = new Map<string, number>()
  readonly #perAddress = new Map<string, number>()

  constructor(limits: ConnectionLimits) {
    this.#limits = limits
  }

  /** Counts a connection. Call the returned function when it has closed. @throws DoorError CONNECTIONS_EXCEEDED */
  open(userId: string, address: string): () => void {
    check(this.#perAddress.get(address), this.#limits.perAddress, 'from this address')
    check(this.#perUser.get(userId), this.#limits.perUser, 'of this user')
    add(this.#perUser, userId, 1)
    add(this.#perAddress, address, 1)
    let closed = false
    return () => {
      if (closed) return
      closed = true
      add(this.#perUser, userId, -1)
      add(this.#perAddress, address, -1)
    }
  }
}

function check(count: number | undefined, limit: number, whose: string): void {
  if ((count ?? 0) < limit) return
  throw new DoorError('CONNECTIONS_EXCEEDED', `too many connections ${whose}`, { retryAfterSeconds: RETRY_SECONDS })
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count <= 0) counts.delete(key)
  else counts.set(key, count)
}
