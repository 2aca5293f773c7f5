/** The keys and secrets of the server, checked before it opens: what nobody could send, and what somebody could guess. */
import { MillraceError } from '../../index.js'

/** As {@link HttpOptions} has them. */
export interface ServerKeys {
  readonly ticketSecret: string
  readonly writeKeys: readonly string[]
  readonly serverKey: string | null
  readonly adminToken: string | null
  readonly demoLogin: boolean
}

/** Fewer bytes can be found by trying. */
const LEAST_SECRET_BYTES = 16
/** Basic auth ends the name at a colon. */
const WRITE_KEY = /^[^\s:\p{Cc}]+$/u
const BEARER = /^[^\s\p{Cc}]+$/u

/** @throws MillraceError CONFIG_INVALID; its message contains no key */
export function checkKeys({ ticketSecret, writeKeys, serverKey, adminToken, demoLogin }: ServerKeys): void {
  const bytes = Buffer.byteLength(ticketSecret)
  // In a demonstration nobody has to forge a ticket.
  if (!demoLogin && bytes < LEAST_SECRET_BYTES) {
    const found = `ticketSecret (MILLRACE_TICKET_SECRET) has ${bytes} bytes, so tickets could be forged`
    throw invalid(`${found}: use 32 random bytes, at least ${LEAST_SECRET_BYTES}`)
  }
  writeKeys.forEach((key, i) => {
    if (WRITE_KEY.test(key)) return
    throw invalid(`write key ${i + 1} is empty, or has a colon, a space or a control character: choose another`)
  })
  const others = [
    ['serverKey (MILLRACE_SERVER_KEY)', serverKey],
    ['adminToken (MILLRACE_ADMIN_TOKEN)', adminToken],
  ] as const
  for (const [name, key] of others) {
    if (key === null) continue
    if (!BEARER.test(key)) throw invalid(`${name} is empty, or has a space or a control character: choose another`)
    if (writeKeys.includes(key)) throw invalid(`${name} is a write key too, and these are public: choose another`)
  }
  if (serverKey !== null && serverKey === adminToken) {
    throw invalid('serverKey (MILLRACE_SERVER_KEY) and adminToken (MILLRACE_ADMIN_TOKEN) are equal: choose another')
  }
}

function invalid(message: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', message)
}
