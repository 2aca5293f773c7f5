// Orders of a shop: each order is joined with its customer, checked by several services, and accepted if all of them agree within
// a minute. Unreadable records go to a dead-letter topic.
// Without BROKERS it runs on an embedded broker in this process.
import {
  Admin,
  connect,
  embeddedBroker,
  int64,
  joinWindow,
  json,
  readTopic,
  Streams,
  StreamsBuilder,
  session,
  string,
  TransactionalProducer,
} from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : { broker: await embeddedBroker({ folder: null }) }
const cluster = connect(connection)
const topics = ['orders', 'customers', 'checks', 'accepted', 'refused', 'orders-dead']
await new Admin(cluster).createTopics(
  topics.map((name) => ({ name, partitions: 2 })),
  { ifNotExists: true },
)

const CHECKS = 2
const MINUTE_MS = 60_000
const order = json()
const builder = new StreamsBuilder()
const customers = builder.globalTable('customers', { key: string, value: json() })
const orders = builder
  .stream('orders', { key: string, value: order })
  .leftJoin(customers, {
    keySelector: (_id, { customer }) => customer,
    joiner: (order, customer) => ({ ...order, email: customer?.email ?? null }),
  })
  .split({ name: 'customer-' })
  .branch((_id, { email }) => email === null, {
    name: 'unknown',
    into: (unknown) =>
      unknown.mapValues(({ customer }) => `there is no customer ${customer}`).to('refused', { value: string }),
  })
  .defaultBranch({ name: 'known' })
  .get('customer-known')
const checks = builder.stream('checks', { key: string, value: json() }).filterNotNull()
checks
  .groupByKey()
  .windowedBy(session({ gapMs: MINUTE_MS }))
  .aggregate({
    initializer: () => 0,
    adder: (_id, { passed }, sum) => sum + (passed ? 1 : 0),
    merger: (_id, left, right) => left + right,
    store: { name: 'passed-checks', value: int64 },
  })
  // When a session grows, it is first deleted under its old end.
  .toStream(({ key }) => key)
  .filter((_id, passed) => passed === CHECKS)
  .join(orders, {
    window: joinWindow({ beforeMs: MINUTE_MS, afterMs: MINUTE_MS }),
    joiner: (_passed, order) => order,
    key: string,
  })
  .to('accepted', { value: order })
checks
  .filter((_id, { passed }) => !passed)
  .mapValues(({ by }) => `refused by ${by}`)
  .to('refused', { value: string })

const streams = new Streams(builder.build(), {
  applicationId: 'orders',
  onDeserializationError: 'deadLetter',
  deadLetterTopic: 'orders-dead',
  ...connection,
})
await streams.start()

const producer = new TransactionalProducer({ cluster, transactionalId: 'orders-input' })
await producer.init()
const send = async (...records) => {
  producer.begin()
  for (const [topic, key, value] of records) {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    await producer.append({ topic, key: Buffer.from(key), value: Buffer.from(text) })
  }
  await producer.commit()
}
/** Reads `topic` until there are `count` records. */
const read = async (topic, count) => {
  const lines = []
  for await (const { records } of readTopic({ cluster, topic, until: 'never' })) {
    for (const { key, value } of records) lines.push(`${topic}: ${key} ${value}`)
    if (lines.length >= count) return lines.sort()
  }
}

await send(['customers', 'ann', { email: 'ann@example.com' }], ['customers', 'bob', { email: 'bob@example.com' }])
// A global table is not synchronised with the streams beside it: wait until it has the new records.
const known = streams.queries.keyValue(customers.store)
while ((await known.get('bob')) === null) await new Promise((resolve) => setTimeout(resolve, 20))
await send(
  ['orders', 'o1', { customer: 'ann', item: 'grain' }],
  ['orders', 'o2', { customer: 'bob', item: 'sand' }],
  ['orders', 'o3', { customer: 'eve', item: 'flour' }],
  ['orders', 'o4', 'grain for ann'],
  ['checks', 'o1', { by: 'stock', passed: true }],
  ['checks', 'o2', { by: 'stock', passed: false }],
  ['checks', 'o1', { by: 'fraud', passed: true }],
  ['checks', 'o2', { by: 'fraud', passed: true }],
)
const found = await Promise.all([read('accepted', 1), read('refused', 2), read('orders-dead', 1)])
for (const line of found.flat()) console.log(line)
await streams.close()
await cluster.close()
await connection.broker?.close()
