// Orders of a shop: each order is joined with its customer, checked by several services, and accepted if all of them agree within
// a minute. Unreadable records go to a dead-letter topic.
// Without BROKERS it runs on an embedded broker in this process.
import {
  Admin,
  embeddedBroker,
  int64,
  joinWindow,
  json,
  Producer,
  readTopic,
  Streams,
  StreamsBuilder,
  session,
  string,
  topic,
} from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : await embeddedBroker({ folder: null })
const orderTopic = topic('orders', { key: string, value: json() })
const customerTopic = topic('customers', { key: string, value: json() })
const checkTopic = topic('checks', { key: string, value: json() })
const accepted = topic('accepted', { key: string, value: json() })
const refused = topic('refused', { key: string, value: string })
const admin = new Admin(connection)
const names = [orderTopic, customerTopic, checkTopic, accepted, refused].map(({ name }) => name)
await admin.createTopics(
  [...names, 'orders-dead'].map((name) => ({ name, partitions: 2 })),
  { ifNotExists: true },
)

const CHECKS = 2
const MINUTE_MS = 60_000
const builder = new StreamsBuilder()
const customers = builder.globalTable(customerTopic)
const orders = builder
  .stream(orderTopic)
  .leftJoin(customers, {
    keySelector: (_id, { customer }) => customer,
    joiner: (order, customer) => ({ ...order, email: customer?.email ?? null }),
  })
  .split({ name: 'customer-' })
  .branch((_id, { email }) => email === null, {
    name: 'unknown',
    into: (unknown) => unknown.mapValues(({ customer }) => `there is no customer ${customer}`).to(refused),
  })
  .defaultBranch({ name: 'known' })
  .get('customer-known')
const checks = builder.stream(checkTopic).filterNotNull()
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
  .to(accepted)
checks
  .filter((_id, { passed }) => !passed)
  .mapValues(({ by }) => `refused by ${by}`)
  .to(refused)

const streams = new Streams(builder.build(), {
  applicationId: 'orders',
  onDeserializationError: 'deadLetter',
  deadLetterTopic: 'orders-dead',
  connection,
})
await streams.start()

const producer = new Producer({ connection })
/** Reads `topic` until there are `count` records. */
const read = async (topic, count) => {
  const lines = []
  for await (const { records } of readTopic(connection, topic, { until: 'never' })) {
    for (const { key, value } of records) lines.push(`${topic}: ${key} ${value}`)
    if (lines.length >= count) return lines.sort()
  }
}

const customer = (key, email) => producer.send(customerTopic, { key, value: { email } })
await Promise.all([customer('ann', 'ann@example.com'), customer('bob', 'bob@example.com')])
// A global table is not synchronised with the streams beside it: wait until it has the new records.
const known = streams.queries.keyValue(customers.store)
while ((await known.get('bob')) === null) await new Promise((resolve) => setTimeout(resolve, 20))
const order = (key, customer, item) => producer.send(orderTopic, { key, value: { customer, item } })
const check = (key, by, passed) => producer.send(checkTopic, { key, value: { by, passed } })
await Promise.all([
  order('o1', 'ann', 'grain'),
  order('o2', 'bob', 'sand'),
  order('o3', 'eve', 'flour'),
  // A name takes bytes, whatever they are: this order is no JSON.
  producer.send('orders', { key: Buffer.from('o4'), value: Buffer.from('grain for ann') }),
  check('o1', 'stock', true),
  check('o2', 'stock', false),
  check('o1', 'fraud', true),
  check('o2', 'fraud', true),
])
const found = await Promise.all([read('accepted', 1), read('refused', 2), read('orders-dead', 1)])
for (const line of found.flat()) console.log(line)
await producer.close()
await streams.close()
await admin.close()
await connection.close?.()
