/** Connections, producers, readers, `Admin` and the embedded broker, misused in plain JavaScript: each says where, and what to do. */
import t from 'tap'
import * as millrace from '../../lib/index.js'
import { simple, text } from './given.js'

const {
  Admin,
  connect,
  embeddedBroker,
  Producer,
  readAll,
  readTopic,
  silentLog,
  Streams,
  TransactionalProducer,
  topic,
} = millrace
const words = topic('words', text)
const rejected = (message: RegExp) => ({ code: 'CONFIG_INVALID', message })
const never = (given: unknown) => given as never

t.test('connections', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect(broker)
  t.teardown(() => cluster.close())
  t.teardown(() => broker.close())
  const promise = Promise.resolve(broker)
  for (const [what, message, make] of [
    ['a text', /the connection is a string: use { brokers: /, () => connect(never('localhost:9092'))],
    ['a list', /the connection is an array: use { brokers: /, () => connect(never(['localhost:9092']))],
    ['a promise', /the connection is a promise: await it/, () => new Admin(never(promise))],
    ['a promise of a broker', /option broker is a promise: await it/, () => connect({ broker: never(promise) })],
    [
      'no broker',
      /option broker is an object: use what `embeddedBroker` returned/,
      () => connect(never({ broker: {} })),
    ],
    ['one address', /option brokers is a string: use a list/, () => connect(never({ brokers: 'localhost:9092' }))],
    ['both', /, not both/, () => connect({ brokers: ['a:1'], broker })],
    [
      'in braces',
      /connection is not an option here: give the connection itself/,
      () => new Admin(never({ connection: broker })),
    ],
    ['nothing', /give either cluster or connection: a connection is/, () => new Admin(never(undefined))],
    ['a cluster as connection', /give it as cluster/, () => new Producer({ connection: never(cluster) })],
    ['a producer of a broker', /must be an object: { connection }/, () => new Producer(never(broker))],
    ['a producer of a cluster', /must be an object: { cluster }/, () => new Producer(never(cluster))],
    [
      'brokers of a producer',
      /option brokers of a producer must be in its connection/,
      () => new Producer(never({ brokers: ['a:1'] })),
    ],
    ['an instance without any', /give either brokers/, () => new Streams(simple(), { applicationId: 'a' })],
    [
      'an environment without any',
      /give either brokers/,
      () => new Streams(simple(), never({ applicationId: 'a', connection: undefined })),
    ],
  ] as const) {
    t.throws(make, rejected(message), what)
  }
})

t.test('options of close and listen', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  const producer = new Producer({ connection: broker })
  const streams = new Streams(simple(), { applicationId: 'a', connection: broker, log: silentLog })
  t.teardown(async () => {
    await producer.close()
    await streams.close()
    await broker.close()
  })
  await t.rejects(producer.close(never({ timeout: 5 })), rejected(/close of a producer has no option timeout: known/))
  await t.rejects(producer.close(never(5)), rejected(/takes an object of options/))
  await t.rejects(producer.close({ timeoutMs: -1 }), rejected(/timeoutMs of close is -1/))
  await t.rejects(streams.close(never({ timeout: 5 })), rejected(/close has no option timeout: known/))
  await t.rejects(streams.close(never(5)), rejected(/takes an object of options/))
  await t.rejects(broker.listen(never(9092)), rejected(/listen of an embedded broker takes an object of options/))
  await t.rejects(broker.listen(never({ host: 'localhost', prot: 0 })), rejected(/has no option prot: known/))
  await t.rejects(broker.listen(never({ host: 'localhost' })), rejected(/port is undefined: use a whole number/))
  await t.rejects(broker.listen(never({ port: 0 })), rejected(/host is undefined: use an address/))
  t.throws(
    () => streams.onCommitted(never(words), () => {}),
    rejected(/onCommitted takes the name of a topic: use the name of topic words/),
  )
})

t.test('a producer', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  const producer = new Producer({ connection: broker })
  const invalid = { code: 'CLIENT_RECORD_INVALID', message: /use send\(topic, { key, value }\) for each record/ }
  await t.rejects(producer.send(never({ topic: 'words', messages: [] }), never(undefined)), invalid)
  await t.rejects(producer.send(words, never([{ value: 'v' }])), invalid)
  await producer.close()
  const closed = { code: 'CLIENT_CLOSED', message: /^A record was not sent: the producer is closed\.$/ }
  await t.rejects(producer.send(words, { value: 'v' }), closed)
  const transactional = new TransactionalProducer({ connection: broker, transactionalId: 'x' })
  t.throws(() => transactional.begin(), { code: 'CLIENT_STATE_INVALID', message: /call and await init\(\) first/ })
  await transactional.init()
  await t.rejects(transactional.commit(), { code: 'CLIENT_STATE_INVALID', message: /call begin\(\) first/ })
  await transactional.close()
})

t.test('readers', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  t.teardown(() => broker.close())
  for (const alone of [broker, words, 'words', connect(broker)]) {
    await t.rejects(readAll(never(alone)), rejected(/give a connection, a topic, and options/))
    await t.rejects(readTopic(never(alone)).next(), rejected(/give a connection, a topic, and options/))
    if (alone instanceof millrace.connect(broker).constructor) await (alone as { close(): Promise<void> }).close()
  }
  await t.rejects(readAll(broker, words, never({ until: 'never' })), rejected(/readAll reads until now/))
})

t.test('Admin', async (t) => {
  const broker = await embeddedBroker({ folder: null })
  broker.createTopic('words', 1)
  const admin = new Admin(broker)
  t.teardown(() => broker.close())
  t.teardown(() => admin.close())
  const place = { topic: 'words', partition: 0 }
  for (const [message, call] of [
    [/createTopics takes a list of topics, .* not a string/, () => admin.createTopics(never('a'))],
    [/createTopics takes a list of topics, .* not an object/, () => admin.createTopics(never({ topics: [] }))],
    [/a topic of createTopics takes an object of options/, () => admin.createTopics(never(['a']))],
    [/has no option numPartitions: known/, () => admin.createTopics(never([{ name: 'a', numPartitions: 1 }]))],
    [/topic a: partitions is undefined: use a whole number/, () => admin.createTopics(never([{ name: 'a' }]))],
    [/topic a: partitions is 0: use a whole number/, () => admin.createTopics([{ name: 'a', partitions: 0 }])],
    [/topic words says nothing of partitions: use { name/, () => admin.createTopics(never([words]))],
    [
      /config of topic a: retention.ms is a number: use a string/,
      () => admin.createTopics(never([{ name: 'a', partitions: 1, config: { 'retention.ms': 5 } }])),
    ],
    [
      /createTopics has no option ifNotExist: known/,
      () => admin.createTopics([{ name: 'a', partitions: 1 }], never({ ifNotExist: true })),
    ],
    [/deleteTopics takes a list of names, .* not a string/, () => admin.deleteTopics(never('words'))],
    [/describeTopics takes a list of names/, () => admin.describeTopics(never('words'))],
    [
      /describeTopics takes the name of a topic: use the name of topic words/,
      () => admin.describeTopics(never([words])),
    ],
    [/topicId takes a name, not undefined/, () => admin.topicId(never(undefined))],
    [/createPartitions: the number of partitions is a string/, () => admin.createPartitions('words', never('3'))],
    [/describeConfigs takes a list of names/, () => admin.describeConfigs('words', never('retention.ms'))],
    [
      /incrementalAlterConfigs: retention.ms is a number: use a string/,
      () => admin.incrementalAlterConfigs('words', never({ 'retention.ms': 5 })),
    ],
    [/deleteRecords takes a list of partitions/, () => admin.deleteRecords(never({ topic: 'words' }))],
    [/deleteRecords: offset of topic words is undefined/, () => admin.deleteRecords(never([place]))],
    [/listOffsets takes a list of partitions/, () => admin.listOffsets(never('words'), 'latest', 'readCommitted')],
    [/listOffsets: a string is no place/, () => admin.listOffsets([place], never('end'), 'readCommitted')],
    [/listOffsets: the third argument is the isolation/, () => admin.listOffsets([place], 'latest', never(undefined))],
    [/groupOffsets takes a name, not an object/, () => admin.groupOffsets(never({ groupId: 'g' }), [])],
    [/deleteGroup takes a name/, () => admin.deleteGroup(never(undefined))],
  ] as const) {
    await t.rejects(call() as Promise<void>, rejected(message), String(message))
  }
  t.same([...(await admin.describeTopics(['words'])).keys()], ['words'], 'the client still works')
})

t.test('transports', async (t) => {
  const clock = millrace.systemClock
  t.throws(() => millrace.kafkajsTransport(never(undefined)), rejected(/kafkajsTransport takes an object of options/))
  t.throws(() => millrace.kafkajsTransport(never({ clock })), rejected(/kafka is undefined: use a new Kafka/))
  t.throws(() => millrace.kafkajsTransport(never({ clock, brokers: [] })), rejected(/has no option brokers/))
  const transport = () => ({ send: async () => undefined, close: async () => {} })
  const admin = new Admin({ brokers: ['a:1'], transport: never(transport), requestTimeoutMs: 500 })
  await t.rejects(
    admin.describeTopics(['a']),
    rejected(/option transport: its send answered undefined: resolve with a Buffer/),
  )
  await admin.close()
})
