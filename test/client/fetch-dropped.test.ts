/** Partitions that are given away while what has arrived of them waits: the others go on. */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import { BatchBuilder, type BatchView } from '../../lib/protocol/index.js'
import { type Script, ScriptedBroker } from './scripted-broker.js'

const BYTES = 10_000

function batchAt(offset: number, bytes = BYTES): Buffer {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.alloc(bytes))
  const identity = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  const batch = Buffer.from(builder.build({ ...identity, transactional: false, compression: 'none' }))
  batch.writeBigInt64BE(BigInt(offset), 0)
  return batch
}

/** Partition 0 always has another record; the others have theirs as soon as `hasMore` says so. */
function log(hasMore: () => boolean): Script {
  return (request) => ({
    responses: (request.topics as { topicId: string; partitions: { partition: number; fetchOffset: number }[] }[]).map(
      ({ topicId, partitions }) => ({
        topicId,
        partitions: partitions.map(({ partition, fetchOffset }) => {
          const records = partition === 0 || hasMore() ? batchAt(fetchOffset) : null
          const end = records === null ? fetchOffset : fetchOffset + 1
          const marks = { highWatermark: end, lastStableOffset: end, logStartOffset: 0, abortedTransactions: null }
          return { partitionIndex: partition, errorCode: 0, ...marks, records }
        }),
      }),
    ),
  })
}

t.test('where all that fills the memory is of a partition that goes, the others are read on', async (t) => {
  const broker = new ScriptedBroker()
  const { clock, cluster } = broker
  let hasMore = false
  broker.always(
    'Fetch',
    log(() => hasMore),
  )
  const fetcher = new Fetcher({ cluster, isolation: 'readUncommitted', maxArrivedBytes: 5 * BYTES })
  for (const partition of [0, 1]) fetcher.add({ topic: 'in', partition }, 0)
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await clock.nextTurn()
  }
  await turns(200)
  const asked = broker.named('Fetch').length
  await turns(200)
  t.equal(broker.named('Fetch').length, asked, 'enough waits: nothing is asked for')
  hasMore = true
  fetcher.remove({ topic: 'in', partition: 0 })
  t.same(fetcher.poll(), [])
  await turns(200)
  t.ok(
    fetcher.poll().some(({ partition }) => partition === 1),
    'the other partition is read',
  )
  fetcher.close()
  await cluster.close()
})

t.test('a small part of an answer that is kept does not keep the whole answer', async (t) => {
  const broker = new ScriptedBroker()
  const { clock, cluster } = broker
  broker.always('Fetch', (request) => {
    const [{ topicId, partitions }] = request.topics as [
      { topicId: string; partitions: { partition: number; fetchOffset: number }[] },
    ]
    const rows = partitions.map(({ partition, fetchOffset: offset }) => {
      const marks = { highWatermark: 1e6, lastStableOffset: 1e6, logStartOffset: 0 }
      const records = batchAt(offset, partition === 0 ? 100 : 200_000)
      return { partitionIndex: partition, errorCode: 0, ...marks, abortedTransactions: null, records }
    })
    return { responses: [{ topicId, partitions: rows }] }
  })
  const fetcher = new Fetcher({ cluster, isolation: 'readUncommitted', maxArrivedBytes: 300_000 })
  for (const partition of [0, 1]) fetcher.add({ topic: 'in', partition }, 0)
  const kept: BatchView[] = []
  while (kept.length < 50) {
    await clock.nextTurn()
    for (const { partition, batches } of fetcher.poll()) if (partition === 0) kept.push(...batches)
  }
  const memory = new Set(kept.map((batch) => batch.bytes.buffer))
  const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)
  t.ok(bytes < kept.length * 20_000, `${bytes} bytes are kept for ${kept.length} small batches`)
  fetcher.close()
  await cluster.close()
})
