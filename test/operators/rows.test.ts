/** One row per behaviour that a reader would otherwise have to look up. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { unlimited } from '../../lib/windows/definitions.js'

type In = readonly [topic: string, key: string | null, value: string | null, ts: number]
type Out = readonly [key: string | null, value: string | number | null, ts: number]

interface Row {
  readonly name: string
  readonly build: (builder: StreamsBuilder) => void
  readonly inputs: readonly In[]
  readonly expected: readonly Out[]
  readonly drops?: readonly string[]
  readonly numbers?: boolean
}

const io = { key: string, value: string }
type Text = KStream<string, string>
const stream = (builder: StreamsBuilder): Text => builder.stream('in', io) as Text

const stateless: readonly Row[] = [
  {
    name: 'filter and filterNot keep order, time and null keys',
    build: (b) =>
      stream(b)
        .filter((_key, value) => value !== 'no')
        .filterNot((key) => key === 'x')
        .to('out'),
    inputs: [
      ['in', 'a', 'yes', 5],
      ['in', 'a', 'no', 4],
      ['in', null, 'yes', 3],
      ['in', 'x', 'yes', 9],
    ],
    expected: [
      ['a', 'yes', 5],
      [null, 'yes', 3],
    ],
  },
  {
    name: 'map, mapValues, selectKey',
    build: (b) =>
      stream(b)
        .map((key, value) => [value, key] as const)
        .mapValues((value, key) => `${key}${value}`)
        .selectKey((_key, value) => value.toUpperCase())
        .to('out'),
    inputs: [['in', 'k', 'v', 1]],
    expected: [['VK', 'vk', 1]],
  },
  {
    name: 'flatMap and flatMapValues make any number',
    build: (b) =>
      stream(b)
        .flatMapValues((value) => value.split(' '))
        .flatMap((key, value) => (value === '' ? [] : [[value, key] as const]))
        .to('out'),
    inputs: [
      ['in', 'k', 'a b', 1],
      ['in', 'k', '', 2],
    ],
    expected: [
      ['a', 'k', 1],
      ['b', 'k', 1],
    ],
  },
  {
    name: 'split: the first branch that matches, the rest dropped and counted',
    build: (b) => {
      const branches = stream(b)
        .split({ name: 'by-' })
        .branch((_key, value) => value.startsWith('a'), { name: 'a' })
        .branch((_key, value) => value.length > 2, { name: 'long' })
        .noDefaultBranch()
      for (const [name, branch] of branches) branch.mapValues((value) => `${name}:${value}`).to('out')
    },
    inputs: [
      ['in', 'k', 'abc', 1],
      ['in', 'k', 'xyz', 2],
      ['in', 'k', 'no', 3],
    ],
    expected: [
      ['k', 'by-a:abc', 1],
      ['k', 'by-long:xyz', 2],
    ],
    drops: ['unmatchedBranch'],
  },
  {
    name: 'merge and peek hand on what comes',
    build: (b) =>
      stream(b)
        .merge(b.stream('more', io))
        .peek(() => {})
        .to('out'),
    inputs: [
      ['more', 'm', '1', 7],
      ['in', 'i', '2', 3],
    ],
    expected: [
      ['m', '1', 7],
      ['i', '2', 3],
    ],
  },
  {
    name: 'a sink may choose the topic per record',
    build: (b) => stream(b).to((_key, value) => (value === 'here' ? 'out' : 'elsewhere')),
    inputs: [
      ['in', 'k', 'here', 1],
      ['in', 'k', 'there', 2],
    ],
    expected: [['k', 'here', 1]],
  },
]

const tables: readonly Row[] = [
  {
    name: 'count: null keys and values are dropped, time never goes back',
    build: (b) => stream(b).groupByKey().count().toStream().to('out', { value: int64 }),
    inputs: [
      ['in', 'k', 'v', 9],
      ['in', 'k', null, 10],
      ['in', null, 'v', 10],
      ['in', 'k', 'v', 3],
    ],
    expected: [
      ['k', 1, 9],
      ['k', 2, 9],
    ],
    drops: ['nullValue', 'nullKey'],
    numbers: true,
  },
  {
    name: 'an aggregator that answers null deletes the row and starts again',
    build: (b) =>
      stream(b)
        .groupByKey()
        .reduce((a, v) => (v === 'end' ? (null as unknown as string) : a + v))
        .toStream()
        .to('out'),
    inputs: [
      ['in', 'k', 'a', 1],
      ['in', 'k', 'end', 2],
      ['in', 'k', 'b', 3],
    ],
    expected: [
      ['k', 'a', 1],
      ['k', null, 2],
      ['k', 'b', 3],
    ],
  },
  {
    name: 'toTable: the last record wins even when it is older',
    build: (b) => stream(b).toTable().toStream().to('out'),
    inputs: [
      ['in', 'k', 'new', 9],
      ['in', 'k', 'old', 1],
      ['in', null, 'x', 2],
      ['in', 'k', null, 3],
    ],
    expected: [
      ['k', 'new', 9],
      ['k', 'old', 1],
      ['k', null, 3],
    ],
    drops: ['nullKey'],
  },
  {
    name: 'a global table is looked into by any key; its updates trigger nothing',
    build: (b) =>
      stream(b)
        .leftJoin(b.globalTable('global', io), {
          keySelector: (_key, value) => (value === 'none' ? null : value),
          joiner: (value, row) => `${value}=${row}`,
        })
        .to('out'),
    inputs: [
      ['in', 'k', 'g', 1],
      ['global', 'g', 'G', 2],
      ['in', 'k', 'g', 3],
      ['in', 'k', 'none', 4],
      ['in', 'k', null, 5],
    ],
    expected: [
      ['k', 'g=null', 1],
      ['k', 'g=G', 3],
      ['k', 'none=null', 4],
    ],
    drops: ['nullValue'],
  },
  {
    name: 'a left stream-table join answers a null key, the inner one drops it',
    build: (b) => {
      const table = b.table('table', io)
      stream(b)
        .leftJoin(table, { joiner: (value, row) => `left ${value} ${row}` })
        .to('out')
      stream(b)
        .join(table, { joiner: (value, row) => `inner ${value} ${row}` })
        .to('out')
    },
    inputs: [
      ['table', 'k', 'T', 50],
      ['in', null, 'v', 2],
      ['in', 'k', 'v', 3],
    ],
    expected: [
      [null, 'left v null', 2],
      ['k', 'left v T', 3],
      ['k', 'inner v T', 3],
    ],
    drops: ['nullKey'],
  },
]

/** Every record that goes no further is counted; what a predicate of the user's rejects is not. */
const dropped: readonly Row[] = [
  {
    name: 'a null key is dropped in front of a repartition',
    build: (b) =>
      stream(b)
        .selectKey((_key, value) => (value === 'none' ? (null as unknown as string) : value))
        .filter((_key, value) => value !== 'unwanted')
        .groupByKey()
        .count()
        .toStream()
        .to('out'),
    inputs: [
      ['in', 'k', 'a', 1],
      ['in', 'k', 'none', 2],
      ['in', 'k', 'unwanted', 3],
    ],
    expected: [['a', 1, 1]],
    drops: ['nullKey'],
    numbers: true,
  },
  {
    name: 'a null key is dropped in front of a repartition of its own, not where a left join wants it',
    build: (b) => {
      const table = b.table('table', io)
      stream(b).repartition({ name: 'plain' }).to('out')
      stream(b)
        .repartition({ name: 'left' })
        .leftJoin(table, { joiner: (value, row) => `${value} ${row}` })
        .to('out')
    },
    inputs: [['in', null, 'v', 1]],
    expected: [[null, 'v null', 1]],
    drops: ['nullKey'],
  },
  {
    name: 'a record before an unlimited window starts is dropped',
    build: (b) =>
      stream(b)
        .groupByKey()
        .windowedBy(unlimited({ startMs: 10 }))
        .count()
        .toStream()
        .selectKey(({ key }) => key)
        .to('out', { key: string }),
    inputs: [
      ['in', 'k', 'v', 9],
      ['in', 'k', 'v', 10],
    ],
    expected: [['k', 1, 10]],
    drops: ['beforeStart'],
    numbers: true,
  },
  {
    name: 'a row without a group is dropped when it comes, not when it goes or is deleted',
    build: (b) =>
      b
        .table('in', io)
        .groupBy((_key, value) => (value === 'pair' ? null : ([value === 'key' ? null : 'g', value] as const)), {
          key: string,
        })
        .count({ store: { cached: false } })
        .toStream()
        .to('out'),
    inputs: [
      ['in', 'a', 'pair', 1],
      ['in', 'a', 'key', 2],
      ['in', 'a', 'value', 3],
      ['in', 'a', 'key', 4],
      ['in', 'a', null, 5],
    ],
    expected: [
      ['g', 1, 3],
      ['g', 0, 4],
    ],
    drops: ['nullKey', 'nullKey', 'nullKey'],
    numbers: true,
  },
]

for (const { name, build, inputs, expected, drops = [], numbers = false } of [...stateless, ...tables, ...dropped]) {
  t.test(name, async (t) => {
    const builder = new StreamsBuilder()
    build(builder)
    const driver = new TopologyTestDriver(builder.build())
    const out = driver.createOutputTopic<string, string | number>('out', string, (numbers ? int64 : string) as never)
    for (const [topic, key, value, ts] of inputs) driver.createInputTopic(topic, string, string).pipe(key, value, ts)
    t.same(
      out.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]),
      expected,
    )
    t.same(
      driver.droppedRecords().map(({ reason }) => reason),
      drops,
    )
    driver.close()
  })
}
