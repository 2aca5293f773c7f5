/** Committed offsets follow the log past what nobody can read: markers, and records of aborted transactions. */
import t from 'tap'
import { connect, Streams, StreamsBuilder, string, systemClock, TransactionalProducer } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'

t.test('the lag goes to 0 when the last transaction of a partition is aborted', { timeout: 15_000 }, async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const cluster = connect({ broker: world.broker })
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out')
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    engines: new MemoryEngines(),
  })
  t.teardown(async () => {
    await streams.close()
    await cluster.close()
  })
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await world.until('out', (records) => records.length === 1)
  const producer = new TransactionalProducer({ cluster, transactionalId: 'aborts' })
  await producer.init()
  producer.begin()
  await producer.append({ topic: 'in', key: Buffer.from('k'), value: Buffer.from('never') })
  await producer.flush()
  await producer.abort()
  const places = [{ topic: 'in', partition: 0 }]
  const ends = async () => (await world.admin.listOffsets(places, 'latest', 'readCommitted'))[0]!.offset
  const committed = async () => (await world.admin.groupOffsets('app', places))[0]!.offset
  t.equal(await ends(), 4, 'a record and a marker, twice')
  while ((await committed()) < 4) await systemClock.nextTurn()
  t.equal(await committed(), 4)
  t.same(await world.committed('out'), ['k=v'])
})
