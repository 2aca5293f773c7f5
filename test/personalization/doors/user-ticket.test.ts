import { createHmac } from 'node:crypto'
import t from 'tap'
import { redeemUserTicket, userTicket } from '../../../lib/personalization/doors/user-ticket.js'

const NOW_MS = 1_800_000_000_500
const SECRET = 'a secret of the site'

const make = (userId: string, validFor: string | number = '1m') =>
  userTicket(userId, { secret: SECRET, validFor, nowMs: NOW_MS })
const redeem = (ticket: string, nowMs = NOW_MS) => redeemUserTicket(ticket, SECRET, nowMs)

/** As docs/doors.md describes it. */
function signed(body: string): string {
  return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`
}
const encoded = (user: string) => Buffer.from(user).toString('base64url')

t.test('is valid for its user until it expires, as often as it is sent', async (t) => {
  for (const user of ['ada', 'Zoë, 2nd', 'a.b.c', '用户', 'x'.repeat(80)]) {
    const ticket = make(user)
    t.same(redeem(ticket), { userId: user, expiresMs: 1_800_000_060_000 })
    t.same(redeem(ticket, NOW_MS + 59_499), { userId: user, expiresMs: 1_800_000_060_000 })
    t.same(redeem(ticket, NOW_MS + 59_500), { refused: 'expired' })
    t.match(ticket, /^[\w.-]+$/, 'fits into an address and a header')
  }
})

t.test('is what the documentation says', async (t) => {
  t.equal(make('ada'), signed(`v1.${encoded('ada')}.1800000060`))
  t.same(redeem(signed(`v1.${encoded('ada')}.1800000060`)), { userId: 'ada', expiresMs: 1_800_000_060_000 })
})

t.test('cannot be changed', async (t) => {
  const [version, user, expiry, signature] = make('ada').split('.') as [string, string, string, string]
  const forged = [
    [version, encoded('bob'), expiry, signature],
    [version, user, String(Number(expiry) + 1), signature],
    [version, user, expiry, signature.slice(0, -2)],
    [version, user, expiry, ''],
    [version, user, expiry, make('bob').split('.')[3]],
  ]
  for (const parts of forged) t.same(redeem(parts.join('.')), { refused: 'forged' }, parts.join('.'))
  t.same(redeemUserTicket(make('ada'), 'another secret', NOW_MS), { refused: 'forged' })
})

t.test('what is wrong although the signature is right', async (t) => {
  const rows: [body: string, refused: string][] = [
    [`v1.${encoded('ada')}.1800000060500`, 'malformed'],
    [`v1.${encoded('ada')}.999999999999`, 'valid for more than 31 days'],
    [`v1.${encoded('ada')}.soon`, 'malformed'],
    [`v1.${encoded('ada')}`, 'malformed'],
    [`v1.${encoded('ada')}.1800000060.more`, 'malformed'],
    [`v1.${encoded('')}.1800000060`, 'malformed'],
    [`v1.${encoded('anonymous:x')}.1800000060`, 'malformed'],
    [`v1.${encoded('a\nb')}.1800000060`, 'malformed'],
    [`v1.${encoded('x'.repeat(500))}.1800000060`, 'malformed'],
  ]
  for (const [body, refused] of rows) t.same(redeem(signed(body)), { refused }, body.slice(0, 40))
  for (const text of ['', 'x', 'v2.a.b.c', 'l2x.nonce.user.signature']) t.equal(redeem(text), null, text)
})

t.test('what no ticket is made for', async (t) => {
  for (const user of ['', 'anonymous:x', 'a\nb', 'x'.repeat(81)]) {
    t.throws(() => make(user), { code: 'TICKET_OPTIONS_INVALID' }, user)
  }
  for (const validFor of ['0s', '999ms', '32d', 'long', -1, Number.NaN]) {
    t.throws(() => make('ada', validFor), { code: 'TICKET_OPTIONS_INVALID' }, String(validFor))
  }
  t.throws(() => userTicket('ada', { secret: '', validFor: '1m' }), { code: 'TICKET_OPTIONS_INVALID' })
  t.match(redeemUserTicket(userTicket('ada', { secret: 's', validFor: '31d' }), 's', Date.now()), { userId: 'ada' })
})
