/** Times in committed metadata: Java's bytes, restart, abort. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { decodeMetadata, MonotonicTime, OperatorTimes } from '../../lib/task/times.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { TaskHarness } from './harness.js'

t.test('golden bytes: magic 2, partition time, entries', async (t) => {
  const times = new OperatorTimes('0_0')
  times.of('quiet')
  times.of('agg').advance(258)
  const hex = Buffer.from(times.encode(5), 'base64').toString('hex')
  t.equal(hex, '0200000000000000050000000100000003616767' + '0000000000000102')
  const decoded = decodeMetadata(times.encode(5))
  t.equal(decoded.partitionTimeMs, 5)
  t.same([...decoded.operators], [['agg', 258]])
})

const rows: readonly [string, string, number][] = [
  ['nothing', '', -1],
  ['another tool', 'hello', -1],
  ['no base64', '!!!!', -1],
  ['unknown version', Buffer.from('630000000000000005', 'hex').toString('base64'), -1],
  ['version 1: partition time only', Buffer.from('010000000000000005', 'hex').toString('base64'), 5],
  ['version 2 without entries', Buffer.from('020000000000000007', 'hex').toString('base64'), 7],
  ['cut short', Buffer.from('02000000000000000700000001000000ff61', 'hex').toString('base64'), 7],
]
for (const [name, metadata, partitionTimeMs] of rows) {
  t.test(`reading ${name}`, async (t) => {
    const decoded = decodeMetadata(metadata)
    t.equal(decoded.partitionTimeMs, partitionTimeMs)
    t.equal(decoded.operators.size, 0)
  })
}

t.test('more operators than the metadata can carry are refused at once', async (t) => {
  const times = new OperatorTimes('0_0')
  const long = 'n'.repeat(80)
  t.throws(
    () => {
      for (let i = 0; i < 40; i++) times.of(`${long}${i}`)
    },
    { code: 'TASK_METADATA_TOO_LARGE' },
  )
})

t.test('a full set of names still encodes below 4,096 characters', async (t) => {
  const times = new OperatorTimes('0_0')
  for (let i = 0; i < 50; i++) times.of(`KSTREAM-AGGREGATE-000000000${i}-name-of-a-store`).advance(1_700_000_000_000)
  t.ok(times.encode(1_700_000_000_000).length < 4_096)
})

t.test('an abort takes the time back to the last commit, not to the one in flight', async (t) => {
  const time = new MonotonicTime()
  time.advance(10)
  time.beginCommit()
  time.commitSucceeded()
  time.advance(20)
  time.beginCommit()
  time.advance(30)
  time.commitAborted()
  t.equal(time.streamTimeMs, 10)
  time.advance(5)
  t.equal(time.streamTimeMs, 10)
})

t.test('a restart accepts no record that was already late', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 10, graceMs: 0 }))
    .count({ store: { name: 'counts', cached: false } })
    .toStream()
    .to('out', { value: int64 })
  const topology = builder.build()
  const record = (timestamp: number) => ({ key: Buffer.from('k'), value: Buffer.from('v'), timestamp })
  const harness = new TaskHarness(topology)
  harness.add('in', [record(100)], 0)
  harness.task.process(10)
  const commit = harness.task.collectCommit()!
  const { metadata } = commit.offsets[0]!

  harness.open()
  harness.task.restore([{ topic: 'in', partition: 0, offset: 1, metadata }])
  harness.add('in', [record(50)], 1)
  harness.task.process(10)
  t.same(
    harness.drops.map(({ reason, topic, partition, offset }) => ({ reason, topic, partition, offset })),
    [{ reason: 'late', topic: 'in', partition: 0, offset: 1 }],
  )
  t.equal(harness.task.collectCommit()!.batches.length, 0)
})
