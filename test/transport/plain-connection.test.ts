import { createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import type { Transport, WireRequest } from '../../lib/transport/transport.js'

const REQUEST: WireRequest = {
  apiKey: 18,
  apiVersion: 3,
  body: Buffer.from('ask'),
  flexibleRequest: false,
  flexibleResponse: false,
  timeoutMs: 5_000,
}

/** A peer that gives each whole request to `answer`, which writes what it likes. */
async function peer(t: Test, answer: (frame: Buffer, socket: Socket) => void) {
  const server: Server = createServer((socket) => {
    let bytes = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const frame = bytes.subarray(4, 4 + bytes.readInt32BE(0))
        bytes = bytes.subarray(4 + frame.length)
        answer(frame, socket)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const transport: Transport = platformaticTransport({ clock: systemClock, clientId: 'é', connectTimeoutMs: 2_000 })
  t.teardown(async () => {
    await transport.close()
    server.close()
  })
  return (request: Partial<WireRequest> = {}) =>
    transport.send({ host: '127.0.0.1', port }, 'admin', { ...REQUEST, ...request })
}

const response = (frame: Buffer, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length, 0)
  head.writeInt32BE(frame.readInt32BE(4), 4)
  return Buffer.concat([head, body])
}

t.test('the bytes of a request: length, header, client id in UTF-8, tags where flexible, body', async (t) => {
  const seen: string[] = []
  const send = await peer(t, (frame, socket) => {
    seen.push(frame.toString('hex'))
    socket.write(response(frame, Buffer.from('yes')))
  })
  t.same(await send(), Buffer.from('yes'))
  t.same(await send({ flexibleRequest: true }), Buffer.from('yes'))
  t.same(
    seen,
    ['001200030000000100 02c3a961736b', '00120003000000020002c3a90061736b'].map((s) => s.replace(' ', '')),
  )
})

t.test('answers of many megabytes, in pieces and side by side, reach their requests in order', async (t) => {
  const bodies = [1, 3_000_000, 0, 70_000, 5].map((length, i) => Buffer.alloc(length, i + 1))
  let at = 0
  const send = await peer(t, (frame, socket) => socket.write(response(frame, bodies[at++]!)))
  const answers = await Promise.all(bodies.map(() => send()))
  t.ok(answers.every((answer, i) => answer.equals(bodies[i]!)))
})

t.test('the tagged fields of a flexible response header are skipped', async (t) => {
  const send = await peer(t, (frame, socket) => socket.write(response(frame, Buffer.from([1, 0, 1, 77, 42]))))
  t.same(await send({ flexibleResponse: true }), Buffer.from([42]))
})

t.test('a request that gets no answer resolves, and the next answer is not taken for its own', async (t) => {
  const send = await peer(t, (frame, socket) => {
    if (frame.includes('ask')) socket.write(response(frame, Buffer.from('yes')))
  })
  const [nothing, answer] = await Promise.all([send({ noResponse: true, body: Buffer.from('go') }), send()])
  t.equal(nothing.length, 0)
  t.same(answer, Buffer.from('yes'))
})

const WRONG: readonly [string, (frame: Buffer) => Buffer][] = [
  ['another correlation id', (frame) => response(Buffer.concat([frame.subarray(0, 4), Buffer.alloc(4)]), frame)],
  ['a length that cannot be', (frame) => Buffer.concat([Buffer.from([0, 0, 0, 3]), frame.subarray(4, 8)])],
  ['a negative length', (frame) => Buffer.concat([Buffer.from([255, 255, 255, 255]), frame.subarray(4, 8)])],
  ['HTTP', () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['a TLS alert', () => Buffer.from([0x15, 3, 3, 0, 2, 2, 70, 0, 0])],
]
for (const [name, bytes] of WRONG) {
  t.test(`${name}: the connection is dropped, what waits on it fails, and the next call opens another`, async (t) => {
    let spoilt = true
    const send = await peer(t, (frame, socket) => {
      socket.write(spoilt ? bytes(frame) : response(frame, Buffer.from('yes')))
      spoilt = false
    })
    const [first, second] = await Promise.allSettled([send(), send()])
    for (const outcome of [first, second]) {
      t.equal(outcome.status, 'rejected')
      t.match((outcome as PromiseRejectedResult).reason, { code: 'TRANSPORT_CLOSED', retriable: true })
      t.match((outcome as PromiseRejectedResult).reason.message, /is it a Kafka broker/)
    }
    t.same(await send(), Buffer.from('yes'))
  })
}

t.test('an answer nobody asked for ends the connection', async (t) => {
  const send = await peer(t, (frame, socket) => {
    socket.write(Buffer.concat([response(frame, Buffer.from('yes')), response(frame, Buffer.from('more'))]))
  })
  t.same(await send(), Buffer.from('yes'))
  t.same(await send(), Buffer.from('yes'), 'on a connection of its own')
})

t.test('a peer that hangs up in the middle of an answer is a lost connection', async (t) => {
  const send = await peer(t, (frame, socket) => socket.end(response(frame, Buffer.from('yes')).subarray(0, 9)))
  await t.rejects(send(), { code: 'TRANSPORT_CLOSED', retriable: true })
})
