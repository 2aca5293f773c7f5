/** An instance that is started before its brokers. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { initProducerIdApi } from '../../lib/protocol/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import { jumpingClock } from '../client/jumping-clock.js'
import { embedded } from './embedded.js'

/** Pauses take a hundredth of their time, so that three doublings do not hold a test up. */
const hurried = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 100,
  setTimer: (delayMs: number, fire: () => void) => systemClock.setTimer(delayMs / 100, fire),
}

function topology() {
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  return builder.build()
}

t.test('start waits for brokers that come up, and says so', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  let refused = 0
  const lines: string[] = []
  const connection = () => {
    if (refused < 3) {
      refused++
      throw new Error('nobody listens')
    }
    return world.broker.connection()
  }
  const streams = new Streams(topology(), {
    applicationId: 'app',
    broker: world.broker,
    transport: () => loopbackTransport({ clock: systemClock, clientId: 'test', connect: connection }),
    log: { debug() {}, info() {}, error() {}, warn: (_fields, line) => lines.push(line ?? '') },
  })
  await streams.start()
  t.equal(streams.state, 'running')
  t.equal(refused, 3)
  // Of one message at most one line a second, however often it fails.
  t.equal(lines[0], 'no broker answers, trying again')
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  t.same(await world.until('out', (found) => found.length === 1), ['k=v'])
  await streams.close()
})

for (const [startTimeoutMs, least, most] of [
  [0, 1, 1],
  [2_000, 3, 8],
] as const) {
  t.test(`no longer than ${startTimeoutMs} ms`, async (t) => {
    const world = await embedded(t, {})
    let attempts = 0
    const refuse = () => {
      attempts++
      throw new Error('nobody listens')
    }
    const clock = jumpingClock()
    const streams = new Streams(topology(), {
      applicationId: 'app',
      broker: world.broker,
      startTimeoutMs,
      clock,
      transport: () => loopbackTransport({ clock, clientId: 'test', connect: refuse }),
    })
    await t.rejects(streams.start(), { code: 'CLIENT_UNREACHABLE' })
    t.equal(streams.state, 'failed')
    t.ok(attempts >= least && attempts <= most, `${attempts} attempts`)
  })
}

t.test('start waits for a coordinator that does not answer', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const lines: string[] = []
  const again = 'the instance could not be opened, trying again'
  const inner = loopbackTransport({ clock: systemClock, clientId: 'test', connect: () => world.broker.connection() })
  const streams = new Streams(topology(), {
    applicationId: 'app',
    broker: world.broker,
    clock: hurried,
    transport: () => ({
      send: async (address, lane, request) => {
        if (request.apiKey !== initProducerIdApi.key || lines.includes(again)) return inner.send(address, lane, request)
        throw new MillraceError('TRANSPORT_TIMEOUT', 'no answer', { retriable: true })
      },
      close: async () => undefined,
    }),
    log: { debug() {}, info() {}, error() {}, warn: (_fields, line) => lines.push(line ?? '') },
  })
  await streams.start()
  t.equal(streams.state, 'running')
  t.ok(lines.includes(again))
  await streams.close()
  await inner.close()
})

t.test('a close does not wait for them', async (t) => {
  const world = await embedded(t, {})
  let first = () => {}
  const attempted = new Promise<void>((resolve) => {
    first = resolve
  })
  const refuse = () => {
    first()
    throw new Error('nobody listens')
  }
  const streams = new Streams(topology(), {
    applicationId: 'app',
    broker: world.broker,
    transport: () => loopbackTransport({ clock: systemClock, clientId: 'test', connect: refuse }),
  })
  const started = streams.start().catch((error) => error)
  await attempted
  await streams.close().catch(() => undefined)
  t.match(streams.state, /closed|failed/)
  await started
})
