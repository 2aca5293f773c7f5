import { createServer } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { kafkajsTransport } from '../../lib/transport/kafkajs.js'
import { openFailed } from '../../lib/transport/lane-connections.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import type { Transport } from '../../lib/transport/transport.js'

const clock = systemClock
const REQUEST = {
  apiKey: 18,
  apiVersion: 0,
  body: Buffer.alloc(0),
  flexibleRequest: false,
  flexibleResponse: false,
  timeoutMs: 3_000,
}

const error = (message: string, more: object = {}, cause?: Error) => Object.assign(new Error(message, { cause }), more)

const ROWS: readonly [unknown, string][] = [
  [error('connect', { code: 'ECONNREFUSED' }), 'TRANSPORT_UNREACHABLE'],
  [error('Connection failed', {}, error('getaddrinfo', { code: 'ENOTFOUND' })), 'TRANSPORT_UNREACHABLE'],
  [error('timed out'), 'TRANSPORT_UNREACHABLE'],
  [error('x', {}, error('SASL authentication failed.')), 'TRANSPORT_AUTHENTICATION'],
  [error('no', { name: 'KafkaJSSASLAuthenticationError' }), 'TRANSPORT_AUTHENTICATION'],
  [error('x', {}, error('unable to verify', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })), 'TRANSPORT_TLS'],
  [error('TLS handshake failed.'), 'TRANSPORT_TLS'],
]

for (const [cause, code] of ROWS) {
  t.test(`${String(cause)} is ${code}`, async (t) => {
    const coded = openFailed({ host: 'h', port: 1 }, cause)
    t.equal(coded.code, code)
    t.equal(coded.retriable, code === 'TRANSPORT_UNREACHABLE')
    t.match(coded.message, /h:1/)
    t.notMatch(coded.message, /\n/)
  })
}

const transports: [string, (port: number) => Transport][] = [
  ['platformatic', () => platformaticTransport({ clock, clientId: 'x', connectTimeoutMs: 1_000 })],
  [
    'kafkajs',
    (port) =>
      kafkajsTransport({ clock, kafka: new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING }) }),
  ],
]

for (const [name, make] of transports) {
  t.test(`${name}: a closed port is unreachable, a peer that hangs up is a lost connection`, async (t) => {
    const server = createServer((socket) => socket.on('data', () => socket.destroy()))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const address = { host: '127.0.0.1', port }
    const transport = make(port)
    await t.rejects(transport.send(address, 'admin', REQUEST), { code: 'TRANSPORT_CLOSED', retriable: true })
    await t.rejects(transport.send(address, 'admin', REQUEST), { code: 'TRANSPORT_CLOSED' }, 'it connects again')
    await new Promise((resolve) => server.close(resolve))
    await t.rejects(transport.send(address, 'admin', REQUEST), {
      code: 'TRANSPORT_UNREACHABLE',
      message: /ECONNREFUSED/,
    })
    await transport.close()
  })

  t.test(`${name}: a peer that never answers is a timeout, and its connection is dropped`, async (t) => {
    const server = createServer((socket) => {
      socket.resume()
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const transport = make(port)
    const address = { host: '127.0.0.1', port }
    await t.rejects(transport.send(address, 'admin', { ...REQUEST, timeoutMs: 200 }), { code: 'TRANSPORT_TIMEOUT' })
    // Ends only when the connection has.
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await transport.close()
  })
}

t.test('something that is no kafkajs client is a coded error', async (t) => {
  t.throws(() => kafkajsTransport({ clock, kafka: { consumer: () => undefined } }), { code: 'CONFIG_INVALID' })
})
