import { Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import t from 'tap'
import { startedBroker } from './started.js'

t.test('producer and consumer of @platformatic/kafka', async (t) => {
  const { broker, bootstrap, reports } = await startedBroker(t)
  broker.createTopic('events', 2)
  const bootstrapBrokers = [bootstrap]
  const producer = new Producer({ clientId: 'p', bootstrapBrokers, serializers: stringSerializers, idempotent: true })
  t.teardown(() => producer.close())
  for (let round = 0; round < 3; round++) {
    const messages = Array.from({ length: 10 }, (_, i) => ({ topic: 'events', key: `k${i}`, value: `${round}-${i}` }))
    await producer.send({ messages, acks: -1 })
  }
  const consumer = new Consumer({
    clientId: 'c',
    groupId: 'platformatic-readers',
    bootstrapBrokers,
    deserializers: stringDeserializers,
  })
  t.teardown(() => consumer.close(true))
  const stream = await consumer.consume({ topics: ['events'], mode: 'earliest', autocommit: false, maxWaitTime: 100 })
  const values = new Set<string>()
  for await (const message of stream) {
    values.add(message.value)
    await message.commit()
    if (values.size === 30) break
  }
  t.equal(values.size, 30, 'every record once')
  const committed = broker.core.offsets.all('platformatic-readers').reduce((sum, { offset }) => sum + offset, 0)
  t.equal(committed, 30, 'and committed')
  t.same(reports, [])
})
