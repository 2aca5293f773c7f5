/** What a running instance does about records and errors it cannot go on with. */
import t from 'tap'
import { int64, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { asInt64, embedded } from './embedded.js'

t.test('a retried record leaves no trace of its failed attempts, in stores and topics', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  let broken = 4
  const attempts: number[] = []
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .peek((_key, count) => {
      if (count === 3 && broken-- > 0) throw new Error('not yet')
    })
    .to('out', { key: string, value: int64 })
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    cacheMaxBytes: 0,
    onProcessingError({ attempt }) {
      attempts.push(attempt)
      return 'retry'
    },
  })
  await streams.start()
  await world.send(Array.from({ length: 5 }, () => ({ topic: 'in', key: 'k', value: 'x' })))
  const records = await world.until('out', (found) => found.length >= 5, asInt64)
  t.same(records, ['k=1', 'k=2', 'k=3', 'k=4', 'k=5'])
  t.same(attempts, [1, 2, 3, 4])
  await streams.close()
})

t.test('the largest record allowed goes through, one byte more is skipped', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .mapValues((length) => 'x'.repeat(Number(length)))
    .to('out')
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    onProductionError: 'skip',
  })
  await streams.start()
  const lengths = [400_000, 1_048_486, 1_048_487, 400_000]
  await world.send(lengths.map((length) => ({ topic: 'in', key: 'k', value: String(length) })))
  const records = await world.until(
    'out',
    (found) => found.length >= 3,
    (value) => value.length,
  )
  t.same(records, ['k=400000', 'k=1048486', 'k=400000'])
  t.same([...streams.droppedRecords()], [['production', 1]])
  await streams.close()
})
