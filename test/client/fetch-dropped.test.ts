/** Partitions that are given away while what has arrived of them waits: the others go on. */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import { BatchBuilder } from '../../lib/protocol/index.js'
import { type Script, ScriptedBroker } from './scripted-broker.js'

const BYTES = 10_000

function batchAt(offset: number): Buffer {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.alloc(BYTES))
  const identity = { producerId: -1, producerEpoch: -1, baseSequence: -1 }
  const bytes = Buffer.from(builder.build({ ...identity, transactional: false, compression: 'none' }))
  bytes.writeBigInt64BE(BigInt(offset), 0)
  return bytes
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
