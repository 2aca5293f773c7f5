/**
 * Ways to brokers that cannot be: refused where they are given, before anything is opened, and without a secret in the
 * error.
 */
import t from 'tap'
import {
  Admin,
  connect,
  embeddedBroker,
  Producer,
  readTopic,
  Streams,
  StreamsBuilder,
  silentLog,
  string,
  TransactionalProducer,
  topic,
} from '../lib/index.js'
import { systemClock } from '../lib/record/clock.js'
import { TopologyTestDriver } from '../lib/testing/index.js'

const refused = (message: RegExp) => ({ code: 'CONFIG_INVALID', message })

t.test('addresses', async (t) => {
  for (const address of [
    ...[
      '',
      'localhost',
      ':9092',
      'localhost:',
      'localhost:0',
      'localhost:99999',
      '::1:9092',
      '[::1]',
      'localhost:9092 ',
    ],
    ...[
      ' localhost:9092',
      'local host:9092',
      'a:1,b:2',
      'kafka://a:1',
      'PLAINTEXT//a:1',
      'user@a:1',
      'a/b:1',
      '[a/b]:1',
    ],
    ...[9092, null, undefined, ['a:1'], { host: 'a', port: 1 }],
  ]) {
    t.throws(
      () => connect({ brokers: [address as string] }),
      refused(/is not a broker address: use host:port/),
      String(address),
    )
  }
  t.throws(() => connect({ brokers: [null as never] }), refused(/^null is no/))
  for (const address of ['localhost:9092', 'a_b-c.d:1', '10.0.0.1:65535', '[::1]:9092', '[fe80::1%eth0]:9092']) {
    await connect({ brokers: [address] }).close()
  }
})

t.test('other options', async (t) => {
  const secret = 'SECRET'
  const user = { mechanism: 'PLAIN', username: 'u', password: secret }
  for (const [options, message] of [
    [{ requestTimeout: 5 }, /requestTimeout is not an option: known: .*requestTimeoutMs/],
    [{ sasI: user }, /sasI is not an option/],
    [{ clientId: 5 }, /clientId is a number/],
    [{ clientId: null }, /clientId is null/],
    [{ transport: {} }, /transport is an object: use a function/],
    [{ transport: () => undefined }, /transport made undefined/],
    [{ transport: () => Promise.resolve({}) }, /transport made a promise/],
    [{ tls: true }, /tls is a boolean: .*\{\} for the defaults/],
    [{ sasl: secret }, /sasl has no known mechanism.*PLAIN, SCRAM-SHA-256/],
    [{ sasl: null }, /sasl has no known mechanism/],
    [{ sasl: { ...user, mechanism: 'plain' } }, /sasl has no known mechanism/],
    [{ sasl: { ...user, password: undefined } }, /sasl has no password/],
    [{ sasl: { ...user, username: '' } }, /sasl has no username/],
    [{ sasl: { ...user, mechanism: 'OAUTHBEARER' } }, /sasl has no token/],
    [{ requestTimeoutMs: 2 ** 31 }, /requestTimeoutMs is 2147483648: .*<= 2147483647/],
    [{ clock: Date }, /clock has no function monotonicMs, setTimer, nextTurn/],
    [{ random: Math.random }, /random has no function next, int, bytes, uuid/],
  ] as const) {
    const given = { brokers: ['localhost:9092'], ...(options as object) }
    t.throws(() => connect(given), refused(message))
    try {
      connect(given)
    } catch (error) {
      t.notMatch(String(error), secret)
    }
  }
})

t.test('an embedded broker keeps its log where it is told to, or says that it cannot', async (t) => {
  for (const [options, message] of [
    [undefined, /folder of embeddedBroker is undefined: name a folder, or null: in memory/],
    [null, /folder/],
    [{}, /folder/],
    [{ dir: '/tmp/x' }, /embeddedBroker has no option dir/],
    [{ folder: '' }, /folder of embeddedBroker is ""/],
    [{ folder: 5 }, /is 5/],
    [{ folder: null, report: 5 }, /report/],
    [{ folder: null, clock: {} }, /clock has no function now/],
    [{ folder: null, random: 5 }, /random has no function/],
  ] as const) {
    await t.rejects(embeddedBroker(options as never), refused(message))
  }
})

t.test('settings that are none', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  for (const nothing of [undefined, null, 'app', 5]) {
    t.throws(() => new Streams(builder.build(), nothing as never), refused(/settings are .*applicationId, and brokers/))
  }
})

t.test('a timer longer than those of Node does not fire at once', async (t) => {
  let fired = false
  const cancel = systemClock.setTimer(2 ** 40, () => {
    fired = true
  })
  await new Promise((resolve) => systemClock.setTimer(20, () => resolve(null)))
  cancel()
  t.notOk(fired)
})

t.test('and fires when it is due, in pieces', async (t) => {
  const delays: number[] = []
  t.intercept(globalThis, 'setTimeout', {
    value: (fire: () => void, ms: number) => {
      delays.push(ms)
      queueMicrotask(fire)
      return 0
    },
  })
  await new Promise((resolve) => systemClock.setTimer(2 ** 32 + 5, () => resolve(null)))
  t.same(delays, [2 ** 31 - 1, 2 ** 31 - 1, 7])
})

t.test('one connection for a stream, readers, producers and admin', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const lines = topic('lines', { key: string, value: string })
  const shouted = topic('shouted', { key: string, value: string })
  for (const connection of [broker, { broker }, { broker, clientId: 'mine', requestTimeoutMs: 5_000 }]) {
    await using admin = new Admin(connection)
    const topics = [lines, shouted].map(({ name }) => ({ name, partitions: 1 }))
    await admin.createTopics(topics, { ifNotExists: true })
    await using producer = new Producer({ connection })
    const { offset } = await producer.send(lines, { key: 'a', value: 'x' })
    const builder = new StreamsBuilder()
    builder
      .stream(lines)
      .mapValues((line) => line?.toUpperCase() ?? '')
      .to(shouted)
    await using streams = new Streams(builder.build(), { applicationId: 'shout', connection, log: silentLog })
    await streams.start()
    for await (const { records } of readTopic(connection, shouted, { until: 'never' })) {
      if (records.some((record) => record.value === 'X' && record.offset >= offset)) break
    }
  }
})

t.test('a connection and its options beside it', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  const topology = builder.build()
  for (const [settings, message] of [
    [{ connection: broker, broker }, /option broker is given together with connection/],
    [
      { connection: { brokers: ['localhost:1'] }, brokers: ['localhost:1'] },
      /option brokers is given together with connection/,
    ],
    [{ connection: { brokers: ['localhost:1'] }, tls: {} }, /option tls is given together with connection/],
    [{ connection: broker, clientId: 'x' }, /option clientId is given together with connection/],
    [{ connection: null }, /the connection is null: use { brokers: .* or what `embeddedBroker` returned/],
    [{ connection: 'localhost:1' }, /the connection is a string: use { brokers: /],
    [{ connection: { brokers: ['localhost:1'], requestTimeoutMs: 1 } }, /option requestTimeoutMs is 1/],
  ] as const) {
    const make = () => new Streams(topology, { applicationId: 'a', log: silentLog, ...(settings as object) })
    t.throws(make, refused(message))
  }
})

t.test('what is closed can be disposed of, twice', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect(broker)
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  const closable = [
    new Streams(builder.build(), { applicationId: 'a', connection: broker, log: silentLog }),
    new Producer({ cluster }),
    new TransactionalProducer({ cluster, transactionalId: 'x' }),
    new Admin(cluster),
    cluster,
    broker,
  ]
  for (const each of [...closable, ...closable]) await t.resolves(each[Symbol.asyncDispose]())
  const driver = new TopologyTestDriver(builder.build())
  driver[Symbol.dispose]()
})
