/** Changelog records of joins and versioned tables, byte by byte what Kafka Streams 4.3.1 wrote for the same input. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { TaskHarness, writtenBy } from '../task/harness.js'

const io = { key: string, value: string }
const joiner = (one: string | null, two: string | null) => `${one}+${two}`

function pairs(): Topology {
  const builder = new StreamsBuilder()
  const window = joinWindow({ beforeMs: 10, afterMs: 20, graceMs: 5 })
  builder
    .stream('L', io)
    .outerJoin(builder.stream('R', io), { window, joiner, store: { name: 'pairs' } })
    .to('out', { value: string })
  return builder.build()
}

function waits(): Topology {
  const builder = new StreamsBuilder()
  const stream = builder.stream('S', io)
  const rows = builder.table('T', { ...io, store: { name: 'rows', versioned: { historyRetentionMs: 50 } } })
  stream.join(rows, { joiner, graceMs: 10, name: 'Wait' }).to('joined', { value: string })
  return builder.build()
}

/** Topic, key, value, timestamp. */
type Row = readonly [string, string, string, number]

/** Commits after every record, as Kafka Streams' test driver does; one line per record written, by topic. */
function written(topology: Topology, rows: readonly Row[]): Record<string, string[]> {
  const harness = new TaskHarness(topology)
  const offsets = new Map<string, number>()
  const lines: Record<string, string[]> = {}
  for (const topic of new Set(rows.map(([topic]) => topic))) harness.task.setCaughtUp(topic, 0, true)
  for (const [topic, key, value, timestamp] of rows) {
    const offset = offsets.get(topic) ?? 0
    offsets.set(topic, offset + 1)
    harness.add(topic, [{ key: Buffer.from(key), value: value === '' ? null : Buffer.from(value), timestamp }], offset)
    harness.task.process(1)
    const commit = harness.task.collectCommit()
    if (commit === null) continue
    for (const record of writtenBy(commit)) {
      const hex = (bytes: Buffer | null) => bytes?.toString('hex') ?? 'null'
      lines[record.topic] ??= []
      lines[record.topic]!.push(`${hex(record.key)} ${hex(record.value)} ${record.timestamp}`)
    }
    harness.task.commitSucceeded(commit, new Map())
  }
  return lines
}

t.test('stores of an outer join', async (t) => {
  const lines = written(pairs(), [
    ['L', 'a', '1', 100],
    ['L', 'a', '2', 100],
    ['R', 'b', '3', 101],
    ['R', 'a', '4', 105],
    ['L', 'c', '5', 90],
    ['L', 'd', '6', 150],
    ['R', 'e', '7', 100],
  ])
  t.same(lines['app-pairs-outer-this-join-store-changelog'], [
    '61000000000000006400000001 31 100',
    '61000000000000006400000002 32 100',
    '63000000000000005a00000003 35 90',
    '64000000000000009600000004 36 150',
  ])
  t.same(lines['app-pairs-outer-other-join-store-changelog'], [
    '62000000000000006500000001 33 101',
    '61000000000000006900000002 34 105',
    '65000000000000006400000003 37 100',
  ])
  t.same(lines['app-pairs-outer-shared-join-store-changelog'], [
    '00000000000000640161 0100000001000000020131 100',
    '00000000000000640161 0100000002000000020131000000020132 100',
    '00000000000000650062 0100000001000000020033 101',
    '00000000000000640161 null 105',
    '000000000000005a0163 0100000001000000020135 90',
    '000000000000005a0163 null 150',
    '00000000000000650062 null 150',
    '00000000000000960164 0100000001000000020136 150',
  ])
})

t.test('versions, and stream records that wait for them', async (t) => {
  const lines = written(waits(), [
    ['T', 'a', 'x', 10],
    ['T', 'a', 'y', 5],
    ['T', 'a', '', 20],
    ['T', 'b', 'z', 100],
    ['S', 'a', 's1', 12],
    ['S', 'b', 's2', 100],
    ['S', 'a', 's3', 18],
    ['S', 'b', 's4', 105],
    ['S', 'b', 's5', 120],
  ])
  t.same(lines['app-rows-changelog'], ['61 78 10', '61 79 5', '61 null 20', '62 7a 100'])
  // The time of these records is the wall clock's in Kafka Streams: it means nothing.
  t.same(
    lines['app-Wait-Buffer-changelog']?.map((line) => line.slice(0, line.lastIndexOf(' '))),
    [
      '00000000000000000c6100000001 000000000000000c000000000000000000000001530000000000000000ffffffffffffffff0000000273310000000000000000',
      '0000000000000000646200000002 0000000000000064000000000000000100000001530000000000000000ffffffffffffffff0000000273320000000000000000',
      '00000000000000000c6100000001 null',
      '0000000000000000696200000003 0000000000000069000000000000000300000001530000000000000000ffffffffffffffff0000000273340000000000000000',
      '0000000000000000786200000004 0000000000000078000000000000000400000001530000000000000000ffffffffffffffff0000000273350000000000000000',
      '0000000000000000646200000002 null',
      '0000000000000000696200000003 null',
    ],
  )
  t.same(lines.joined, ['62 73322b7a 100', '62 73342b7a 105'])
})
