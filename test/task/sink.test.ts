/** Where a sink sends a record: by partitioner, to several partitions, nowhere, to the topic a function names. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { StreamRecord } from '../../lib/record/record.js'
import { string } from '../../lib/serde/primitive.js'
import type { Partitioner } from '../../lib/topology/node.js'
import { TaskHarness, writtenBy } from './harness.js'

const io = { key: string, value: string }

/** `topic-partition value` of every record written. */
function sent(describe: (builder: StreamsBuilder) => void, values: readonly (string | null)[]) {
  const builder = new StreamsBuilder()
  describe(builder)
  const harness = new TaskHarness(builder.build(), { partitionCount: () => 3 })
  const records = values.map((value, i) => ({
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    timestamp: i,
  }))
  harness.add('in', records, 0)
  harness.task.process(values.length)
  const commit = harness.task.collectCommit()
  const lines = commit === null ? [] : writtenBy(commit).map((r) => `${r.topic}-${r.partition} ${r.value}`)
  return { lines: lines.sort(), drops: harness.drops.map(({ reason }) => reason) }
}

t.test('a partitioner may broadcast tombstones and drop records', async (t) => {
  const partitioner: Partitioner = (_topic, _key, value, count) => {
    if (value === 'nowhere') return []
    if (value === null) return Array.from({ length: count }, (_, i) => i)
    return value === 'twice' ? [1, 1] : 1
  }
  const { lines, drops } = sent(
    (builder) => builder.stream('in', io).to('out', { partitioner }),
    ['a', null, 'nowhere', 'twice'],
  )
  t.same(lines, ['out-0 null', 'out-1 a', 'out-1 null', 'out-1 twice', 'out-2 null'])
  t.same(drops, ['noPartition'])
})

for (const chosen of [3, -1, 0.5, [0, 3]]) {
  t.test(`partition ${chosen} of 3 is refused`, async (t) => {
    const partitioner = () => chosen
    t.throws(() => sent((builder) => builder.stream('in', io).to('out', { partitioner }), ['a']), {
      code: 'PARTITION_INVALID',
    })
  })
}

t.test('a function names the topic', async (t) => {
  const { lines } = sent(
    (builder) =>
      builder.stream('in', io).to((_key, value, timestamp) => `${value}-${timestamp}`, { partitioner: () => 0 }),
    ['a', 'b'],
  )
  t.same(lines, ['a-0-0 a', 'b-1-0 b'])
  const seen: unknown[] = []
  sent(
    (builder) =>
      builder
        .stream('in', io)
        .process<string, string>(() => {
          let forward: (record: StreamRecord<string, string>) => void
          return {
            init(context) {
              forward = (record) => context.forward(record)
              context.schedule(1, 'streamTime', (timestamp) => {
                forward({ key: 'p', value: 'made', timestamp, headers: [] })
              })
            },
            process: (record) => forward({ ...record, headers: [{ key: 'h', value: Buffer.from(record.value) }] }),
          }
        })
        .to((key, _value, _timestamp, { headers, source }) => {
          seen.push([key, headers.map(({ key, value }) => `${key}=${value}`).join(), source])
          return 'out'
        }),
    ['a'],
  )
  t.same(seen, [
    ['k', 'h=a', { topic: 'in', partition: 0, offset: 0 }],
    ['p', '', null],
  ])
})
