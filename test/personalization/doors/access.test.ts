/** Who may, from outside: with what a request is accepted. `errors.test.ts` has with what it is rejected. */
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import type { HttpOptions } from '../../../lib/personalization/doors/server.js'
import { userTicket } from '../../../lib/personalization/doors/user-ticket.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { type OpenDoors, openDoors, post, TICKET_SECRET } from './provocation.js'

const CLICK = { id: 'click-0001', user: 'ada', session: 'page-1', type: 'view', itemId: 'p-001' }
const RESUME = JSON.stringify({ type: 'resume', position: null, have: [] })

const ticket = userTicket('ada', { secret: TICKET_SECRET, validFor: '1m' })
const bearer = { authorization: `Bearer ${ticket}` }
const site: Partial<HttpOptions> = {
  authenticate: ({ headers }) => /(?:^|; )session=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? null,
}

/** The user whom the service greets. */
function greeted({ address }: OpenDoors, query: string, headers: Record<string, string> = {}): Promise<unknown> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/live${query}`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => socket.send(RESUME))
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { type: string; userId?: string }
      if (frame.type !== 'hello') return
      resolve(frame.userId)
      socket.terminate()
    })
  })
}

t.test('who may write', async (t) => {
  const rows: [what: string, options: Partial<HttpOptions>, headers: Record<string, string>][] = [
    ['a ticket of the user', { demoLogin: false }, bearer],
    ['the name of the scheme in small letters', { demoLogin: false }, { authorization: `bearer ${ticket}` }],
    ['whom the site has logged in', site, { cookie: 'a=b; session=ada' }],
    ['a ticket beside another login of the site', site, { cookie: 'session=bob', ...bearer }],
    ['a write key', { demoLogin: false, writeKeys: ['k1', 'k2'] }, { authorization: `Basic ${btoa('k2:')}` }],
    ['the server key', { demoLogin: false, serverKey: 'server' }, { authorization: 'Bearer server' }],
    ['anyone in a demonstration', {}, {}],
    ['anyone in a demonstration of a site', { ...site, demoLogin: true }, {}],
  ]
  for (const [what, options, headers] of rows) {
    await t.test(what, async (t) => {
      const { address, topic } = await openDoors(t, options)
      t.equal((await post(`${address}/api/activity`, CLICK, headers)).status, 202)
      t.equal(topic.produced[0]?.userId, 'ada')
    })
  }
})

t.test('who may connect', async (t) => {
  const oneTime = async ({ address }: OpenDoors, headers: Record<string, string>) => {
    const answer = await post(`${address}/tickets`, { user: 'ada' }, headers)
    return `?ticket=${((await answer.json()) as { ticket: string }).ticket}`
  }
  const rows: [string, Partial<HttpOptions>, (doors: OpenDoors) => Promise<unknown>][] = [
    ['a ticket of the site', { demoLogin: false }, (doors) => greeted(doors, `?ticket=${ticket}`)],
    ['a ticket in the header', { demoLogin: false }, (doors) => greeted(doors, '', bearer)],
    ['whom the site has logged in', site, (doors) => greeted(doors, '', { cookie: 'session=ada' })],
    ['its one-time ticket', site, async (doors) => greeted(doors, await oneTime(doors, { cookie: 'session=ada' }))],
    [
      'a one-time ticket for a ticket',
      { demoLogin: false },
      async (doors) => greeted(doors, await oneTime(doors, bearer)),
    ],
    [
      'a one-time ticket for the server key',
      { demoLogin: false, serverKey: 'server' },
      async (doors) => greeted(doors, await oneTime(doors, { authorization: 'Bearer server' })),
    ],
    ['anyone in a demonstration', {}, async (doors) => greeted(doors, await oneTime(doors, {}))],
  ]
  for (const [what, options, connect] of rows) {
    await t.test(what, async (t) => t.equal(await connect(await openDoors(t, options)), 'ada'))
  }
})

t.test('demo login is on by default only for the simulated shop without a login of the site', async (t) => {
  const rows: [simulated: boolean, options: Partial<HttpOptions>, status: number][] = [
    [true, {}, 201],
    [false, {}, 403],
    [false, { demoLogin: true }, 201],
    [true, { demoLogin: false }, 403],
    [true, { authenticate: () => null }, 403],
  ]
  for (const [simulated, options, status] of rows) {
    const { address } = await openDoors(t, options, { simulated })
    t.equal((await post(`${address}/tickets`, { user: 'ada' })).status, status)
    const { input } = (await (await fetch(`${address}/api/catalogue`)).json()) as { input: object }
    t.match(input, { demoLogin: status === 201 })
  }
})

t.test('the page and the figures are open to all, whatever the limits', async (t) => {
  const { address } = await openDoors(t, { demoLogin: false, ratePerAddress: 1 })
  for (const path of ['/', '/main.js', '/health', '/metrics.json', '/api/catalogue']) {
    for (let i = 0; i < 3; i++) {
      t.equal((await fetch(address + path, { headers: { origin: 'https://elsewhere.example' } })).status, 200, path)
    }
  }
})

t.test('a rate that was too high is right again after retry-after', async (t) => {
  const clock = new ManualClock(1_800_000_000_000)
  const { address, topic } = await openDoors(t, { clock, ratePerUser: 2 })
  const click = (user: string) => post(`${address}/api/activity`, { ...CLICK, user })
  for (let i = 0; i < 4; i++) t.equal((await click('ada')).status, 202)
  const rejected = await click('ada')
  t.equal(rejected.status, 429)
  t.equal((await click('bob')).status, 202, 'of this user only')
  clock.advance(Number(rejected.headers.get('retry-after')) * 1_000)
  t.equal((await click('ada')).status, 202)
  t.equal(topic.produced.length, 6)
})

t.test('0 is no limit', async (t) => {
  const off = { ratePerAddress: 0, ratePerKey: 0, ratePerUser: 0 }
  const { address } = await openDoors(t, { clock: new ManualClock(1_800_000_000_000), ...off })
  const all = await Promise.all(Array.from({ length: 300 }, () => post(`${address}/api/activity`, CLICK)))
  t.ok(all.every(({ status }) => status === 202))
})

t.test('an idle or a forged proxy header changes nothing; a trusted one says who the client is', async (t) => {
  const statuses = async (t: Test, options: Partial<HttpOptions>, forwarded: readonly string[]) => {
    const clock = new ManualClock(1_800_000_000_000)
    const { address } = await openDoors(t, { clock, ratePerAddress: 0.5, ...options })
    const found: number[] = []
    for (const value of forwarded) {
      const headers = { 'x-forwarded-for': value }
      found.push((await post(`${address}/tickets`, { user: 'ada' }, headers)).status)
    }
    return found
  }
  const two = ['203.0.113.7', '203.0.113.8', '203.0.113.7']
  t.same(await statuses(t, {}, two), [201, 429, 429], 'no proxy is trusted')
  t.same(await statuses(t, { trustProxy: 1 }, two), [201, 201, 429])
  t.same(await statuses(t, { trustProxy: ['loopback'] }, two), [201, 201, 429])
  t.same(await statuses(t, { trustProxy: ['10.0.0.0/8'] }, two), [201, 429, 429], 'another proxy is trusted')
  const claimed = ['1.1.1.1, 203.0.113.7', '2.2.2.2, 203.0.113.7']
  t.same(await statuses(t, { trustProxy: 1 }, claimed), [201, 429], 'what the client claims itself is not believed')
  const chain = ['203.0.113.7, 198.51.100.1', '203.0.113.8, 198.51.100.1']
  t.same(await statuses(t, { trustProxy: 2 }, chain), [201, 201], 'two proxies')
})

t.test('behind a trusted proxy the page has the origin that the browser sees', async (t) => {
  const headers = { origin: 'https://shop.example', 'x-forwarded-host': 'shop.example' }
  const trusting = await openDoors(t, { trustProxy: 1 })
  t.equal((await post(`${trusting.address}/tickets`, { user: 'ada' }, headers)).status, 201)
  const other = await openDoors(t)
  t.equal((await post(`${other.address}/tickets`, { user: 'ada' }, headers)).status, 403)
})

t.test('pages of allowed origins', async (t) => {
  const origins = ['https://shop.example', 'http://localhost:5173']
  const { address } = await openDoors(t, { origins })
  for (const origin of origins) {
    const preflight = await fetch(`${address}/api/activity`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    t.equal(preflight.status, 204)
    t.equal(preflight.headers.get('access-control-allow-origin'), origin)
    t.equal(preflight.headers.get('access-control-allow-credentials'), 'true')
    t.equal(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, POST, PUT, DELETE')
    t.match(preflight.headers.get('access-control-allow-headers'), /authorization/)
    const accepted = await post(`${address}/api/activity`, CLICK, { origin })
    t.equal(accepted.status, 202)
    t.equal(accepted.headers.get('access-control-allow-origin'), origin)
    t.match(accepted.headers.get('vary'), /origin/i)
    const rejected = await post(`${address}/api/activity`, {}, { origin })
    t.equal(rejected.headers.get('access-control-allow-origin'), origin, 'the page can read the error')
    t.match(rejected.headers.get('access-control-expose-headers'), /retry-after/)
  }
  const foreign = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' }
  const preflight = await fetch(`${address}/api/activity`, { method: 'OPTIONS', headers: foreign })
  t.equal(preflight.headers.get('access-control-allow-origin'), null)
})

t.test('a ticket that was valid is not valid any more once it has expired', async (t) => {
  const clock = new ManualClock(1_800_000_000_000)
  const { address } = await openDoors(t, { clock, demoLogin: false })
  const minute = userTicket('ada', { secret: TICKET_SECRET, validFor: '1m', nowMs: clock.now() })
  const click = () => post(`${address}/api/activity`, CLICK, { authorization: `Bearer ${minute}` })
  t.equal((await click()).status, 202)
  clock.advance(59_999)
  t.equal((await click()).status, 202)
  clock.advance(1)
  t.equal((await click()).status, 401)
})
