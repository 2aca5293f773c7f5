/** Windows, suppression and cogroup that cannot work are refused when the topology is built, with their code. */
import t from 'tap'
import { type Suppressed, untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { ErrorCode } from '../../lib/errors.js'
import { string } from '../../lib/serde/primitive.js'
import { hopping, session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'

const text = { key: string, value: string }
const add = (_key: string, value: string | null, all: string) => all + value
const start = { initializer: () => '', store: { value: string } }
const keeps = (retentionMs: number) => ({ store: { retentionMs } })
const closes = () => untilWindowCloses() as unknown as Suppressed<string>

const grouped = (builder: StreamsBuilder, topic = 'in') => builder.stream(topic, text).groupByKey()
const byValue = (builder: StreamsBuilder, topic: string) => builder.stream(topic, text).groupBy((_key, value) => value!)

const REFUSED: readonly (readonly [name: string, code: ErrorCode, build: (builder: StreamsBuilder) => unknown])[] = [
  [
    'a tumbling store that forgets open windows',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) =>
      grouped(b)
        .windowedBy(tumbling({ sizeMs: 10, graceMs: 5 }))
        .count(keeps(14)),
  ],
  [
    'a hopping store that forgets open windows',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) =>
      grouped(b)
        .windowedBy(hopping({ sizeMs: 10, advanceMs: 5 }))
        .count(keeps(9)),
  ],
  [
    'a sliding store that forgets neighbours',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) =>
      grouped(b)
        .windowedBy(sliding({ timeDifferenceMs: 10, graceMs: 5 }))
        .count(keeps(24)),
  ],
  [
    'a session store that forgets open sessions',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) =>
      grouped(b)
        .windowedBy(session({ gapMs: 10, graceMs: 5 }))
        .count(keeps(14)),
  ],
  [
    'a cogroup store that forgets open windows',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) =>
      grouped(b)
        .cogroup(add)
        .windowedBy(tumbling({ sizeMs: 10 }))
        .aggregate({ ...start, store: { value: string, retentionMs: 9 } }),
  ],
  [
    'a store that forgets an unlimited window, as Java refuses it',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    (b) => grouped(b).windowedBy(unlimited()).count(keeps(1e9)),
  ],
  [
    'results of a window that never closes',
    'WINDOW_INVALID',
    (b) => grouped(b).windowedBy(unlimited()).emitStrategy('onWindowClose'),
  ],
  ['final results without windows', 'TOPOLOGY_NOT_WINDOWED', (b) => b.table('in', text).suppress(closes())],
  [
    'final results of a join one side of which has no windows',
    'TOPOLOGY_NOT_WINDOWED',
    (b) =>
      grouped(b)
        .windowedBy(tumbling({ sizeMs: 10 }))
        .reduce((all, value) => `${all}${value}`)
        .leftJoin(b.table('other', text) as never, { joiner: (left) => left })
        .suppress(untilWindowCloses()),
  ],
  ['a negative time limit', 'CONFIG_INVALID', (b) => b.table('in', text).suppress(untilTimeLimit(-1))],
  ['half a record', 'CONFIG_INVALID', (b) => b.table('in', text).suppress(untilTimeLimit(1, { maxRecords: 0.5 }))],
  [
    'a versioned table',
    'TOPOLOGY_VERSIONED',
    (b) =>
      b
        .table('in', { ...text, store: { name: 'rows', versioned: { historyRetentionMs: 100 } } })
        .suppress(untilTimeLimit(1)),
  ],
  [
    'two repartitions under one name',
    'TOPOLOGY_NAME_DUPLICATE',
    (b) => byValue(b, 'one').cogroup(add).cogroup(byValue(b, 'two'), add).aggregate(start),
  ],
]

for (const [name, code, build] of REFUSED) {
  t.test(name, async (t) => {
    t.throws(
      () => {
        const builder = new StreamsBuilder()
        build(builder)
        builder.build()
      },
      { code },
    )
  })
}

t.test('retention that just suffices is taken', async (t) => {
  const builder = new StreamsBuilder()
  grouped(builder)
    .windowedBy(sliding({ timeDifferenceMs: 10, graceMs: 5 }))
    .count(keeps(25))
  grouped(builder)
    .windowedBy(session({ gapMs: 10, graceMs: 5 }))
    .count(keeps(15))
  t.equal(builder.build().stores.length, 2)
})
