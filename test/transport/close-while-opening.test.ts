/** A transport that closes while a connection is being opened, by a peer that says nothing, leaves no timer and no socket. */
import { createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import {
  type Api,
  apiByKey,
  encodeResponse,
  encodeResponseHeader,
  type ResponseInput,
} from '../../lib/protocol/index.js'
import { type Clock, systemClock } from '../../lib/record/clock.js'
import { type PlatformaticTransportOptions, platformaticTransport } from '../../lib/transport/platformatic.js'

const REQUEST = {
  apiKey: 18,
  apiVersion: 3,
  body: Buffer.alloc(0),
  flexibleRequest: true,
  flexibleResponse: false,
  timeoutMs: 30_000,
}

/** The machine's clock, and how many of its timers are set. */
function countedClock() {
  const timers = new Set<object>()
  const clock: Clock = {
    ...systemClock,
    setTimer(delayMs, fire) {
      const timer = {}
      timers.add(timer)
      const cancel = systemClock.setTimer(delayMs, () => {
        timers.delete(timer)
        fire()
      })
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
  }
  return { clock, timers }
}

async function silentPeer(t: Test) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket.resume())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { sockets, address: { host: '127.0.0.1', port } }
}

const timersOfProcess = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

/** A socket tells that it is closed a few turns later. */
async function noMoreTimersThan(t: Test, before: number): Promise<void> {
  for (let turn = 0; turn < 20 && timersOfProcess() > before; turn++) await systemClock.nextTurn()
  t.ok(timersOfProcess() <= before, `${timersOfProcess()} timers keep the process alive, ${before} before`)
}

const TLS = { servername: 'localhost' }

const ROWS: readonly [string, Partial<PlatformaticTransportOptions>][] = [
  ['TLS', { tls: TLS }],
  ['SASL', { sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } }],
  ['SASL over TLS', { tls: TLS, sasl: { mechanism: 'PLAIN', username: 'u', password: 'p' } }],
]

for (const [name, settings] of ROWS) {
  t.test(`${name}: closed while it is opened`, { timeout: 4_000 }, async (t) => {
    const { sockets, address } = await silentPeer(t)
    const { clock, timers } = countedClock()
    const transport = platformaticTransport({ clock, clientId: 'x', connectTimeoutMs: 60_000, ...settings })
    const sent = transport.send(address, 'admin', REQUEST)
    const rejected = t.rejects(sent, { code: 'TRANSPORT_CLOSED' })
    while (sockets.length === 0 || sockets[0]!.bytesRead === 0) await clock.nextTurn()
    const ended = new Promise((resolve) => sockets[0]!.once('close', resolve))
    await transport.close()
    await rejected
    await ended
    t.equal(timers.size, 0, 'no timer is left')
  })
}

for (const [name, settings] of ROWS) {
  t.test(`${name}: a connection that takes too long leaves nothing behind`, async (t) => {
    const { address } = await silentPeer(t)
    const before = timersOfProcess()
    const transport = platformaticTransport({ clock: systemClock, clientId: 'x', connectTimeoutMs: 300, ...settings })
    await t.rejects(transport.send(address, 'admin', REQUEST), { code: 'TRANSPORT_UNREACHABLE' })
    await noMoreTimersThan(t, before)
    await transport.close()
  })
}

for (const who of ['the transport', 'the peer']) {
  t.test(`a session that has to be renewed, and ${who} closes: nothing is left`, async (t) => {
    const open = new Set<Socket>()
    const server = createServer((socket) => {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('data', (frame: Buffer) => {
        const [apiKey, apiVersion, correlationId] = [4, 6]
          .map((at) => frame.readInt16BE(at))
          .concat(frame.readInt32BE(8))
        const api = apiByKey(apiKey!)!
        const body = { errorCode: 0, mechanisms: ['PLAIN'], authBytes: Buffer.alloc(0), sessionLifetimeMs: 60_000 }
        const answer = Buffer.concat([
          encodeResponseHeader(api, apiVersion!, correlationId!),
          apiKey === REQUEST.apiKey ? Buffer.from('yes') : encodeResponse(api, apiVersion!, body as ResponseInput<Api>),
        ])
        const length = Buffer.alloc(4)
        length.writeInt32BE(answer.length, 0)
        socket.write(Buffer.concat([length, answer]))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    const before = timersOfProcess()
    const sasl = { mechanism: 'PLAIN', username: 'u', password: 'p' } as const
    const transport = platformaticTransport({ clock: systemClock, clientId: 'x', sasl })
    t.same(await transport.send({ host: '127.0.0.1', port }, 'admin', REQUEST), Buffer.from('yes'))
    if (who === 'the transport') await transport.close()
    else for (const socket of open) socket.destroy()
    await noMoreTimersThan(t, before)
    await transport.close()
  })
}
