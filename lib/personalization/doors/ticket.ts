/** One-time tickets for the WebSocket: for one user, valid for 30 seconds, checked without asking another instance. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock, Random } from '../../index.js'
import { ANONYMOUS } from '../records/activity.js'

/** How long a ticket is good, in milliseconds. */
export const TICKET_LIFETIME_MS = 30_000

export interface TicketOptions {
  /**
   * What signs the tickets. The same on all instances behind one address, because the request for a ticket and the
   * WebSocket that brings it may reach different ones.
   */
  readonly secret: string
  readonly clock: Clock
  readonly random: Random
}

export type Redeemed = { readonly userId: string } | Rejected

/** Why a ticket is not valid. */
export interface Rejected {
  readonly refused: 'malformed' | 'forged' | 'expired' | 'used already' | 'valid for more than 31 days'
}

/** Longest user id, as `activityProblem` has it. */
const MAX_USER_BYTES = 80
const CONTROL = /\p{Cc}/u

/** Why a user id is not one; null where it is. An `anonymous:` key belongs to a session, nobody may claim it. */
export function userIdProblem(userId: string): string | null {
  if (userId === '') return 'user is empty'
  if (Buffer.byteLength(userId) > MAX_USER_BYTES) return `user longer than ${MAX_USER_BYTES} bytes`
  if (CONTROL.test(userId)) return 'user with control characters'
  return userId.startsWith(ANONYMOUS) ? 'user with the prefix of anonymous visitors' : null
}

/**
 * A ticket is `expiry.nonce.user.signature`. Nothing is kept of a ticket until it comes back; then its nonce is, until it
 * would have expired, so that each instance takes it once.
 */
export class Tickets {
  readonly #options: TicketOptions
  /** Nonces taken → when they expire, in the order they came. */
  readonly #used = new Map<string, number>()

  constructor(options: TicketOptions) {
    this.#options = options
  }

  issue(userId: string): string {
    const { clock, random } = this.#options
    const expiresMs = clock.now() + TICKET_LIFETIME_MS
    const nonce = random.bytes(16).toString('base64url')
    const body = `${expiresMs.toString(36)}.${nonce}.${Buffer.from(userId).toString('base64url')}`
    return `${body}.${this.#sign(body).toString('base64url')}`
  }

  /** The user the ticket was issued to, once. */
  redeem(ticket: string): Redeemed {
    const parts = ticket.split('.')
    if (parts.length !== 4 || ticket.length > 512) return { refused: 'malformed' }
    const [expiry, nonce, user, signature] = parts as [string, string, string, string]
    const given = Buffer.from(signature, 'base64url')
    const right = this.#sign(`${expiry}.${nonce}.${user}`)
    if (given.length !== right.length || !timingSafeEqual(given, right)) return { refused: 'forged' }
    const nowMs = this.#options.clock.now()
    const expiresMs = Number.parseInt(expiry, 36)
    this.#forgetExpired(nowMs)
    if (nowMs >= expiresMs) return { refused: 'expired' }
    if (this.#used.has(nonce)) return { refused: 'used already' }
    this.#used.set(nonce, expiresMs)
    return { userId: Buffer.from(user, 'base64url').toString() }
  }

  #sign(body: string): Buffer {
    return createHmac('sha256', this.#options.secret).update(body).digest()
  }

  /** All are good for the same time, but not taken in the order issued: what is left behind goes a little later. */
  #forgetExpired(nowMs: number): void {
    for (const [nonce, expiresMs] of this.#used) {
      if (expiresMs > nowMs) return
      this.#used.delete(nonce)
    }
  }
}
