/** Partition counts of repartition topics, and the check that what is joined lies in equally many partitions. */
import t from 'tap'
import { untilTimeLimit } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { checkCopartition, resolvePartitionCounts } from '../../lib/topology/copartition.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const joiner = (left: string | null, right: string | null) => `${left}${right}`
const other = (_key: string, value: string | null) => value!

function dsl(describe: (builder: StreamsBuilder) => unknown): Topology {
  const builder = new StreamsBuilder()
  describe(builder)
  return builder.build()
}

const group = dsl((b) => b.stream(['a', 'b'], text).groupBy(other, { name: 'g' }).count().toStream().to('out'))

const chain = dsl((b) =>
  b
    .stream('a', text)
    .repartition({ name: 'one' })
    .selectKey(other)
    .repartition({ name: 'two' })
    .selectKey(other)
    .repartition({ name: 'three' })
    .to('out'),
)

const explicit = dsl((b) =>
  b
    .stream('a', text)
    .repartition({ name: 'one', partitions: 7 })
    .selectKey(other)
    .repartition({ name: 'two' })
    .to('out'),
)

const rekeyedJoin = dsl((b) => {
  const table = b.table('table', text)
  b.stream('a', text).selectKey(other).join(table, { joiner, name: 'j' }).to('out')
})

const explicitJoin = dsl((b) => {
  const table = b.table('table', text)
  b.stream('a', text).repartition({ name: 'one', partitions: 3 }).join(table, { joiner }).to('out')
})

const bothRepartitioned = dsl((b) => {
  const table = b.stream('a', text).repartition({ name: 'left' }).toTable()
  b.stream('b', text).repartition({ name: 'right' }).join(table, { joiner }).to('out')
})

const oneExplicit = dsl((b) => {
  const table = b.stream('a', text).repartition({ name: 'left', partitions: 5 }).toTable()
  b.stream('b', text).repartition({ name: 'right' }).join(table, { joiner }).to('out')
})

const bothExplicit = dsl((b) => {
  const table = b.stream('a', text).repartition({ name: 'left', partitions: 5 }).toTable()
  b.stream('b', text).repartition({ name: 'right', partitions: 6 }).join(table, { joiner }).to('out')
})

const threeJoined = dsl((b) => {
  const [x, y, z] = [b.table('x', text), b.table('y', text), b.table('z', text)] as const
  x.join(y, { joiner }).join(z, { joiner }).toStream().to('out')
})

const globalJoin = dsl((b) => {
  const table = b.globalTable('g', text)
  b.stream('a', text).join(table, { keySelector: other, joiner }).to('out')
})

const append = (_key: string, value: string | null, all: string) => all + value
const folded = { initializer: () => '', store: { name: 'all', value: string } }
type Group = ReturnType<ReturnType<typeof streamOf>['groupByKey']>
const streamOf = (b: StreamsBuilder, ...topics: string[]) => b.stream(topics, text)
const cogrouped = (groups: (b: StreamsBuilder) => readonly [Group, ...Group[]]) =>
  dsl((b) => {
    const [first, ...more] = groups(b)
    let all = first.cogroup(append)
    for (const each of more) all = all.cogroup(each, append)
    all.aggregate(folded)
  })
const cogroup = cogrouped((b) => [streamOf(b, 'a').groupByKey(), streamOf(b, 'b').groupByKey()])
const cogroupRekeyed = cogrouped((b) => [streamOf(b, 'a').groupByKey(), streamOf(b, 'b').groupBy(other, { name: 'g' })])
const cogroupOfOne = cogrouped((b) => [streamOf(b, 'a', 'b').groupByKey()])
const mergedJoin = dsl((b) => {
  streamOf(b, 'a').merge(streamOf(b, 'b')).join(b.table('t', text), { joiner }).to('out')
})
const twiceJoin = dsl((b) => {
  streamOf(b, 'a')
  streamOf(b, 'a').join(b.table('t', text), { joiner }).to('out')
})
const suppressedJoin = dsl((b) => {
  streamOf(b, 'a')
    .join(b.table('t', text).suppress(untilTimeLimit(5)), { joiner })
    .to('out')
})
const foreignJoin = dsl((b) => {
  const left = b.table('a', text)
  left
    .join(b.table('b', text), { foreignKey: (value) => value, joiner, name: 'f' })
    .toStream()
    .to('out')
})

type Counts = Record<string, number>

const ROWS: [name: string, topology: Topology, given: Counts, resolved: Counts | string][] = [
  ['the largest source decides', group, { a: 2, b: 5 }, { a: 2, b: 5, 'g-repartition': 5 }],
  [
    'counts travel down a chain',
    chain,
    { a: 4 },
    { a: 4, 'one-repartition': 4, 'two-repartition': 4, 'three-repartition': 4 },
  ],
  ['an explicit count travels too', explicit, { a: 4 }, { a: 4, 'one-repartition': 7, 'two-repartition': 7 }],
  [
    'a joined repartition topic adopts the other side',
    rekeyedJoin,
    { a: 9, table: 3 },
    { a: 9, table: 3, 'j-repartition': 3 },
  ],
  ['an explicit count that fits', explicitJoin, { a: 9, table: 3 }, { a: 9, table: 3, 'one-repartition': 3 }],
  ['an explicit count that does not', explicitJoin, { a: 9, table: 4 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  [
    'two repartition topics take the larger',
    bothRepartitioned,
    { a: 2, b: 6 },
    { a: 2, b: 6, 'left-repartition': 6, 'right-repartition': 6 },
  ],
  ['or the explicit one', oneExplicit, { a: 2, b: 6 }, { a: 2, b: 6, 'left-repartition': 5, 'right-repartition': 5 }],
  ['two explicit ones must agree', bothExplicit, { a: 2, b: 6 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['joined topics that agree', threeJoined, { x: 2, y: 2, z: 2 }, { x: 2, y: 2, z: 2 }],
  ['joined topics that do not', threeJoined, { x: 2, y: 2, z: 3 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['a global table joins any count', globalJoin, { a: 3 }, { a: 3 }],
  ['a cogroup that agrees', cogroup, { a: 3, b: 3 }, { a: 3, b: 3 }],
  ['a cogroup that does not', cogroup, { a: 3, b: 2 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['a cogroup repartitions as the others lie', cogroupRekeyed, { a: 3, b: 2 }, { a: 3, b: 2, 'g-repartition': 3 }],
  ['a cogroup of one stream of two topics', cogroupOfOne, { a: 3, b: 2 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['a merged stream joined', mergedJoin, { a: 3, b: 2, t: 3 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['a source asked for again, which Java loses sight of', twiceJoin, { a: 2, t: 3 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  ['a suppressed table, which Java loses sight of', suppressedJoin, { a: 2, t: 3 }, 'TOPOLOGY_NOT_COPARTITIONED'],
  [
    'a foreign-key join takes any counts',
    foreignJoin,
    { a: 2, b: 3 },
    { a: 2, b: 3, 'f-subscription-registration-topic': 3, 'f-subscription-response-topic': 2 },
  ],
  ['a missing source topic', group, { a: 3 }, 'TOPOLOGY_PARTITIONS_UNKNOWN'],
]

for (const [name, topology, given, resolved] of ROWS) {
  t.test(name, async (t) => {
    const resolve = () => resolvePartitionCounts(topology, new Map(Object.entries(given)))
    if (typeof resolved === 'string') t.throws(resolve, { code: resolved })
    else t.same(Object.fromEntries(resolve()), resolved)
  })
}

t.test('the message names the topics and their counts', async (t) => {
  const counts = new Map(Object.entries({ x: 2, y: 2, z: 3 }))
  t.throws(() => checkCopartition(threeJoined, counts), { message: /x: 2, y: 2, z: 3/ })
})
