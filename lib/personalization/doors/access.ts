/** Who may: the checks that doors ask for, each an error of `errors.ts` if the answer is no. */
import type { FastifyRequest } from 'fastify'
import { DoorError } from './errors.js'
import type { Tickets } from './ticket.js'

export interface AccessOptions {
  readonly tickets: Tickets
  /** Origins, as `https://shop.example`, besides the page's own. */
  readonly origins: readonly string[]
}

export class Access {
  readonly #options: AccessOptions

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /**
   * The page's own origin and those allowed. A client without an origin is not a browser.
   * @throws DoorError ORIGIN_NOT_ALLOWED
   */
  checkOrigin(request: FastifyRequest): void {
    const { origin, host } = request.headers
    if (origin === undefined || this.#options.origins.includes(origin)) return
    if (URL.canParse(origin) && new URL(origin).host === host) return
    throw new DoorError('ORIGIN_NOT_ALLOWED', 'the origin of the page is not allowed')
  }

  /** A ticket for one connection of the user. */
  issueTicket(userId: string): string {
    return this.#options.tickets.issue(userId)
  }

  /** The user whose ticket a connection brings. @throws DoorError TICKET_INVALID */
  userOfTicket(ticket: string): string {
    const redeemed = this.#options.tickets.redeem(ticket)
    if ('userId' in redeemed) return redeemed.userId
    throw new DoorError('TICKET_INVALID', `ticket ${redeemed.refused}`)
  }
}
