/** Tickets that the embedding site signs itself, for one user until a time; docs/doors.md describes the format for other languages. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { systemClock } from '../../index.js'
import { type Duration, duration } from '../config/duration.js'
import { ServiceError } from '../errors.js'
import { type Rejected, userIdProblem } from './ticket.js'

/** Options of {@link userTicket}. */
export interface UserTicketOptions {
  /** The value of MILLRACE_TICKET_SECRET, or `ticketSecret` of the server. */
  readonly secret: string
  /** How long the ticket is valid: milliseconds, or text such as `'10m'`. From one second to 31 days. */
  readonly validFor: Duration
  /** The present, epoch milliseconds. Default: the clock of the machine. */
  readonly nowMs?: number
}

/** A ticket that was checked. */
export interface ValidTicket {
  readonly userId: string
  readonly expiresMs: number
}

const VERSION = 'v1'
const MAX_VALID_SECONDS = 31 * 24 * 3600
const MAX_LENGTH = 512

/**
 * A ticket for a user whom your site has logged in. Send it to the user's browser, which sends it to the service.
 * @throws ServiceError TICKET_OPTIONS_INVALID
 */
export function userTicket(userId: string, options: UserTicketOptions): string {
  const problem = userIdProblem(userId)
  if (problem !== null) throw new ServiceError('TICKET_OPTIONS_INVALID', problem)
  const { secret, validFor, nowMs = systemClock.now() } = options
  if (secret === '') throw new ServiceError('TICKET_OPTIONS_INVALID', 'secret is empty')
  const validMs = duration(validFor)
  if (validMs === undefined || validMs < 1_000 || validMs > MAX_VALID_SECONDS * 1_000) {
    throw new ServiceError('TICKET_OPTIONS_INVALID', 'validFor is not between 1s and 31d')
  }
  const body = `${VERSION}.${Buffer.from(userId).toString('base64url')}.${Math.floor((nowMs + validMs) / 1_000)}`
  return `${body}.${signature(secret, body).toString('base64url')}`
}

/** Null if the text is not a ticket of this kind. */
export function redeemUserTicket(ticket: string, secret: string, nowMs: number): Rejected | ValidTicket | null {
  if (!ticket.startsWith(`${VERSION}.`)) return null
  const bodyEnd = ticket.lastIndexOf('.')
  const body = ticket.slice(0, bodyEnd)
  const [, user = '', expiry = '', ...more] = body.split('.')
  if (ticket.length > MAX_LENGTH || more.length > 0 || !/^\d{1,12}$/.test(expiry)) return { refused: 'malformed' }
  const given = Buffer.from(ticket.slice(bodyEnd + 1), 'base64url')
  const right = signature(secret, body)
  if (given.length !== right.length || !timingSafeEqual(given, right)) return { refused: 'forged' }
  const leftSeconds = Number(expiry) - nowMs / 1_000
  if (leftSeconds <= 0) return { refused: 'expired' }
  // Milliseconds in place of seconds would be valid for thousands of years.
  if (leftSeconds > MAX_VALID_SECONDS) return { refused: 'valid for more than 31 days' }
  const userId = Buffer.from(user, 'base64url').toString()
  return userIdProblem(userId) === null ? { userId, expiresMs: Number(expiry) * 1_000 } : { refused: 'malformed' }
}

function signature(secret: string, body: string): Buffer {
  return createHmac('sha256', secret).update(body).digest()
}
