/** Counts the open connections, also of each user and address, and rejects one too many. */
import { DoorError } from '../errors.js'
import { addressGroup } from './address-group.js'
import type { DoorLimits } from './door-limits.js'

/** When a connection that was rejected may be tried again. */
const RETRY_SECONDS = 5

export class Connections {
  readonly #limits: DoorLimits
  readonly #perUser = new Map<string, number>()
  readonly #perAddress = new Map<string, number>()
  #inAll = 0

  constructor(limits: DoorLimits) {
    this.#limits = limits
  }

  /** Counts a connection. Call the returned function when it has closed. @throws DoorError CONNECTIONS_EXCEEDED */
  open(userId: string, address: string): () => void {
    const { maxConnections, maxConnectionsPerAddress, maxConnectionsPerUser } = this.#limits
    const group = addressGroup(address)
    check(this.#inAll, maxConnections, 'to this instance (--max-connections)')
    check(this.#perAddress.get(group), maxConnectionsPerAddress, 'from this address (--max-connections-per-address)')
    check(this.#perUser.get(userId), maxConnectionsPerUser, 'of this user (--max-connections-per-user)')
    this.#add(userId, group, 1)
    let isOpen = true
    return () => {
      if (isOpen) this.#add(userId, group, -1)
      isOpen = false
    }
  }

  #add(userId: string, group: string, change: number): void {
    this.#inAll += change
    add(this.#perUser, userId, change)
    add(this.#perAddress, group, change)
  }
}

function check(count: number | undefined, limit: number, whose: string): void {
  if (limit === 0 || (count ?? 0) < limit) return
  throw new DoorError('CONNECTIONS_EXCEEDED', `too many connections ${whose}`, { retryAfterSeconds: RETRY_SECONDS })
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count <= 0) counts.delete(key)
  else counts.set(key, count)
}
