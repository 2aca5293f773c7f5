// Counts words, exactly once. Without BROKERS it runs on an embedded broker in this process.
import {
  Admin,
  connect,
  embeddedBroker,
  int64,
  readTopic,
  Streams,
  StreamsBuilder,
  string,
  TransactionalProducer,
} from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : { broker: await embeddedBroker({ folder: null }) }
const cluster = connect(connection)
const topics = ['lines', 'words'].map((name) => ({ name, partitions: 3 }))
await new Admin(cluster).createTopics(topics, { ifNotExists: true })

const builder = new StreamsBuilder()
builder
  .stream('lines', { key: string, value: string })
  .filterNotNull()
  .flatMapValues((line) => line.toLowerCase().split(' '))
  .groupBy((_key, word) => word)
  .count({ store: { name: 'counts' } })
  .toStream()
  .to('words', { key: string, value: int64 })

const streams = new Streams(builder.build(), { applicationId: 'word-count', ...connection })
await streams.start()

const producer = new TransactionalProducer({ cluster, transactionalId: 'word-count-lines' })
await producer.init()
producer.begin()
for (const line of ['the mill turns', 'the race runs', 'the water is the power']) {
  await producer.append({ topic: 'lines', key: null, value: Buffer.from(line) })
}
await producer.commit()

for await (const { records } of readTopic({ cluster, topic: 'words', until: 'never' })) {
  for (const { key, value } of records) console.log(`${key} ${value.readBigInt64BE()}`)
  if (records.some(({ key, value }) => `${key}` === 'the' && value.readBigInt64BE() >= 4n)) break
}
await streams.close()
await cluster.close()
await connection.broker?.close()
