// Counts words, exactly once. Without BROKERS it runs on an embedded broker in this process.
import { Admin, embeddedBroker, int64, Producer, readTopic, Streams, StreamsBuilder, string, topic } from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : await embeddedBroker({ folder: null })
const lines = topic('lines', { key: string, value: string })
const words = topic('words', { key: string, value: int64 })
const admin = new Admin(connection)
const topics = [lines, words].map(({ name }) => ({ name, partitions: 3 }))
await admin.createTopics(topics, { ifNotExists: true })

const builder = new StreamsBuilder()
builder
  .stream(lines)
  .filterNotNull()
  .flatMapValues((line) => line.toLowerCase().split(' '))
  .groupBy((_key, word) => word)
  .count({ store: { name: 'counts' } })
  .toStream()
  .to(words)

const streams = new Streams(builder.build(), { applicationId: 'word-count', connection })
await streams.start()

const producer = new Producer({ connection })
const text = ['the mill turns', 'the race runs', 'the water is the power']
await Promise.all(text.map((line) => producer.send(lines, { value: line })))

for await (const { records } of readTopic(connection, words, { until: 'never' })) {
  for (const { key, value } of records) console.log(`${key} ${value}`)
  if (records.some(({ key, value }) => key === 'the' && value >= 4)) break
}
await producer.close()
await streams.close()
await admin.close()
await connection.close?.()
