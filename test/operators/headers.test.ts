/** Headers of what goes through stores: those of the record that made the result, with and without the record cache. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { bytes, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'

const io = { key: string, value: string }
const grouped = (b: StreamsBuilder) => b.stream('in', io).groupByKey()
const joiner = (one: string | null, other: string | null) => `${one}${other}`

function write<K, V>(table: KTable<K, V>): void {
  table
    .toStream()
    .map((): readonly [string, string] => ['k', 'v'])
    .to('out', io)
}

const rows: { readonly [name: string]: (b: StreamsBuilder) => void } = {
  table: (b) => write(b.table('in', { ...io, store: { name: 'rows' } })),
  mapped: (b) =>
    write(b.table('in', io).mapValues((value) => `${value}!`, { store: { name: 'mapped', value: string } })),
  count: (b) => write(grouped(b).count()),
  tumbling: (b) =>
    write(
      grouped(b)
        .windowedBy(tumbling({ sizeMs: 10 }))
        .count(),
    ),
  unlimited: (b) =>
    write(
      grouped(b)
        .windowedBy(unlimited({ startMs: 0 }))
        .count(),
    ),
  sliding: (b) =>
    write(
      grouped(b)
        .windowedBy(sliding({ timeDifferenceMs: 10 }))
        .count(),
    ),
  session: (b) =>
    write(
      grouped(b)
        .windowedBy(session({ gapMs: 10 }))
        .count(),
    ),
  grouped: (b) =>
    write(
      b
        .table('in', io)
        .groupBy((key, value) => [key, value])
        .count(),
    ),
  joined: (b) => {
    const joined = b.table('in', io).outerJoin(b.table('other', io), { joiner, store: { name: 'joined' } })
    write(joined)
  },
}

for (const [name, build] of Object.entries(rows)) {
  for (const cacheBytes of [0, 1_000_000]) {
    t.test(`${name}, cache of ${cacheBytes} bytes`, async (t) => {
      const builder = new StreamsBuilder()
      build(builder)
      const driver = new TopologyTestDriver(builder.build(), { cacheBytes })
      const input = driver.createInputTopic('in', string, string)
      const out = driver.createOutputTopic('out', bytes, bytes)
      for (const header of ['one', null, 'two']) {
        const headers = header === null ? [] : [{ key: 'trace', value: Buffer.from(header) }]
        input.pipe('k', 'v', 1, headers)
        const seen = out.readAll().map((record) => record.headers)
        t.ok(seen.length > 0)
        for (const each of seen) t.same(each, headers)
      }
      driver.close()
    })
  }
}
