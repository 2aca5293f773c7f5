/** Joins and versioned tables that cannot work are refused when they are described; their topics are what they should be. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { resolvePartitionCounts } from '../../lib/topology/copartition.js'
import { internalTopics } from '../../lib/topology/internal-topics.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const io = { key: string, value: string }
const joiner = (one: string | null, two: string | null) => `${one}${two}`
const window = joinWindow({ beforeMs: 10, afterMs: 20, graceMs: 5 })
const versioned = (historyRetentionMs: number, name = 'rows') => ({
  store: { name, versioned: { historyRetentionMs } },
})

const REFUSED: readonly {
  readonly name: string
  readonly code: string
  readonly says: RegExp
  readonly describe: (builder: StreamsBuilder) => void
}[] = [
  {
    name: 'grace without versions',
    code: 'TOPOLOGY_TABLE_NOT_VERSIONED',
    says: /waits.*rows|KTABLE-SOURCE/,
    describe: (b) => b.stream('s', io).join(b.table('t', io), { joiner, name: 'waits', graceMs: 5 }),
  },
  {
    name: 'grace on a join of versioned tables',
    code: 'TOPOLOGY_TABLE_NOT_VERSIONED',
    says: /waits/,
    describe(b) {
      const joined = b
        .table('t', { ...io, ...versioned(50) })
        .join(b.table('u', { ...io, ...versioned(50, 'more') }), { joiner })
      b.stream('s', io).join(joined, { joiner, name: 'waits', graceMs: 5 })
    },
  },
  {
    name: 'grace longer than the history',
    code: 'TOPOLOGY_RETENTION_TOO_SHORT',
    says: /rows has 50 ms.*graceMs 51/,
    describe: (b) => b.stream('s', io).join(b.table('t', { ...io, ...versioned(50) }), { joiner, graceMs: 51 }),
  },
  {
    name: 'negative grace',
    code: 'CONFIG_INVALID',
    says: /graceMs/,
    describe: (b) => b.stream('s', io).join(b.table('t', { ...io, ...versioned(50) }), { joiner, graceMs: -1 }),
  },
  {
    name: 'half a millisecond of history',
    code: 'CONFIG_INVALID',
    says: /historyRetentionMs of store rows/,
    describe: (b) => b.table('t', { ...io, ...versioned(0.5) }),
  },
  {
    name: 'versions of windows',
    code: 'CONFIG_INVALID',
    says: /store counts of kind window/,
    describe: (b) =>
      b
        .stream('s', io)
        .groupByKey()
        .windowedBy(tumbling({ sizeMs: 5 }))
        .count({ store: { name: 'counts', versioned: { historyRetentionMs: 5 } } }),
  },
  {
    name: 'versions of a global table',
    code: 'CONFIG_INVALID',
    says: /global table of t/,
    describe: (b) => b.globalTable('t', { ...io, ...versioned(5) }),
  },
  {
    name: 'a stream without value serde',
    code: 'TOPOLOGY_SERDE_MISSING',
    says: /stream of s needs a value serde/,
    describe: (b) =>
      b.stream('s', { key: string } as never).join(b.stream('r', io) as never, { window, joiner } as never),
  },
]

for (const { name, code, says, describe } of REFUSED) {
  t.test(`refused: ${name}`, async (t) => {
    const builder = new StreamsBuilder()
    t.throws(
      () => {
        describe(builder)
        builder.build()
      },
      { code, message: says },
    )
  })
}

t.test('topics of joins and versions', async (t) => {
  const builder = new StreamsBuilder()
  const left = builder.stream('l', io).selectKey((_key, value) => value!)
  left.outerJoin(builder.stream('r', io), { window, joiner, store: { name: 'pairs', topicConfig: { x: 'y' } } })
  builder
    .stream('s', io)
    .join(builder.table('t', { ...io, ...versioned(50) }), { joiner, name: 'wait', graceMs: 5 })
    .to('out')
  const topology = builder.build()
  const topics = internalTopics('app', topology).map(({ name, config }) => {
    const { 'message.timestamp.type': _type, ...rest } = config
    return [name, rest]
  })
  const day = 86_400_000
  const kept = { 'cleanup.policy': 'delete', 'retention.ms': String(day + 35), x: 'y' }
  t.same(topics, [
    [
      'app-KSTREAM-KEY-SELECT-0000000001-repartition',
      { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': '52428800' },
    ],
    ['app-pairs-outer-this-join-store-changelog', kept],
    ['app-pairs-outer-other-join-store-changelog', kept],
    ['app-pairs-outer-shared-join-store-changelog', { 'cleanup.policy': 'compact', x: 'y' }],
    ['app-rows-changelog', { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': String(day + 50) }],
    ['app-wait-Buffer-changelog', { 'cleanup.policy': 'compact' }],
  ])
  const counts = new Map([
    ['l', 2],
    ['r', 6],
    ['s', 3],
    ['t', 3],
  ])
  t.equal(resolvePartitionCounts(topology, counts).get('KSTREAM-KEY-SELECT-0000000001-repartition'), 6)
  t.throws(() => resolvePartitionCounts(topology, new Map([...counts, ['t', 4]])), {
    code: 'TOPOLOGY_NOT_COPARTITIONED',
  })
})
