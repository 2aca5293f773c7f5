import t from 'tap'
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  KAFKA_ERROR as E,
  endTxnApi,
  initProducerIdApi,
  joinGroupApi,
  offsetFetchApi,
  readBatches,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../lib/protocol/index.js'
import { batchOf, fetch, initProducer, produce, valuesOf, type Wire, wire } from './wire.js'

interface Producer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

async function start(w: Wire, transactionalId: string, timeoutMs = 60_000): Promise<Producer> {
  const { errorCode, producerId, producerEpoch } = await initProducer(w, transactionalId, timeoutMs)
  if (errorCode !== 0) throw new Error(`InitProducerId: ${errorCode}`)
  return { transactionalId, producerId, producerEpoch }
}

async function add(w: Wire, p: Producer, topic: string, partitions = [0], version = 3): Promise<number> {
  const response = await w.ask(addPartitionsToTxnApi, version, {
    v3AndBelowTransactionalId: p.transactionalId,
    v3AndBelowProducerId: p.producerId,
    v3AndBelowProducerEpoch: p.producerEpoch,
    v3AndBelowTopics: [{ name: topic, partitions }],
  })
  return response.resultsByTopicV3AndBelow[0]!.resultsByPartition[0]!.partitionErrorCode
}

async function write(w: Wire, p: Producer, topic: string, value: string, baseSequence: number, version = 9) {
  const { transactionalId, producerId, producerEpoch } = p
  const records = batchOf([{ value }], { producerId, producerEpoch, baseSequence, transactional: true })
  return produce(w, topic, records, { transactionalId, version })
}

async function end(w: Wire, p: Producer, committed: boolean, version = 3): Promise<number> {
  return (await w.ask(endTxnApi, version, { ...p, committed })).errorCode
}

t.test('commit, abort, the last stable offset and the aborted index', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const p = await start(w, 'p')
  const q = await start(w, 'q')
  await add(w, p, 'a')
  await add(w, q, 'a')
  await write(w, p, 'a', 'p0', 0)
  await write(w, q, 'a', 'q0', 0)
  await produce(w, 'a', batchOf([{ value: 'plain' }]))
  t.match(await fetch(w, 'a', 0), { highWatermark: 3, lastStableOffset: 0, abortedTransactions: null })
  t.same(valuesOf((await fetch(w, 'a', 0, { readCommitted: true })).records), [])
  t.equal(await end(w, p, false), E.NONE)
  t.equal((await fetch(w, 'a', 0)).lastStableOffset, 1, 'q is open')
  t.equal(await end(w, q, true), E.NONE)
  const all = await fetch(w, 'a', 0, { readCommitted: true })
  t.match(all, { lastStableOffset: 5, abortedTransactions: [{ producerId: p.producerId, firstOffset: 0 }] })
  const markers = readBatches(all.records!).filter((batch) => batch.isControl)
  t.same(
    markers.map((batch) => batch.controlType),
    ['abort', 'commit'],
  )
  t.same((await fetch(w, 'a', 4, { readCommitted: true })).abortedTransactions, [], 'behind its marker')
  t.equal(await add(w, p, 'a'), E.NONE)
  t.match(await write(w, p, 'a', 'p1', 1), { errorCode: 0 }, 'sequences go on over transactions')
})

t.test('what EndTxn answers in each state', async (t) => {
  const rows: [string, boolean | undefined, boolean, number][] = [
    ['abort after commit', true, false, E.INVALID_TXN_STATE],
    ['commit after commit', true, true, E.NONE],
    ['abort after abort', false, false, E.NONE],
    ['commit after abort', false, true, E.INVALID_TXN_STATE],
    ['commit of nothing', undefined, true, E.INVALID_TXN_STATE],
    ['abort of nothing', undefined, false, E.INVALID_TXN_STATE],
  ]
  for (const [name, before, now, error] of rows) {
    const w = await wire()
    w.broker.createTopic('a', 1)
    const p = await start(w, 'p')
    if (before !== undefined) {
      await add(w, p, 'a')
      await end(w, p, before)
    }
    t.equal(await end(w, p, now), error, name)
  }
})

t.test('a second producer fences the first: epochs, codes per version, no late append', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const zombie = await start(w, 'p')
  await add(w, zombie, 'a')
  await write(w, zombie, 'a', 'lost', 0)
  t.equal((await initProducer(w, 'p')).errorCode, E.CONCURRENT_TRANSACTIONS, 'the open transaction is aborted first')
  const p = await start(w, 'p')
  t.same([p.producerId, p.producerEpoch], [zombie.producerId, zombie.producerEpoch + 2])
  t.equal(await add(w, zombie, 'a', [0], 3), E.PRODUCER_FENCED)
  t.equal(await add(w, zombie, 'a', [0], 1), E.INVALID_PRODUCER_EPOCH)
  t.equal(await end(w, zombie, true, 3), E.PRODUCER_FENCED)
  t.equal(await end(w, zombie, true, 1), E.INVALID_PRODUCER_EPOCH)
  t.equal((await write(w, zombie, 'a', 'late', 1)).errorCode, E.INVALID_PRODUCER_EPOCH)
  const stale = { transactionalId: 'p', transactionTimeoutMs: 60_000, producerId: zombie.producerId }
  const again = (producerEpoch: number, version: number) =>
    w.ask(initProducerIdApi, version, { ...stale, producerEpoch })
  t.equal((await again(zombie.producerEpoch, 4)).errorCode, E.PRODUCER_FENCED)
  t.equal((await again(zombie.producerEpoch, 3)).errorCode, E.INVALID_PRODUCER_EPOCH)
  t.match(await again(p.producerEpoch, 4), { errorCode: 0, producerEpoch: p.producerEpoch + 1 })
  t.match(
    await again(p.producerEpoch, 4),
    { errorCode: 0, producerEpoch: p.producerEpoch + 1 },
    'its retry bumps nothing',
  )
  t.same(valuesOf((await fetch(w, 'a', 0)).records), ['lost'])
  t.equal((await fetch(w, 'a', 0, { readCommitted: true })).abortedTransactions!.length, 1)
})

t.test('writes outside of a transaction', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 2)
  const p = await start(w, 'p')
  t.equal((await write(w, p, 'a', 'x', 0, 10)).errorCode, E.INVALID_TXN_STATE, 'not added')
  t.equal(
    (await write(w, p, 'a', 'x', 0, 11)).errorCode,
    E.TRANSACTION_ABORTABLE,
    'not added, as newer clients know it',
  )
  t.equal(await add(w, p, 'a', [0]), E.NONE)
  await write(w, p, 'a', 'x', 0)
  const plain = batchOf([{ value: 'y' }], { producerId: p.producerId, producerEpoch: p.producerEpoch, baseSequence: 1 })
  t.equal((await produce(w, 'a', plain)).errorCode, E.INVALID_TXN_STATE, 'not transactional while one is open')
  t.equal(await add(w, p, 'nowhere'), E.UNKNOWN_TOPIC_OR_PARTITION)
  t.equal(await add(w, { ...p, producerId: 77 }, 'a'), E.INVALID_PRODUCER_ID_MAPPING)
  t.equal(await add(w, { ...p, transactionalId: 'other' }, 'a'), E.INVALID_PRODUCER_ID_MAPPING)
  t.equal((await initProducer(w, 'p', 900_001)).errorCode, E.INVALID_TRANSACTION_TIMEOUT)
  t.equal((await initProducer(w, '')).errorCode, E.INVALID_REQUEST)
})

t.test('a transaction that takes too long is aborted by the clock and its producer fenced', async (t) => {
  const w = await wire()
  w.broker.createTopic('a', 1)
  const p = await start(w, 'p', 5_000)
  await add(w, p, 'a')
  await write(w, p, 'a', 'x', 0)
  await w.clock.advance(4_900)
  t.equal((await fetch(w, 'a', 0)).lastStableOffset, 0)
  await w.clock.advance(1_500)
  t.equal((await fetch(w, 'a', 0)).lastStableOffset, 2, 'the marker is there')
  t.equal(await end(w, p, true), E.PRODUCER_FENCED)
  t.equal((await write(w, p, 'a', 'y', 1)).errorCode, E.INVALID_PRODUCER_EPOCH)
  t.equal((await start(w, 'p')).producerEpoch, p.producerEpoch + 2)
})

t.test('an exhausted epoch brings a new producer id', async (t) => {
  const w = await wire()
  const first = await start(w, 'p')
  w.broker.core.transactions.get('p')!.epoch = 32_765
  const last = await start(w, 'p')
  t.same([last.producerId, last.producerEpoch], [first.producerId, 32_766])
  const next = await start(w, 'p')
  t.not(next.producerId, first.producerId)
  t.equal(next.producerEpoch, 0)
})

t.test('markers as events of their own', async (t) => {
  const w = await wire({ settings: { markerDelayMs: 50 } })
  w.broker.createTopic('a', 3)
  const p = await start(w, 'p')
  await add(w, p, 'a', [0, 1, 2])
  await write(w, p, 'a', 'x', 0)
  t.equal(await end(w, p, true), E.NONE)
  t.equal(await end(w, p, true), E.CONCURRENT_TRANSACTIONS)
  t.equal(await end(w, p, false), E.INVALID_TXN_STATE)
  t.equal(await add(w, p, 'a'), E.CONCURRENT_TRANSACTIONS)
  t.equal((await initProducer(w, 'p')).errorCode, E.CONCURRENT_TRANSACTIONS)
  t.equal((await fetch(w, 'a', 0)).lastStableOffset, 0, 'decided, but not to be seen yet')
  await w.clock.advance(51)
  t.equal((await fetch(w, 'a', 0)).lastStableOffset, 2)
  t.equal(await add(w, p, 'a'), E.NONE)
})

t.test('offsets in a transaction: members, generations, stability', async (t) => {
  const w = await wire()
  w.broker.createTopic('in', 1)
  const group = { groupId: 'g', groupInstanceId: null }
  const protocols = [{ name: 'range', metadata: Buffer.from('m') }]
  const join = {
    ...group,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    memberId: '',
    protocolType: 'consumer',
  }
  const { memberId, generationId } = await w.ask(joinGroupApi, 3, { ...join, protocols })
  await w.ask(syncGroupApi, 3, {
    ...group,
    generationId,
    memberId,
    assignments: [{ memberId, assignment: Buffer.from('x') }],
  })
  const p = await start(w, 'p')
  const offsets = (committedOffset: number) => [
    { name: 'in', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: 'm' }] },
  ]
  const commit = async (who: object, version = 3, producer: Producer = p) => {
    const body = { ...producer, groupId: 'g', topics: offsets(5), ...who }
    return (await w.ask(txnOffsetCommitApi, version, body)).topics[0]!.partitions[0]!.errorCode
  }
  const stored = async (requireStable: boolean) => {
    const topics = [{ name: 'in', partitionIndexes: [0] }]
    const response = await w.ask(offsetFetchApi, 7, { groupId: 'g', topics, requireStable })
    return response.topics[0]!.partitions[0]!
  }
  const member = { memberId, generationId }
  t.equal(await commit(member), E.INVALID_TXN_STATE, 'the group was not added')
  t.equal(await commit(member, 4), E.TRANSACTION_ABORTABLE)
  t.equal((await w.ask(addOffsetsToTxnApi, 3, { ...p, groupId: 'g' })).errorCode, E.NONE)
  const rows: [string, object, number][] = [
    ['an old generation', { memberId, generationId: generationId - 1 }, E.ILLEGAL_GENERATION],
    ['a stranger', { memberId: 'stranger', generationId }, E.UNKNOWN_MEMBER_ID],
    ['an unknown instance', { ...member, groupInstanceId: 'nobody' }, E.UNKNOWN_MEMBER_ID],
    ['another epoch', { ...member, producerEpoch: 9 }, E.INVALID_PRODUCER_EPOCH],
    ['another producer', { ...member, producerId: 99 }, E.INVALID_PRODUCER_ID_MAPPING],
    ['nobody in particular', {}, E.NONE],
    ['the member', member, E.NONE],
  ]
  for (const [name, who, error] of rows) t.equal(await commit(who), error, name)
  t.match(await stored(true), { errorCode: E.UNSTABLE_OFFSET_COMMIT, committedOffset: -1 })
  t.match(await stored(false), { errorCode: E.NONE, committedOffset: -1 })
  t.equal(await end(w, p, true), E.NONE)
  t.match(await stored(true), { errorCode: E.NONE, committedOffset: 5, metadata: 'm' })
  await w.ask(addOffsetsToTxnApi, 3, { ...p, groupId: 'g' })
  t.equal(await commit({ ...member, topics: offsets(9) }), E.NONE)
  t.equal(await end(w, p, false), E.NONE)
  t.match(await stored(true), { errorCode: E.NONE, committedOffset: 5 }, 'aborted offsets are gone')
})
