import t, { type Test } from 'tap'
import { MemoryStorage } from '../../lib/broker/index.js'
import { compactLog } from '../../lib/broker/log/compaction.js'
import { addPartitionsToTxnApi, type Compression, endTxnApi, readBatches } from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { batchOf, fetch, initProducer, produce, valuesOf, type Wire, wire } from './wire.js'

const COMPACT = { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0', 'delete.retention.ms': '1000' }

/** Key and value of what a reader of committed data sees, with the offset. */
async function visible(w: Wire, topic = 'a') {
  const rows: { key: string; value: string | null; offset: number }[] = []
  let offset = 0
  const aborted = new Set<string>()
  for (;;) {
    const answer = await fetch(w, topic, offset, { readCommitted: true })
    for (const { producerId, firstOffset } of answer.abortedTransactions!) aborted.add(`${producerId}-${firstOffset}`)
    const batches = readBatches(answer.records!)
    if (batches.length === 0) return rows
    for (const batch of batches) {
      batch.verify()
      offset = batch.lastOffset + 1
      if (batch.isControl) continue
      const cursor = batch.records()
      while (cursor.next()) {
        if (cursor.offset < 0) throw new Error('an offset is negative')
        rows.push({ key: cursor.key()!.toString(), value: cursor.value()?.toString() ?? null, offset: cursor.offset })
      }
    }
  }
}

function compact(w: Wire): boolean {
  return compactLog(w.broker.core.topics.log('a', 0)!, w.clock.nowMs, 1)
}

t.test('keeps the newest of each key, at its offset, in every codec', async (t) => {
  for (const compression of ['none', 'gzip', 'lz4', 'snappy'] as Compression[]) {
    const w = await wire()
    w.broker.createTopic('a', 1, COMPACT)
    const random = seededRandom(compression)
    const newest = new Map<string, { value: string; offset: number }>()
    let offset = 0
    for (let round = 0; round < 30; round++) {
      const rows = Array.from({ length: 1 + random.int(6) }, () => ({
        key: `k${random.int(8)}`,
        value: `${random.int(1e6)}`,
      }))
      await produce(w, 'a', batchOf(rows, { compression }))
      for (const { key, value } of rows) newest.set(key, { value, offset: offset++ })
    }
    const before = w.broker.core.topics.log('a', 0)!.sizeBytes
    t.equal(compact(w), true)
    t.ok(w.broker.core.topics.log('a', 0)!.sizeBytes < before / 2, 'it shrank')
    const rows = await visible(w)
    t.same(new Map(rows.map(({ key, value, offset }) => [key, { value, offset }])), newest, compression)
    t.equal(rows.length, newest.size)
    t.equal(w.broker.core.topics.log('a', 0)!.endOffset, offset, 'offsets go on')
  }
})

t.test('tombstones stay for delete.retention.ms', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1, COMPACT)
  await produce(
    w,
    'a',
    batchOf([
      { key: 'a', value: '1' },
      { key: 'b', value: '2' },
    ]),
  )
  await produce(w, 'a', batchOf([{ key: 'a', value: null }]))
  compact(w)
  t.same(await visible(w), [
    { key: 'b', value: '2', offset: 1 },
    { key: 'a', value: null, offset: 2 },
  ])
  await w.clock.advance(999)
  compact(w)
  t.equal((await visible(w)).length, 2)
  await w.clock.advance(2)
  t.equal(compact(w), true)
  t.same(await visible(w), [{ key: 'b', value: '2', offset: 1 }])
})

async function transaction(
  t: Test,
  w: Wire,
  commit: boolean | undefined,
  rows: { key: string; value: string }[],
  id: string,
) {
  const { producerId, producerEpoch } = await initProducer(w, id)
  await w.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: id,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 'a', partitions: [0] }],
  })
  const records = batchOf(rows, { producerId, producerEpoch, baseSequence: 0, transactional: true })
  t.equal((await produce(w, 'a', records, { transactionalId: id })).errorCode, 0)
  if (commit !== undefined) {
    await w.ask(endTxnApi, 3, { transactionalId: id, producerId, producerEpoch, committed: commit })
  }
}

t.test('transactions: aborted data goes, open ones are not passed, markers and sequences survive', async (t) => {
  const storage = new MemoryStorage()
  const w = await wire({ storage })
  w.broker.createTopic('a', 1, COMPACT)
  await transaction(t, w, true, [{ key: 'a', value: 'committed' }], 'p')
  await transaction(
    t,
    w,
    false,
    [
      { key: 'a', value: 'aborted' },
      { key: 'b', value: 'aborted' },
    ],
    'q',
  )
  await transaction(t, w, true, [{ key: 'c', value: 'old' }], 'r')
  await produce(w, 'a', batchOf([{ key: 'c', value: 'new' }]))
  compact(w)
  const expected = [
    { key: 'a', value: 'committed', offset: 0 },
    { key: 'c', value: 'new', offset: 7 },
  ]
  t.same(await visible(w), expected)
  await w.clock.advance(1_001)
  compact(w)
  t.same(await visible(w), expected)
  const log = w.broker.core.topics.log('a', 0)!
  t.equal(log.producers.aborted.length, 0, 'the aborted transaction is forgotten with its marker')
  w.broker.halt()
  const again = await wire({ storage }, w.clock)
  const recovered = again.broker.core.topics.log('a', 0)!
  t.equal(recovered.lastStableOffset, recovered.endOffset, 'no transaction reopens without its marker')
  t.equal(recovered.producers.byId.size, log.producers.byId.size, 'every producer is still known')
  t.same(await visible(again), expected)
  await transaction(t, again, undefined, [{ key: 'a', value: 'open' }], 's')
  await produce(again, 'a', batchOf([{ key: 'a', value: 'newer' }]))
  compactLog(recovered, again.clock.nowMs, 1)
  t.same(
    valuesOf((await fetch(again, 'a', 8)).records),
    ['open', 'newer'],
    'behind an open transaction nothing changes',
  )
  t.same(await visible(again), expected)
})

t.test('the clock runs it', async (t) => {
  const w = await wire({ settings: { compactionRollBytes: 1, compactionIntervalMs: 100 } })
  w.broker.createTopic('a', 1, COMPACT)
  for (let i = 0; i < 5; i++) await produce(w, 'a', batchOf([{ key: 'k', value: `${i}` }]))
  await w.clock.advance(100)
  t.same(await visible(w), [{ key: 'k', value: '4', offset: 4 }])
})
