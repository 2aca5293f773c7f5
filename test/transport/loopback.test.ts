import t from 'tap'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import type { WireRequest } from '../../lib/transport/transport.js'
import { jumpingClock } from '../client/jumping-clock.js'

const ADDRESS = { host: 'h', port: 9 }

function request(options: Partial<WireRequest> = {}): WireRequest {
  return {
    apiKey: 3,
    apiVersion: 12,
    body: Buffer.from('body'),
    flexibleRequest: true,
    flexibleResponse: true,
    timeoutMs: 1_000,
    ...options,
  }
}

type Handle = (frame: Buffer) => Promise<Buffer | null>

function transportTo(handle: Handle) {
  let opened = 0
  let closed = 0
  const transport = loopbackTransport({
    clock: jumpingClock(),
    clientId: 'me',
    connect: () => {
      opened++
      return { handle, close: () => closed++ }
    },
  })
  return { transport, counts: () => ({ opened, closed }) }
}

const echo: Handle = async (frame) => Buffer.concat([frame.subarray(4, 8), Buffer.from([0]), Buffer.from('answer')])

t.test('the frame: request header v2, client id, body', async (t) => {
  let frame: Buffer = Buffer.alloc(0)
  const { transport } = transportTo((bytes) => {
    frame = bytes
    return echo(bytes)
  })
  t.equal(String(await transport.send(ADDRESS, 'admin', request())), 'answer')
  t.equal(
    frame.toString('hex'),
    `0003000c000000010002${Buffer.from('me').toString('hex')}00${Buffer.from('body').toString('hex')}`,
  )
})

t.test('the frame: request header v1 has no tagged fields; response header v0 neither', async (t) => {
  let frame: Buffer = Buffer.alloc(0)
  const { transport } = transportTo(async (bytes) => {
    frame = bytes
    return Buffer.concat([bytes.subarray(4, 8), Buffer.from('answer')])
  })
  const answer = await transport.send(ADDRESS, 'admin', request({ flexibleRequest: false, flexibleResponse: false }))
  t.equal(String(answer), 'answer')
  t.equal(frame.toString('hex'), `0003000c000000010002${Buffer.from('mebody').toString('hex')}`)
})

t.test('one connection per lane and address, requests in call order', async (t) => {
  const seen: string[] = []
  const { transport, counts } = transportTo((frame) => {
    seen.push(String(frame.subarray(13)))
    return echo(frame)
  })
  const bodies = ['a', 'b', 'c', 'd']
  await Promise.all(bodies.map((body) => transport.send(ADDRESS, 'fetch', request({ body: Buffer.from(body) }))))
  t.strictSame(seen, bodies)
  t.equal(counts().opened, 1)
  await transport.send(ADDRESS, 'produce', request())
  await transport.send({ host: 'h', port: 10 }, 'fetch', request())
  t.equal(counts().opened, 3)
})

t.test('a timeout closes the connection, fails what else is on it, and the next call opens a new one', async (t) => {
  let silent = true
  const { transport, counts } = transportTo((frame) => (silent ? new Promise(() => undefined) : echo(frame)))
  const slow = transport.send(ADDRESS, 'fetch', request({ timeoutMs: 5_000 }))
  const timedOut = transport.send(ADDRESS, 'fetch', request({ timeoutMs: 100 }))
  await t.rejects(timedOut, {
    code: 'TRANSPORT_TIMEOUT',
    retriable: true,
    message: /request 3 v12 on lane "fetch" within 100 ms/,
  })
  await t.rejects(slow, { code: 'TRANSPORT_CLOSED' })
  t.strictSame(counts(), { opened: 1, closed: 1 })
  silent = false
  t.equal(String(await transport.send(ADDRESS, 'fetch', request())), 'answer')
  t.equal(counts().opened, 2)
})

t.test('nobody listening, a peer that hangs up, an answer to another question', async (t) => {
  const nobody = loopbackTransport({
    clock: jumpingClock(),
    clientId: 'me',
    connect: () => {
      throw new Error('refused')
    },
  })
  await t.rejects(nobody.send(ADDRESS, 'admin', request()), { code: 'TRANSPORT_UNREACHABLE', message: /h:9/ })
  const hangsUp = transportTo(async () => null)
  await t.rejects(hangsUp.transport.send(ADDRESS, 'admin', request()), { code: 'TRANSPORT_CLOSED' })
  const confused = transportTo(async () => Buffer.from('ffffffff00', 'hex'))
  await t.rejects(confused.transport.send(ADDRESS, 'admin', request()), { code: 'TRANSPORT_CLOSED' })
  t.equal(confused.counts().closed, 1)
})

t.test('a request without response resolves with nothing', async (t) => {
  const { transport } = transportTo(async () => null)
  t.equal((await transport.send(ADDRESS, 'produce', request({ noResponse: true }))).length, 0)
})

t.test('close fails what is under way and everything after', async (t) => {
  const { transport, counts } = transportTo(() => new Promise(() => undefined))
  const waiting = transport.send(ADDRESS, 'fetch', request({ timeoutMs: 1e9 }))
  await new Promise((resolve) => setImmediate(resolve))
  const rejected = t.rejects(waiting, { code: 'TRANSPORT_CLOSED' })
  await transport.close()
  await rejected
  await t.rejects(transport.send(ADDRESS, 'fetch', request()), { code: 'TRANSPORT_CLOSED' })
  t.equal(counts().closed, 1)
})
