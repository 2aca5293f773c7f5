/** Where outputs go: partitions, batch sizes, captured records. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { NO_HEADERS } from '../../lib/record/record.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { Collector, recordBytes } from '../../lib/task/collector.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { TaskHarness } from './harness.js'

const collector = (captured: string[] = []) =>
  new Collector({ partitionCount: () => 8, captureTopics: new Set(captured), firstPartition: 3 })

t.test('a key goes where its murmur2 hash says, no key stays in one partition until the next commit', async (t) => {
  const out = collector()
  const key = Buffer.from('user-42')
  out.send('a', null, key, null, 1, NO_HEADERS)
  out.send('a', 5, key, null, 1, NO_HEADERS)
  out.send('b', null, null, Buffer.from('x'), 1, NO_HEADERS)
  out.send('b', null, null, Buffer.from('y'), 1, NO_HEADERS)
  t.same(
    out.take().batches.map(({ topic, partition, builder }) => [topic, partition, builder.count]),
    [
      ['a', partitionForKey(key, 8), 1],
      ['a', 5, 1],
      ['b', 3, 2],
    ],
  )
  t.equal(out.pendingBytes, 0)
  out.send('b', null, null, Buffer.from('z'), 1, NO_HEADERS)
  t.equal(out.take().batches[0]?.partition, 4)
})

t.test('a partition with more than a batch holds gets several, in order', async (t) => {
  const out = collector()
  const value = Buffer.alloc(300_000)
  for (let i = 0; i < 7; i++) out.send('a', 0, null, value, i, NO_HEADERS)
  const { batches } = out.take()
  t.same(
    batches.map(({ builder }) => builder.count),
    [2, 2, 2, 1],
  )
  for (const { builder } of batches) t.ok(builder.sizeBytes < 1_000_000)
})

t.test('a record larger than a batch goes alone', async (t) => {
  const out = collector()
  out.send('a', 0, null, Buffer.alloc(600_000), 0, NO_HEADERS)
  out.send('a', 0, null, Buffer.alloc(2_000_000), 0, NO_HEADERS)
  t.same(
    out.take().batches.map(({ builder }) => builder.count),
    [1, 1],
  )
})

t.test('a large record does not swell the small batch before it', async (t) => {
  const out = collector()
  for (const bytes of [400_000, 800_000]) out.send('a', 0, null, Buffer.alloc(bytes), 0, NO_HEADERS)
  t.same(
    out.take().batches.map(({ builder }) => builder.count),
    [1, 1],
  )
})

t.test('what is weighed is never less than what is packed', async (t) => {
  const headers = [
    { key: 'ключ', value: Buffer.alloc(200) },
    { key: 'k'.repeat(300), value: null },
  ]
  for (const length of [0, 1, 63, 64, 8_191, 8_192, 1_048_000]) {
    const [key, value] = [Buffer.alloc(length % 100), Buffer.alloc(length)]
    const out = collector()
    out.send('a', 0, key, value, 2 ** 40, headers)
    const packed = out.take().batches[0]!.builder.sizeBytes
    t.ok(packed <= recordBytes(key, value, headers) + 101, `${length} bytes`)
  }
})

t.test('captured records know their place among those of the partition', async (t) => {
  const out = collector(['a'])
  out.send('a', 0, Buffer.from('1'), null, 1, NO_HEADERS)
  out.send('b', 0, Buffer.from('2'), null, 1, NO_HEADERS)
  out.send('a', 1, Buffer.from('3'), null, 1, NO_HEADERS)
  out.send('a', 0, Buffer.from('4'), null, 1, NO_HEADERS)
  t.same(
    out.take().captured.map(({ key, partition, index }) => [key?.toString(), partition, index]),
    [
      ['1', 0, 0],
      ['3', 1, 0],
      ['4', 0, 1],
    ],
  )
})

t.test('a windowed key goes where its inner key goes', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 10 }))
    .count({ store: { cached: false } })
    .toStream()
    .to('out', { value: int64 })
  const harness = new TaskHarness(builder.build(), { partitionCount: () => 12 })
  const keys = Array.from({ length: 30 }, (_, i) => Buffer.from(`user-${i}`))
  harness.add(
    'in',
    keys.map((key, i) => ({ key, value: Buffer.from('v'), timestamp: i })),
    0,
  )
  harness.task.process(100)
  const batches = harness.task.collectCommit()!.batches.filter(({ topic }) => topic === 'out')
  const expected = new Set(keys.map((key) => partitionForKey(key, 12)))
  t.same(new Set(batches.map(({ partition }) => partition)), expected)
})
