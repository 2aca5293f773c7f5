/** The proxy of the chaos runner: whole frames pass, and each way to hurt an answer is what its client meets. */
import { connect, createServer, type Server, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { type AnswerFate, BrokerProxy } from '../../../verify/chaos/broker-proxy.js'

const PRODUCE = 0
const FETCH = 1

/** Length prefix, API key, version, correlation id. */
function request(apiKey: number, correlationId: number): Buffer {
  const frame = Buffer.alloc(12)
  frame.writeInt32BE(8)
  frame.writeInt16BE(apiKey, 4)
  frame.writeInt32BE(correlationId, 8)
  return frame
}

/** Answers every request with its correlation id and eight bytes, in two pieces. */
async function answering(t: Test): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      for (let at = 0; at < bytes.length; at += 12) {
        const answer = Buffer.alloc(16, 7)
        answer.writeInt32BE(12)
        answer.writeInt32BE(bytes.readInt32BE(at + 8), 4)
        socket.write(answer.subarray(0, 5))
        socket.write(answer.subarray(5))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

interface Client {
  readonly socket: Socket
  readonly received: () => Buffer
  /** Resolves when so many bytes have come, or the connection is gone. */
  readonly until: (bytes: number) => Promise<'received' | 'gone'>
}

async function client(t: Test, address: string): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) })
  let received = Buffer.alloc(0)
  let gone = false
  let look: () => void = () => undefined
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    look()
  })
  socket.on('close', () => {
    gone = true
    look()
  })
  t.teardown(() => socket.destroy())
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return {
    socket,
    received: () => received,
    until: (bytes) =>
      new Promise((resolve) => {
        look = () => {
          if (received.length >= bytes) resolve('received')
          else if (gone) resolve('gone')
        }
        look()
      }),
  }
}

async function proxied(t: Test) {
  const proxy = await BrokerProxy.open(await answering(t))
  t.teardown(() => proxy.close())
  return proxy
}

t.test('whole frames pass', async (t) => {
  const proxy = await proxied(t)
  const { socket, until, received } = await client(t, proxy.address)
  const bytes = Buffer.concat([request(PRODUCE, 1), request(FETCH, 2)])
  // A frame in three pieces, the next one with the last.
  for (const [from, to] of [
    [0, 3],
    [3, 10],
    [10, 24],
  ] as const) {
    socket.write(bytes.subarray(from, to))
  }
  t.equal(await until(32), 'received')
  t.same([received().readInt32BE(4), received().readInt32BE(20)], [1, 2])
})

t.test('an answer is lost, or cut off, by the request it answers', async (t) => {
  const rows: [AnswerFate, number][] = [
    ['lose', 16],
    ['cut', 16 + 8],
  ]
  for (const [fate, arrives] of rows) {
    const proxy = await proxied(t)
    proxy.rules.fate = (apiKey) => (apiKey === PRODUCE ? fate : 'pass')
    const { socket, until, received } = await client(t, proxy.address)
    socket.write(request(FETCH, 1))
    await until(16)
    socket.write(request(PRODUCE, 2))
    t.equal(await until(32), 'gone', fate)
    t.equal(received().length, arrives, `${fate}: what arrives`)
  }
})

t.test('silence holds both directions back, and gives them up again', async (t) => {
  const proxy = await proxied(t)
  const { socket, until, received } = await client(t, proxy.address)
  proxy.rules.silent = true
  socket.write(request(PRODUCE, 1))
  const other = await client(t, proxy.address)
  // Passes the proxy after the first request: what it holds, it holds by now.
  other.socket.write(request(PRODUCE, 9))
  await new Promise<void>((resolve) => setImmediate(resolve))
  t.equal(received().length, 0)
  proxy.speakAgain()
  socket.write(request(FETCH, 2))
  t.equal(await until(32), 'received')
  t.same([received().readInt32BE(4), received().readInt32BE(20)], [1, 2], 'in order')
})

t.test('a delayed answer is not overtaken', async (t) => {
  const proxy = await proxied(t)
  const delays = [30, 0]
  proxy.rules.delayMs = () => delays.shift() ?? 0
  const { socket, until, received } = await client(t, proxy.address)
  socket.write(Buffer.concat([request(PRODUCE, 1), request(FETCH, 2)]))
  t.equal(await until(32), 'received')
  t.same([received().readInt32BE(4), received().readInt32BE(20)], [1, 2])
})

t.test('a reset ends every connection', async (t) => {
  const proxy = await proxied(t)
  const { socket, until } = await client(t, proxy.address)
  socket.write(request(FETCH, 1))
  await until(16)
  proxy.reset()
  t.equal(await until(17), 'gone')
})
