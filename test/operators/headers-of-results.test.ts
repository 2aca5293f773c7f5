/**
 * Which record's headers each operator's results carry, as Kafka Streams 4.3.1 does: those of the record in hand, but for
 * what was held back, which keeps its own.
 */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import { hopping, session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const io = { key: string, value: string }
const joiner = (left: string | null, right: string | null) => `${left}+${right}`
const window = joinWindow({ beforeMs: 10, afterMs: 10, graceMs: 0 })
const versions = (b: StreamsBuilder, topic: string) =>
  b.table(topic, { ...io, store: { name: 'versions', versioned: { historyRetentionMs: 1_000 } } })
const grouped = (b: StreamsBuilder) => b.stream('a', io).groupByKey()
const foreignKey = (value: string) => value.slice(0, 1)

function write<K, V>(table: KTable<K, V>): void {
  table
    .toStream()
    .map((key, value): readonly [string, string] => [JSON.stringify(key), String(value)])
    .to('out', io)
}

const copy = (stream: KStream<string, string | null>) => stream.mapValues(String).to('out', io)

type Build = (b: StreamsBuilder) => void

const inHand: Record<string, Build> = {
  'stream join': (b) => copy(b.stream('a', io).join(b.stream('b', io), { joiner, window })),
  'stream left join': (b) => copy(b.stream('a', io).leftJoin(b.stream('b', io), { joiner, window })),
  'stream outer join': (b) => copy(b.stream('a', io).outerJoin(b.stream('b', io), { joiner, window })),
  'self join': (b) => {
    const stream = b.stream('a', io)
    copy(stream.join(stream, { joiner, window }))
  },
  'stream-table join': (b) => copy(b.stream('a', io).join(b.table('b', io), { joiner })),
  'stream-table left join': (b) => copy(b.stream('a', io).leftJoin(b.table('b', io), { joiner })),
  'global join': (b) => copy(b.stream('a', io).leftJoin(b.globalTable('b', io), { keySelector: (key) => key, joiner })),
  'table join': (b) => write(b.table('a', io).join(b.table('b', io), { joiner })),
  'table left join': (b) => write(b.table('a', io).leftJoin(b.table('b', io), { joiner })),
  'table outer join': (b) => write(b.table('a', io).outerJoin(b.table('b', io), { joiner, store: { name: 'joined' } })),
  'foreign-key join': (b) => write(b.table('a', io).join(b.table('b', io), { foreignKey, joiner })),
  'foreign-key left join': (b) => write(b.table('a', io).leftJoin(b.table('b', io), { foreignKey, joiner })),
  'table filter': (b) =>
    write(
      b
        .table('a', io)
        .filter((_key, value) => value.includes('x'), { store: { name: 'x' } })
        .mapValues((value) => `${value}!`),
    ),
  transformValues: (b) =>
    write(b.table('a', io).transformValues(() => ({ transform: (_key: string, value: string | null) => value }))),
  'table groupBy': (b) =>
    write(
      b
        .table('a', io)
        .groupBy((_key, value) => [value, value])
        .count(),
    ),
  'groupBy and repartition': (b) =>
    write(
      b
        .stream('a', io)
        .groupBy((_key, value) => value!)
        .count(),
    ),
  repartition: (b) => copy(b.stream('a', io).repartition()),
  toTable: (b) =>
    write(
      b
        .stream('a', io)
        .selectKey((_key, value) => value)
        .toTable(),
    ),
  'windows on close': (b) =>
    write(
      grouped(b)
        .windowedBy(hopping({ sizeMs: 10, advanceMs: 5, graceMs: 0 }))
        .emitStrategy('onWindowClose')
        .count(),
    ),
  'sliding windows on close': (b) =>
    write(
      grouped(b)
        .windowedBy(sliding({ timeDifferenceMs: 10, graceMs: 0 }))
        .emitStrategy('onWindowClose')
        .count(),
    ),
  'sessions on close': (b) =>
    write(
      grouped(b)
        .windowedBy(session({ gapMs: 5, graceMs: 0 }))
        .emitStrategy('onWindowClose')
        .count(),
    ),
  // Kafka Streams carries these with its record cache on, and forgets them with the cache off.
  sessions: (b) =>
    write(
      grouped(b)
        .windowedBy(session({ gapMs: 5, graceMs: 5 }))
        .count(),
    ),
  cogroup: (b) => {
    const adder = (_key: string, value: string | null, sum: string) => sum + value
    const both = grouped(b).cogroup(adder).cogroup(b.stream('b', io).groupByKey(), adder)
    write(both.aggregate({ initializer: () => '', store: { value: string } }))
  },
  'versioned table': (b) => write(versions(b, 'a')),
  processValues: (b) =>
    copy(
      b.stream('a', io).processValues<string | null>(() => {
        let context: ProcessorContext<string, string | null>
        return {
          init(given) {
            context = given
          },
          process: (record) => context.forward(record),
        }
      }),
    ),
}

/** With `record in hand: records whose headers its results carry`, where those are others. */
const heldBack: Record<string, readonly [build: Build, expected: string]> = {
  'join with grace': [
    (b) => copy(b.stream('a', io).leftJoin(versions(b, 'b'), { joiner, graceMs: 10 })),
    '5:0 10:2 10:- 10:5 15:10 15:11 15:13 17:15 18:17 22:18',
  ],
  'suppress until windows close': [
    (b) =>
      write(
        grouped(b)
          .windowedBy(tumbling({ sizeMs: 10, graceMs: 5 }))
          .count()
          .suppress(untilWindowCloses()),
      ),
    '10:- 10:2 10:5 10:7 15:13 15:10 15:11 17:15 18:17 22:20 22:18',
  ],
  'suppress for a time': [
    (b) => write(b.table('a', io).suppress(untilTimeLimit(10))),
    '5:5 7:7 15:10 15:11 15:13 17:15 18:17 22:18 22:20',
  ],
  'suppress, buffer full': [
    (b) => write(b.table('a', io).suppress(untilTimeLimit(1_000, { maxRecords: 1 }))),
    '2:0 4:2 7:5 10:7 11:10 13:11 15:13 17:15 18:17 20:18 22:20',
  ],
}

const SCRIPT: readonly (readonly [topic: string, key: string, value: string | null, timestamp: number])[] = [
  ['a', 'k', 'x1', 1],
  ['b', 'k', 'y1', 2],
  ['a', 'l', 'x2', 3],
  ['b', 'x', 'f1', 4],
  ['a', 'k', 'x3', 6],
  ['a', 'k', 'z4', 12],
  ['b', 'm', 'y5', 13],
  ['a', 'l', null, 14],
  ['b', 'k', 'y6', 15],
  ['b', 'x', 'f2', 16],
  ['a', 'm', 'x7', 30],
  ['a', 'n', 'z8', 31],
  ['b', 'z', 'f3', 32],
  ['a', 'k', 'x9', 33],
  ['b', 'k', null, 34],
  ['a', 'q', 'x10', 60],
  ['b', 'q', 'y11', 61],
  ['a', 'k', 'x12', 100],
  ['a', 'r', 'x13', 200],
  ['b', 'x', null, 201],
  ['a', 'k', null, 202],
  ['b', 's', 'y14', 400],
  ['a', 't', 'x15', 500],
]

/** Every fifth record has none: `-`. */
const nameOf = (i: number) => (i % 5 === 4 ? '-' : String(i))

/** `record in hand:header of a result`, for every result. */
function run(build: Build, cacheBytes: number): string[] {
  const builder = new StreamsBuilder()
  build(builder)
  const topology = builder.build()
  const read = new Set(topology.nodes.flatMap((node) => (node.kind === 'source' ? node.topics : [])))
  for (const { topic } of topology.globalStores) read.add(topic)
  const driver = new TopologyTestDriver(topology, { cacheBytes })
  const out = driver.createOutputTopic('out', string, string)
  return SCRIPT.flatMap(([topic, key, value, timestamp], i) => {
    if (!read.has(topic)) return []
    const headers = nameOf(i) === '-' ? [] : [{ key: 'h', value: Buffer.from(nameOf(i)) }]
    driver.createInputTopic(topic, string, string).pipe(key, value, timestamp, headers)
    return out.readAll().map((record) => `${i}:${record.headers.map((header) => String(header.value)).join() || '-'}`)
  })
}

for (const cacheBytes of [0, 1_000_000]) {
  for (const [name, build] of Object.entries(inHand)) {
    t.test(`${name}, cache of ${cacheBytes} bytes`, async (t) => {
      const seen = run(build, cacheBytes)
      t.ok(seen.length >= 4)
      t.same(
        seen,
        seen.map((line) => `${line.split(':')[0]}:${nameOf(Number.parseInt(line, 10))}`),
      )
    })
  }
  for (const [name, [build, expected]] of Object.entries(heldBack)) {
    t.test(`${name}, cache of ${cacheBytes} bytes`, async (t) => {
      t.equal(run(build, cacheBytes).join(' '), expected)
    })
  }
}
