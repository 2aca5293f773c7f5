/** Answers that cannot be read: cut short, empty, or of something else on the way. Each is as good as lost, none ends an instance. */
import t from 'tap'
import { Admin, connect, Streams } from '../../lib/index.js'
import { apiByKey } from '../../lib/protocol/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import type { Transport } from '../../lib/transport/transport.js'
import { asInt64, embedded } from './embedded.js'
import { counting, until } from './group-rig.js'

type Broker = Awaited<ReturnType<typeof embedded>>['broker']

/** A transport that changes answers, by the name of what was asked. */
function changing(broker: Broker, change: (api: string, answer: Buffer) => Buffer): () => Transport {
  return () => {
    const inner = loopbackTransport({ clock: systemClock, clientId: 'damaged', connect: () => broker.connection() })
    return {
      send: async (address, lane, request) =>
        change(apiByKey(request.apiKey)!.name, await inner.send(address, lane, request)),
      close: () => inner.close(),
    }
  }
}

const DAMAGES: Readonly<Record<string, (answer: Buffer) => Buffer>> = {
  'cut short': (answer) => answer.subarray(0, answer.length >> 1),
  empty: () => Buffer.alloc(0),
  'a page': () => Buffer.from('HTTP/1.1 502 Bad Gateway\r\n\r\n<html></html>'),
  'with bytes behind': (answer) => Buffer.concat([answer, Buffer.alloc(3)]),
}

const ASKED = [
  'AddOffsetsToTxn',
  'AddPartitionsToTxn',
  'ApiVersions',
  'CreateTopics',
  'DescribeConfigs',
  'EndTxn',
  'Fetch',
  'FindCoordinator',
  'Heartbeat',
  'InitProducerId',
  'JoinGroup',
  'ListOffsets',
  'Metadata',
  'OffsetFetch',
  'Produce',
  'SyncGroup',
  'TxnOffsetCommit',
]

for (const [what, damage] of Object.entries(DAMAGES)) {
  t.test(`the first answer to each request, and a later one, is ${what}`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const hurt = new Set<string>()
    const transport = changing(world.broker, (api, answer) => {
      if (hurt.has(api)) return answer
      hurt.add(api)
      return damage(answer)
    })
    const streams = new Streams(counting(), {
      applicationId: 'app',
      broker: world.broker,
      transport,
      cacheMaxBytes: 0,
      heartbeatIntervalMs: 20,
      // A join whose answer is lost leaves a member behind that the group waits for.
      sessionTimeoutMs: 1_000,
    })
    streams.finished.catch((error) => t.fail(`ended by ${error.code}: ${error.message}`))
    await streams.start()
    let sent = 0
    const counted = async () => {
      await world.send([{ topic: 'in', key: 'k', value: 'v' }])
      sent++
      return until(async () => (await world.committed('out')).length >= sent, 30_000)
    }
    t.ok(await counted())
    t.ok(await until(() => hurt.has('Heartbeat')))
    t.same(
      ASKED.filter((api) => !hurt.has(api)),
      [],
    )
    hurt.clear()
    for (let i = 0; i < 3; i++) t.ok(await counted())
    t.same(
      await world.committed('out', asInt64),
      Array.from({ length: sent }, (_, i) => `k=${i + 1}`),
    )
    await streams.close({ leaveGroup: true })
  })
}

t.test('if every answer is unreadable, the error says so', async (t) => {
  const { broker } = await embedded(t, {})
  for (const api of ['ApiVersions', 'Metadata']) {
    const transport = changing(broker, (asked, answer) => (asked === api ? DAMAGES['a page']!(answer) : answer))
    const cluster = connect({ broker, transport, requestTimeoutMs: 100 })
    await t.rejects(new Admin(cluster).describeTopics(['in']), { message: /cannot be read: .* response/ })
    await cluster.close()
  }
})
