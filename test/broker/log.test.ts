import t from 'tap'
import { deleteRecordsApi, KAFKA_ERROR as E, fetchApi, listOffsetsApi, readBatches } from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { batchOf, fetch, initProducer, produce, valuesOf, wire } from './wire.js'

const NOW = 1_700_000_000_000

t.test('appends get consecutive offsets and come back whole', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  t.match(await produce(w, 'a', batchOf([{ value: 'x' }, { value: 'y' }])), { errorCode: 0, baseOffset: 0 })
  t.match(await produce(w, 'a', batchOf([{ value: 'z' }])), { errorCode: 0, baseOffset: 2 })
  const all = await fetch(w, 'a', 0)
  t.match(all, { errorCode: 0, highWatermark: 3, lastStableOffset: 3, logStartOffset: 0 })
  t.same(valuesOf(all.records), ['x', 'y', 'z'])
  for (const batch of readBatches(all.records!)) batch.verify()
  t.same(valuesOf((await fetch(w, 'a', 1)).records), ['x', 'y', 'z'], 'a fetch starts with the batch of its offset')
  t.same(valuesOf((await fetch(w, 'a', 2)).records), ['z'])
  t.same(valuesOf((await fetch(w, 'a', 3)).records), [])
  t.equal((await fetch(w, 'a', 4)).errorCode, E.OFFSET_OUT_OF_RANGE)
})

t.test('what is refused', async (t) => {
  const w = await wire()
  w.broker.createTopic('small', 1, { 'max.message.bytes': '200' })
  const crc = batchOf([{ value: 'x' }])
  crc[crc.length - 1]! ^= 1
  const two = Buffer.concat([batchOf([{ value: 'x' }]), batchOf([{ value: 'y' }])])
  const rows: [string, Buffer, number][] = [
    ['a damaged batch', crc, E.CORRUPT_MESSAGE],
    ['two batches', two, E.INVALID_RECORD],
    ['no batch', Buffer.alloc(0), E.INVALID_RECORD],
    ['a large batch', batchOf([{ value: 'x'.repeat(300) }]), E.MESSAGE_TOO_LARGE],
    ['a control batch', batchOf([{ value: 'x' }], { control: true }), E.INVALID_RECORD],
    ['the far future', batchOf([{ value: 'x', timestamp: NOW + 3_600_001 }]), E.INVALID_TIMESTAMP],
    ['no sequence', batchOf([{ value: 'x' }], { producerId: 1, producerEpoch: 0 }), E.INVALID_RECORD],
  ]
  for (const [name, records, error] of rows) t.equal((await produce(w, 'small', records)).errorCode, error, name)
  t.equal((await produce(w, 'nowhere', batchOf([{ value: 'x' }]))).errorCode, E.UNKNOWN_TOPIC_OR_PARTITION)
  t.equal(w.broker.core.topics.log('small', 0)!.endOffset, 0, 'nothing was appended')
})

t.test('idempotence: retries, gaps, epochs, the wrap of sequences', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const { producerId } = await initProducer(w, null)
  const send = (baseSequence: number, count = 1, producerEpoch = 0) =>
    produce(w, 'a', batchOf(Array(count).fill({ value: 'v' }), { producerId, producerEpoch, baseSequence }))
  const rows: [string, number, number, number, { errorCode: number; baseOffset: number }][] = [
    ['first', 0, 2, 0, { errorCode: 0, baseOffset: 0 }],
    ['its retry', 0, 2, 0, { errorCode: 0, baseOffset: 0 }],
    ['another batch with that sequence', 0, 1, 0, { errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }],
    ['a gap', 3, 1, 0, { errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }],
    ['second', 2, 1, 0, { errorCode: 0, baseOffset: 2 }],
    ['third', 3, 1, 0, { errorCode: 0, baseOffset: 3 }],
    ['fourth', 4, 1, 0, { errorCode: 0, baseOffset: 4 }],
    ['fifth', 5, 1, 0, { errorCode: 0, baseOffset: 5 }],
    ['a retry five back', 0, 2, 0, { errorCode: 0, baseOffset: 0 }],
    ['sixth', 6, 1, 0, { errorCode: 0, baseOffset: 6 }],
    ['a retry six back', 0, 2, 0, { errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }],
    ['a new epoch starts at 0', 1, 1, 1, { errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }],
    ['the new epoch', 0, 1, 1, { errorCode: 0, baseOffset: 7 }],
    ['the old epoch', 7, 1, 0, { errorCode: E.INVALID_PRODUCER_EPOCH, baseOffset: -1 }],
  ]
  for (const [name, sequence, count, epoch, expected] of rows)
    t.match(await send(sequence, count, epoch), expected, name)
  const other = { producerId: producerId + 100, producerEpoch: 0 }
  const wrap = (baseSequence: number, count: number) =>
    produce(w, 'a', batchOf(Array(count).fill({ value: 'v' }), { ...other, baseSequence }))
  t.equal((await wrap(0x7fff_fffe, 3)).errorCode, 0, 'an unknown producer starts anywhere')
  t.equal((await wrap(0x7fff_fffe, 3)).baseOffset, 8, 'its retry over the wrap')
  t.equal((await wrap(1, 1)).errorCode, 0, 'and goes on behind 0')
})

t.test('limits of a fetch: whole batches, the first one always', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const one = batchOf([{ value: 'x'.repeat(100) }])
  for (let i = 0; i < 5; i++) await produce(w, 'a', one)
  const size = (await fetch(w, 'a', 0, { partitionMaxBytes: 1 })).records!.length
  t.equal(size, one.length)
  t.equal((await fetch(w, 'a', 0, { partitionMaxBytes: one.length * 3 + 5 })).records!.length, one.length * 3)
  t.equal((await fetch(w, 'a', 0, { maxBytes: one.length * 2 })).records!.length, one.length * 2)
})

t.test('a fetch waits for enough bytes, or until its time is over', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const reader = w.broker.connection()
  const topics = [{ topic: 'a', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
  const body = { maxWaitMs: 500, minBytes: 100, topics, forgottenTopicsData: [] }
  let answered = 0
  const long = w.ask(fetchApi, 11, body, reader).then((response) => {
    answered = w.clock.nowMs
    return response
  })
  await w.clock.advance(100)
  await produce(w, 'a', batchOf([{ value: 'x' }]))
  await w.clock.advance(100)
  t.equal(answered, 0, 'too little so far')
  await produce(w, 'a', batchOf([{ value: 'y' }]))
  await w.clock.advance(100)
  t.same(valuesOf((await long).responses[0]!.partitions[0]!.records), ['x', 'y'])
  const timers = w.clock.pendingTimers
  const empty = w.ask(fetchApi, 11, { ...body, minBytes: 100_000 }, reader)
  await w.clock.advance(499)
  t.equal(w.clock.pendingTimers, timers + 1)
  await w.clock.advance(1)
  t.equal((await empty).responses[0]!.partitions[0]!.highWatermark, 2, 'after maxWaitMs it answers with what there is')
  const given = w.ask(fetchApi, 11, { ...body, minBytes: 100_000 }, reader)
  reader.close()
  await given
  t.equal(w.clock.pendingTimers, timers, 'a closed connection leaves no timer behind')
})

t.test('answers of one connection keep their order', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const topics = [{ topic: 'a', partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }] }]
  const order: string[] = []
  const long = w.ask(fetchApi, 11, { maxWaitMs: 50, minBytes: 1, topics, forgottenTopicsData: [] })
  const both = [long.then(() => order.push('fetch')), initProducer(w, null).then(() => order.push('init'))]
  await w.clock.advance(60)
  await Promise.all(both)
  t.same(order, ['fetch', 'init'])
})

t.test('offsets by time and position', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  await produce(
    w,
    'a',
    batchOf([
      { value: 'a', timestamp: NOW },
      { value: 'b', timestamp: NOW + 10 },
    ]),
  )
  await produce(
    w,
    'a',
    batchOf([
      { value: 'c', timestamp: NOW + 5 },
      { value: 'd', timestamp: NOW + 30 },
    ]),
  )
  const rows: [string, number, number, number][] = [
    ['earliest', -2, 0, -1],
    ['latest', -1, 4, -1],
    ['greatest timestamp', -3, 3, NOW + 30],
    ['before all', 0, 0, NOW],
    ['between', NOW + 1, 1, NOW + 10],
    ['in the second batch', NOW + 11, 3, NOW + 30],
    ['after all', NOW + 31, -1, -1],
  ]
  for (const [name, timestamp, offset, found] of rows) {
    const topics = [{ name: 'a', partitions: [{ partitionIndex: 0, timestamp }] }]
    const response = await w.ask(listOffsetsApi, 7, { replicaId: -1, topics })
    t.match(response.topics[0]!.partitions[0], { errorCode: 0, offset, timestamp: found }, name)
  }
})

t.test('LogAppendTime stamps batches and keeps them valid', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1, { 'message.timestamp.type': 'LogAppendTime' })
  t.match(await produce(w, 'a', batchOf([{ value: 'x', timestamp: 5 }])), { errorCode: 0, logAppendTimeMs: NOW })
  const [batch] = readBatches((await fetch(w, 'a', 0)).records!)
  batch!.verify()
  t.equal(batch!.isLogAppendTime, true)
  t.equal(batch!.maxTimestamp, NOW)
})

t.test('DeleteRecords, retention by time and by size', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1, { 'segment.bytes': '1024', 'retention.ms': '1000' })
  w.broker.createTopic('b', 1, { 'segment.bytes': '1024', 'retention.ms': '-1', 'retention.bytes': '2048' })
  w.broker.createTopic('c', 1, { 'cleanup.policy': 'compact' })
  const value = 'x'.repeat(300)
  for (let i = 0; i < 12; i++) {
    await produce(w, 'a', batchOf([{ value }], {}, w.clock.nowMs))
    await produce(w, 'b', batchOf([{ value }], {}, w.clock.nowMs))
    await w.clock.advance(100)
  }
  await produce(w, 'c', batchOf([{ key: 'k', value }]))
  const cut = async (name: string, offset: number) => {
    const topics = [{ name, partitions: [{ partitionIndex: 0, offset }] }]
    return (await w.ask(deleteRecordsApi, 2, { topics, timeoutMs: 1_000 })).topics[0]!.partitions[0]!
  }
  t.match(await cut('a', 1), { errorCode: 0, lowWatermark: 1 })
  t.match(await cut('a', 0), { errorCode: 0, lowWatermark: 1 }, 'the start never goes back')
  t.match(await cut('a', 99), { errorCode: E.OFFSET_OUT_OF_RANGE })
  t.match(await cut('c', -1), { errorCode: E.POLICY_VIOLATION })
  t.equal((await fetch(w, 'a', 0)).errorCode, E.OFFSET_OUT_OF_RANGE)
  await w.clock.advance(300_000 - 1_200)
  const a = w.broker.core.topics.log('a', 0)!
  const b = w.broker.core.topics.log('b', 0)!
  t.same([a.logStartOffset, a.endOffset], [12, 12], 'everything is too old')
  t.equal(a.sizeBytes, 0)
  t.ok(b.logStartOffset > 0 && b.logStartOffset < 12, 'whole segments go until the size is right')
  t.ok(b.sizeBytes >= 2048 && b.sizeBytes < 2048 + 1024 + 400)
  t.match(await produce(w, 'a', batchOf([{ value }])), { errorCode: 0, baseOffset: 12 })
})

t.test('against a naive log: random appends and reads over many segments', async (t) => {
  const random = seededRandom('naive log')
  const w = await wire()
  w.broker.createTopic('a', 1, { 'segment.bytes': '2048' })
  const naive: string[] = []
  for (let round = 0; round < 200; round++) {
    const values = Array.from({ length: 1 + random.int(5) }, () => `${naive.length}-${random.int(1_000_000)}`)
    t.equal((await produce(w, 'a', batchOf(values.map((value) => ({ value }))))).baseOffset, naive.length)
    naive.push(...values)
    const from = random.int(naive.length + 1)
    const { records } = await fetch(w, 'a', from, { partitionMaxBytes: 100 + random.int(4_000) })
    const [first] = readBatches(records!)
    const base = first?.baseOffset ?? naive.length
    const got = valuesOf(records)
    t.ok(base <= from || from === naive.length)
    t.same(got, naive.slice(base, base + got.length))
  }
})
