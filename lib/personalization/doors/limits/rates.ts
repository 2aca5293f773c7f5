/** How often a write key, a user and an address may come: events a second for the first two, requests a second for the last. */
import type { Clock } from '../../../index.js'
import { DoorError } from '../errors.js'
import type { DoorLimits } from './door-limits.js'
import { TokenBuckets } from './token-buckets.js'

/** Ids whose rate is known, of each kind. */
const MAX_IDS = 20_000

export class Rates {
  readonly #keys: TokenBuckets | null
  readonly #users: TokenBuckets | null
  readonly #addresses: TokenBuckets | null

  constructor(clock: Clock, { ratePerKey, ratePerUser, ratePerAddress }: DoorLimits) {
    const buckets = (perSecond: number) => (perSecond === 0 ? null : new TokenBuckets(clock, perSecond, MAX_IDS))
    this.#keys = buckets(ratePerKey)
    this.#users = buckets(ratePerUser)
    this.#addresses = buckets(ratePerAddress)
  }

  /** Before anything of a request with so many events is sent. @throws DoorError REQUEST_TOO_FREQUENT */
  chargeKey(key: string, events = 1): void {
    check(this.#keys?.take(key, events), 'events with this write key', '--rate-key')
  }

  /** Before anything of a request with so many events of the user is sent. @throws DoorError REQUEST_TOO_FREQUENT */
  chargeUser(userId: string, events = 1): void {
    check(this.#users?.take(userId, events), 'events of this user', '--rate-user')
  }

  /** Once a request, before it is read. @throws DoorError REQUEST_TOO_FREQUENT */
  chargeAddress(group: string): void {
    check(this.#addresses?.take(group), 'requests from this address', '--rate-address')
  }
}

function check(waitSeconds: number | undefined, what: string, flag: string): void {
  if (waitSeconds === undefined || waitSeconds === 0) return
  const details = { retryAfterSeconds: waitSeconds }
  throw new DoorError('REQUEST_TOO_FREQUENT', `too many ${what} (${flag})`, details)
}
