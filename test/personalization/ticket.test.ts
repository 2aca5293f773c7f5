import t from 'tap'
import { TICKET_LIFETIME_MS, Tickets, userIdProblem } from '../../lib/personalization/doors/ticket.js'
import { seededRandom } from '../../lib/record/random.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

const START_MS = 1_800_000_000_000

function tickets(clock = new ManualClock(START_MS), secret = 'one secret', seed = 'a') {
  return new Tickets({ secret, clock, random: seededRandom(seed) })
}

t.test('a ticket is good once', async (t) => {
  const desk = tickets()
  for (const user of ['ada', 'Zoë, 2nd', 'a.b.c', '用户']) {
    const ticket = desk.issue(user)
    t.same(desk.redeem(ticket), { userId: user })
    t.same(desk.redeem(ticket), { refused: 'used already' })
  }
})

t.test('a ticket of one instance is good at another that shares the secret, at no other', async (t) => {
  const ticket = tickets().issue('ada')
  t.same(tickets(undefined, 'one secret', 'b').redeem(ticket), { userId: 'ada' })
  t.same(tickets(undefined, 'another secret').redeem(ticket), { refused: 'forged' })
})

t.test('a ticket lives 30 seconds, and its nonce is remembered no longer', async (t) => {
  const clock = new ManualClock(START_MS)
  const desk = tickets(clock)
  const [used, late] = [desk.issue('ada'), desk.issue('ada')]
  clock.advance(TICKET_LIFETIME_MS - 1)
  t.same(desk.redeem(used), { userId: 'ada' })
  clock.advance(1)
  t.same(desk.redeem(late), { refused: 'expired' })
  t.same(desk.redeem(used), { refused: 'expired' })
})

t.test('nothing of a ticket can be changed', async (t) => {
  const desk = tickets()
  const parts = desk.issue('ada').split('.')
  const other = desk.issue('bob').split('.')
  for (let i = 0; i < 4; i++) {
    const mixed = parts.map((part, j) => (j === i ? other[j]! : part))
    if (mixed[i] === parts[i]) continue
    t.same(desk.redeem(mixed.join('.')), { refused: 'forged' }, `part ${i}`)
  }
  for (const text of ['', 'a', 'a.b.c', 'a.b.c.d.e', `${'x'.repeat(600)}.a.b.c`]) {
    t.match(desk.redeem(text), { refused: 'malformed' }, text.slice(0, 10))
  }
  t.same(desk.redeem(parts.join('.')), { userId: 'ada' }, 'the right one still works')
})

t.test('what is no user id', async (t) => {
  const rows: [string, RegExp | null][] = [
    ['ada', null],
    ['', /empty/],
    ['x'.repeat(80), null],
    ['x'.repeat(81), /longer/],
    ['ü'.repeat(41), /longer/],
    ['a\nb', /control/],
    ['anonymous:s-1', /anonymous/],
  ]
  for (const [user, problem] of rows) {
    const said = userIdProblem(user)
    if (problem === null) t.equal(said, null)
    else t.match(said, problem)
  }
})
