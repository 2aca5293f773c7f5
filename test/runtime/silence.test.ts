/** `idleTimeoutMs` in a running instance: the broker's word that nothing is there is what lets event time go on. */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import { connect, int64, Streams, StreamsBuilder, string, TransactionalProducer, tumbling } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { asInt64, embedded } from './embedded.js'

function countOnClose() {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 200 }))
    .emitStrategy('onWindowClose')
    .count({ store: { name: 'counts' } })
    .toStream()
    .selectKey(({ key, window }) => `${key}@${window.startMs}`)
    .to('out', { key: string, value: int64 })
  return builder.build()
}

t.test('a window closes once when its partition falls silent, also over a restart', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const settings = { applicationId: 'app', broker: world.broker, engines: new MemoryEngines(), idleTimeoutMs: 30 }
  await world.send([
    { topic: 'in', key: 'a', value: 'x', timestamp: 1_000 },
    { topic: 'in', key: 'a', value: 'y', timestamp: 1_150 },
    { topic: 'in', key: 'b', value: 'z', timestamp: 1_010 },
  ])
  const first = new Streams(countOnClose(), settings)
  await first.start()
  const closed = ['a@1000=2', 'b@1000=1']
  t.same(await world.until('out', (records) => records.length >= 2, asInt64), closed)
  await first.close()

  const second = new Streams(countOnClose(), settings)
  await second.start()
  await world.send([
    { topic: 'in', key: 'a', value: 'late', timestamp: 1_199 },
    { topic: 'in', key: 'a', value: 'next', timestamp: 1_900 },
  ])
  t.same(await world.until('out', (records) => records.length >= 3, asInt64), [...closed, 'a@1800=1'])
  t.same([...second.droppedRecords()], [['late', 1]])
  await second.close()
})

t.test('an open transaction is no silence', async (t) => {
  const world = await embedded(t, { in: 1 })
  await world.send([{ topic: 'in', key: 'a', value: 'x' }])
  const cluster = connect({ broker: world.broker })
  const producer = new TransactionalProducer({ cluster, transactionalId: 'other' })
  await producer.init()
  producer.begin()
  await producer.append({ topic: 'in', partition: 0, key: null, value: Buffer.from('undecided') })
  await producer.flush()
  const fetcher = new Fetcher({ cluster, isolation: 'readCommitted' })
  const in0 = { topic: 'in', partition: 0 }
  const poll = async (enough: () => boolean) => {
    for (const deadline = Date.now() + 5_000; !enough() && Date.now() < deadline; ) {
      fetcher.poll()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  fetcher.add(in0, 0)
  await poll(() => fetcher.position(in0) === fetcher.watermarks(in0)?.lastStableOffset)
  t.ok(fetcher.position(in0)! > 0)
  t.equal(fetcher.emptyAtMs(in0), null)
  await producer.commit()
  await poll(() => fetcher.emptyAtMs(in0) !== null)
  t.not(fetcher.emptyAtMs(in0), null)
  fetcher.close()
  await cluster.close()
})
