import { connect, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { HttpPoster } from '../../../../lib/personalization/doors/webhooks/post.js'
import { webhookSettings } from '../../../../lib/personalization/doors/webhooks/webhook-settings.js'
import { systemClock } from '../../../../lib/record/clock.js'
import { ManualClock } from '../../../../lib/testing/manual-clock.js'
import { type Answer, receiver, status } from './receiver.js'

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const MESSAGE = { headers: { 'content-type': 'application/json', 'webhook-id': 'x' }, body: '{"a":"ü"}' }
const never = new AbortController().signal

function posterTo(t: Test, url: string, options: object = {}, clock = systemClock): HttpPoster {
  const given = { name: 'crm', url, secret: SECRET, channels: ['push'], allowPrivateAddresses: true, ...options }
  const [settings] = webhookSettings([given], (path) => new Error(path.join('.')))
  const poster = new HttpPoster(settings!, clock)
  t.teardown(() => poster.close())
  return poster
}

t.test('answers', async (t) => {
  const big: Answer = (_received, response) => response.writeHead(200).end(Buffer.alloc(1_000_000))
  const rows: [string, Answer, object][] = [
    ['accepted', status(200), { kind: 'answered', status: 200, retryAfter: null }],
    ['no content', status(204), { kind: 'answered', status: 204 }],
    ['too many', status(429, { 'retry-after': '7' }), { kind: 'answered', status: 429, retryAfter: '7' }],
    ['gone', status(410), { kind: 'answered', status: 410 }],
    ['failed', status(500), { kind: 'answered', status: 500 }],
    ['a large answer is not read to its end', big, { kind: 'answered', status: 200 }],
    [
      'closed in the middle of the answer',
      (_received, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half', () => response.destroy())
      },
      { kind: 'failed', why: 'the answer broke off' },
    ],
    [
      'closed before the answer',
      (_received, response) => response.destroy(),
      { kind: 'failed', why: 'no answer (ECONNRESET)' },
    ],
  ]
  for (const [name, answer, expected] of rows) {
    const it = await receiver(t, answer)
    t.match(await posterTo(t, it.url).post(MESSAGE, never), expected, name)
    t.match(it.received, [
      { body: MESSAGE.body, path: '/hook', headers: { 'webhook-id': 'x', 'content-length': '10' } },
    ])
  }
})

t.test('redirects are not followed', async (t) => {
  const elsewhere = await receiver(t)
  const it = await receiver(t, status(307, { location: elsewhere.url }))
  t.match(await posterTo(t, it.url).post(MESSAGE, never), { kind: 'answered', status: 307 })
  t.equal(elsewhere.received.length, 0)
})

t.test('one time limit for everything: hanging, and an answer that drips', async (t) => {
  const hang: Answer = () => undefined
  const drip: Answer = (_received, response) => {
    response.writeHead(200)
    response.write('.')
  }
  for (const answer of [hang, drip]) {
    const it = await receiver(t, answer)
    const clock = new ManualClock(0)
    const sending = posterTo(t, it.url, { timeout: '2s' }, clock).post(MESSAGE, never)
    await it.arrived(1)
    clock.advance(2_000)
    t.same(await sending, { kind: 'failed', why: 'no answer within 2000 ms' })
  }
})

t.test('a receiver that does not take the whole request', async (t) => {
  const server = createServer((socket) => socket.once('data', () => socket.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  t.match(await posterTo(t, `http://127.0.0.1:${port}/`).post(MESSAGE, never), { kind: 'failed', why: /no answer/ })
})

t.test('nobody there, and an attempt that is given up', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  t.same(await posterTo(t, `http://127.0.0.1:${port}/`).post(MESSAGE, never), {
    kind: 'failed',
    why: 'no answer (ECONNREFUSED)',
  })
  const it = await receiver(t, () => undefined)
  const stop = new AbortController()
  const sending = posterTo(t, it.url).post(MESSAGE, stop.signal)
  await it.arrived(1)
  stop.abort()
  t.same(await sending, { kind: 'failed', why: 'the service is closing' })
  t.match(await posterTo(t, it.url).post(MESSAGE, stop.signal), { kind: 'failed' }, 'aborted before it began')
})

t.test('a name that leads to a private address is not connected to', async (t) => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  // Settings refuse `localhost` as a text; here its name is looked up like any other.
  const given = { name: 'crm', url: `http://x.example:${port}/`, secret: SECRET, channels: ['push'] }
  const [settings] = webhookSettings([given], (path) => new Error(path.join('.')))
  settings!.url.hostname = 'localhost'
  const poster = new HttpPoster(settings!, systemClock)
  t.teardown(() => poster.close())
  const refused = { kind: 'failed', why: /its address is private/ }
  t.match(await poster.post(MESSAGE, never), refused)
  for (const host of ['127.0.0.1', '[::1]']) {
    settings!.url.hostname = host
    t.match(await poster.post(MESSAGE, never), refused, host)
  }
  t.equal(connections, 0)
  await new Promise<void>((resolve) => connect(port, '127.0.0.1', resolve).resume())
  t.equal(connections, 1, 'the receiver was there')
})
