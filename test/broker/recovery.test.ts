import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { type BrokerStorage, FolderStorage, MemoryStorage } from '../../lib/broker/index.js'
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  KAFKA_ERROR as E,
  endTxnApi,
  offsetFetchApi,
  txnOffsetCommitApi,
} from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { batchOf, fetch, initProducer, produce, valuesOf, type Wire, wire } from './wire.js'

function folder(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-broker-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What a kill at this moment leaves on the disk. */
function crashed(t: Test, path: string): string {
  const copy = folder(t)
  cpSync(path, copy, { recursive: true })
  rmSync(join(copy, 'lock'), { force: true })
  return copy
}

function segmentFiles(path: string): string[] {
  const logs = join(path, 'logs')
  return readdirSync(logs).flatMap((id) => readdirSync(join(logs, id)).map((name) => join(logs, id, name)))
}

async function open(t: Test, storage: BrokerStorage, reports: string[] = []): Promise<Wire> {
  const w = await wire({ storage, report: (line) => reports.push(line) })
  t.teardown(() => w.broker.close())
  return w
}

async function beginTransaction(w: Wire, transactionalId: string) {
  const { producerId, producerEpoch } = await initProducer(w, transactionalId)
  const p = { transactionalId, producerId, producerEpoch }
  await w.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 'a', partitions: [0] }],
  })
  await w.ask(addOffsetsToTxnApi, 3, { ...p, groupId: 'g/1' })
  const send = (value: string, baseSequence: number) =>
    produce(w, 'a', batchOf([{ value }], { producerId, producerEpoch, baseSequence, transactional: true }), {
      transactionalId,
    })
  const commitOffset = (committedOffset: number) =>
    w.ask(txnOffsetCommitApi, 3, {
      ...p,
      groupId: 'g/1',
      topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: 'm' }] }],
    })
  return { p, send, commitOffset }
}

async function offsetOf(w: Wire) {
  const topics = [{ name: 'a', partitionIndexes: [0] }]
  const response = await w.ask(offsetFetchApi, 7, { groupId: 'g/1', topics, requireStable: true })
  return response.topics[0]!.partitions[0]!
}

t.test('a restart keeps topics, logs, offsets, producers and transactions', async (t) => {
  const kinds: [string, () => [BrokerStorage, (t: Test) => BrokerStorage]][] = [
    [
      'memory',
      () => {
        const storage = new MemoryStorage()
        return [storage, () => storage]
      },
    ],
    [
      'folder',
      () => {
        const path = folder(t)
        return [new FolderStorage(path), (t) => new FolderStorage(crashed(t, path))]
      },
    ],
  ]
  for (const [name, make] of kinds) {
    await t.test(name, async (t) => {
      const [storage, after] = make()
      const before = await open(t, storage)
      before.broker.createTopic('a', 2, { 'segment.bytes': '1024' })
      const first = await beginTransaction(before, 'p')
      await first.send('kept', 0)
      await first.commitOffset(11)
      t.equal((await before.ask(endTxnApi, 3, { ...first.p, committed: true })).errorCode, E.NONE)
      for (let i = 0; i < 20; i++) await produce(before, 'a', batchOf([{ value: 'x'.repeat(200) }]), { partition: 1 })
      const second = await beginTransaction(before, 'p2')
      await second.send('open', 0)
      await second.commitOffset(99)
      if (name === 'memory') before.broker.halt()

      const w = await open(t, after(t))
      const topic = w.broker.core.topics.named('a')!
      t.equal(topic.id, before.broker.core.topics.named('a')!.id)
      t.equal(w.broker.core.clusterId, before.broker.core.clusterId)
      t.equal(topic.partitions[1]!.endOffset, 20)
      t.equal(topic.partitions[1]!.segments.length, before.broker.core.topics.log('a', 1)!.segments.length)
      t.equal(valuesOf((await fetch(w, 'a', 3, { partition: 1 })).records).length, 17)
      t.match(await offsetOf(w), { errorCode: E.UNSTABLE_OFFSET_COMMIT }, 'the open transaction is still open')
      t.same(valuesOf((await fetch(w, 'a', 0, { readCommitted: true })).records), ['kept'])
      const { producerId, producerEpoch } = second.p
      const retry = batchOf([{ value: 'open' }], { producerId, producerEpoch, baseSequence: 0, transactional: true })
      t.match(
        await produce(w, 'a', retry, { transactionalId: 'p2' }),
        { errorCode: 0, baseOffset: 2 },
        'a retry is known',
      )
      t.equal((await w.ask(endTxnApi, 3, { ...second.p, committed: true })).errorCode, E.NONE)
      t.match(await offsetOf(w), { errorCode: 0, committedOffset: 99, metadata: 'm' })
      t.same(valuesOf((await fetch(w, 'a', 0, { readCommitted: true })).records), ['kept', 'open'])
      t.not((await initProducer(w, 'p3')).producerId, producerId, 'producer ids are not given out twice')
    })
  }
})

t.test('a decision on disk whose markers were lost is carried out', async (t) => {
  const storage = new MemoryStorage()
  const before = await wire({ storage, settings: { markerDelayMs: 1_000 } })
  before.broker.createTopic('a', 1)
  const { p, send, commitOffset } = await beginTransaction(before, 'p')
  await send('kept', 0)
  await commitOffset(4)
  await before.ask(endTxnApi, 3, { ...p, committed: true })
  before.broker.halt()
  t.equal(before.broker.core.topics.log('a', 0)!.lastStableOffset, 0)
  const w = await open(t, storage)
  t.same(valuesOf((await fetch(w, 'a', 0, { readCommitted: true })).records), ['kept'])
  t.match(await offsetOf(w), { errorCode: 0, committedOffset: 4 })
  t.equal(w.broker.core.transactions.get('p')!.status, 'CompleteCommit')
})

t.test('torn and damaged tails: every cut gives a prefix of whole batches', async (t) => {
  const path = folder(t)
  const before = await open(t, new FolderStorage(path))
  before.broker.createTopic('a', 1)
  const ends = [0]
  for (let i = 0; i < 6; i++) {
    await produce(before, 'a', batchOf([{ value: `v${i}`.repeat(1 + i) }]))
    ends.push(before.broker.core.topics.log('a', 0)!.sizeBytes)
  }
  await before.broker.close()
  const random = seededRandom('torn')
  for (let round = 0; round < 25; round++) {
    const copy = crashed(t, path)
    const [file] = segmentFiles(copy)
    const size = statSync(file!).size
    const at = random.int(size)
    const flips = round % 2 === 0
    if (flips) {
      const bytes = readFileSync(file!)
      // The base offset and the leader epoch lie outside the checksum; the broker itself sets them.
      const start = ends.findLast((end) => end <= at)!
      const target = at - start < 17 ? start + 30 : at
      bytes[target]! ^= 0x10
      writeFileSync(file!, bytes)
    } else truncateSync(file!, at)
    const whole = ends.filter((end) => end > 0 && end <= at).length
    const reports: string[] = []
    const w = await open(t, new FolderStorage(copy), reports)
    t.equal(w.broker.core.topics.log('a', 0)!.endOffset, whole, `${flips ? 'flipped' : 'cut'} at ${at}`)
    t.equal(reports.length, flips || !ends.includes(at) ? 1 : 0)
    t.match(await produce(w, 'a', batchOf([{ value: 'next' }])), { errorCode: 0, baseOffset: whole })
    t.equal(valuesOf((await fetch(w, 'a', 0)).records).at(-1), 'next')
  }
})

t.test('a torn tail of the journal: every cut gives a prefix of what was done', async (t) => {
  const path = folder(t)
  const before = await open(t, new FolderStorage(path))
  before.broker.createTopic('a', 1)
  const journal = join(path, readdirSync(path).find((name) => name.startsWith('journal-'))!)
  const ends = [statSync(journal).size]
  for (let i = 0; i < 6; i++) {
    await produce(before, 'a', batchOf([{ value: `v${i}`.repeat(1 + i) }]))
    ends.push(statSync(journal).size)
  }
  const random = seededRandom('torn journal')
  for (let round = 0; round < 25; round++) {
    const copy = crashed(t, path)
    const file = join(copy, basename(journal))
    const at = ends[0]! + random.int(ends.at(-1)! - ends[0]!)
    if (round % 2 === 0) {
      const bytes = readFileSync(file)
      bytes[at]! ^= 0x10
      writeFileSync(file, bytes)
    } else truncateSync(file, at)
    const reports: string[] = []
    const w = await open(t, new FolderStorage(copy), reports)
    const whole = ends.findLastIndex((end) => end <= at)
    // The segment's own entry comes before its first batch.
    t.equal(w.broker.core.topics.log('a', 0)!.endOffset, whole, `${round % 2 === 0 ? 'flipped' : 'cut'} at ${at}`)
    t.equal(reports.length, round % 2 === 0 || !ends.includes(at) ? 1 : 0)
    t.match(await produce(w, 'a', batchOf([{ value: 'next' }])), { errorCode: 0, baseOffset: whole })
    t.equal(valuesOf((await fetch(w, 'a', 0)).records).at(-1), 'next')
  }
})

t.test('a torn line of state is dropped whole', async (t) => {
  const path = folder(t)
  const before = await open(t, new FolderStorage(path))
  before.broker.createTopic('a', 1)
  await before.broker.close()
  appendFileSync(join(path, 'state.log'), '00000000 [["topic/b",{"id":"x"')
  const reports: string[] = []
  const w = await open(t, new FolderStorage(path), reports)
  t.same(
    w.broker.core.topics.all().map(({ name }) => name),
    ['a'],
  )
  t.equal(reports.length, 1)
  t.notMatch(readFileSync(join(path, 'state.log'), 'utf8'), 'topic/b')
})

t.test('what is saved leaves memory and is read back, across what is not', async (t) => {
  const w = await open(t, new FolderStorage(folder(t), { saveBytes: 20_000 }))
  w.broker.createTopic('a', 1, { 'segment.bytes': '30000' })
  const log = w.broker.core.topics.log('a', 0)!
  const residentBytes = () =>
    log.segments.reduce((sum, { sizeBytes, residentFrom }) => sum + sizeBytes - residentFrom, 0)
  const sent: string[] = []
  const isEnough = () => sent.length >= 1_000 && residentBytes() < log.sizeBytes / 3
  // Saves go on while the broker waits for the disk.
  for (const deadline = Date.now() + 20_000; !isEnough() && Date.now() < deadline; ) {
    sent.push(`${sent.length}/${'x'.repeat(sent.length % 700)}`)
    await produce(w, 'a', batchOf([{ value: sent.at(-1)! }]))
    if (sent.length % 5 === 0) await w.broker.core.storage.sync()
  }
  t.ok(isEnough(), `${residentBytes()} of ${log.sizeBytes} bytes in memory`)
  for (const from of [0, 1, 57, 570, 999]) t.same(valuesOf((await fetch(w, 'a', from)).records), sent.slice(from))
  t.equal((await fetch(w, 'a', 3, { partitionMaxBytes: 2_000 })).records!.length <= 2_000, true, 'limits hold')
})

t.test('what is saved leaves memory also where nothing is written any more', async (t) => {
  const w = await open(t, new FolderStorage(folder(t), { saveBytes: 20_000 }))
  w.broker.createTopic('quiet', 1)
  w.broker.createTopic('a', 1)
  for (let i = 0; i < 10; i++) await produce(w, 'quiet', batchOf([{ value: `${i}` }]))
  const [segment] = w.broker.core.topics.log('quiet', 0)!.segments
  const isSaved = () => segment!.file.savedBytes === segment!.sizeBytes
  for (const deadline = Date.now() + 20_000; !isSaved() && Date.now() < deadline; ) {
    await produce(w, 'a', batchOf([{ value: 'x'.repeat(500) }]))
    await w.broker.core.storage.sync()
  }
  t.equal(segment!.residentFrom, 0)
  await w.clock.advance(w.broker.core.settings.retentionCheckIntervalMs)
  t.equal(segment!.residentFrom, segment!.sizeBytes)
  t.same(
    valuesOf((await fetch(w, 'quiet', 3)).records),
    [3, 4, 5, 6, 7, 8, 9].map((i) => `${i}`),
  )
})

t.test('a folder in use, and one that cannot be written', async (t) => {
  const path = folder(t)
  await open(t, new FolderStorage(path))
  await t.rejects(wire({ storage: new FolderStorage(path) }), { code: 'BROKER_FOLDER_IN_USE' })
  const file = join(folder(t), 'file')
  writeFileSync(file, '')
  await t.rejects(wire({ storage: new FolderStorage(join(file, 'data')) }), { code: 'BROKER_STORAGE_FAILED' })
})

t.test('a clean close and reopening, deleted topics gone', async (t) => {
  const path = folder(t)
  const before = await open(t, new FolderStorage(path))
  before.broker.createTopic('gone', 3)
  before.broker.createTopic('a', 1)
  await produce(before, 'gone', batchOf([{ value: 'x' }]))
  await produce(before, 'a', batchOf([{ value: 'y' }]))
  before.broker.core.topics.delete(before.broker.core.topics.named('gone')!)
  await before.broker.close()
  t.equal(before.clock.pendingTimers, 0, 'no timer is left')
  const w = await open(t, new FolderStorage(path))
  t.equal(w.broker.core.topics.named('gone'), undefined)
  t.equal(segmentFiles(path).length, 1)
  t.same(valuesOf((await fetch(w, 'a', 0)).records), ['y'])
})
