/** What cannot work fails at build, with its code and the names involved. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type ErrorCode, isMillraceError } from '../../lib/errors.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { session, tumbling, unlimited } from '../../lib/windows/definitions.js'

const text = { key: string, value: string }
const supplier = () => ({ process() {} })
const joiner = (left: string | null, right: string | null) => `${left}${right}`

/** One source `in` and whatever `add` adds. */
function hand(add: (builder: TopologyBuilder) => unknown): () => unknown {
  return () => {
    const builder = new TopologyBuilder().addSource({ name: 'source', topics: ['in'], ...text })
    add(builder)
    return builder.build()
  }
}

function dsl(add: (builder: StreamsBuilder) => unknown): () => unknown {
  return () => {
    const builder = new StreamsBuilder()
    add(builder)
    return builder.build()
  }
}

const WRONG: [what: string, code: ErrorCode, message: RegExp, build: () => unknown][] = [
  ['nothing', 'TOPOLOGY_EMPTY', /reads no topic/, dsl(() => {})],
  ['a source without topic', 'TOPOLOGY_EMPTY', /none/, hand((b) => b.addSource({ name: 'none', topics: [], ...text }))],
  [
    'unknown parent',
    'TOPOLOGY_PARENT_UNKNOWN',
    /up.*missing/,
    hand((b) => b.addProcessor({ name: 'up', supplier, parents: ['missing'] })),
  ],
  ['no parent', 'TOPOLOGY_PARENT_UNKNOWN', /up/, hand((b) => b.addProcessor({ name: 'up', supplier, parents: [] }))],
  [
    'a sink as parent',
    'TOPOLOGY_PARENT_UNKNOWN',
    /sink.*up/,
    hand((b) =>
      b
        .addSink({ name: 'sink', topic: 'out', parents: ['source'], ...text })
        .addProcessor({ name: 'up', supplier, parents: ['sink'] }),
    ),
  ],
  [
    'a cycle',
    'TOPOLOGY_CYCLE',
    /one.*two|two.*one/,
    hand((b) =>
      b
        .addProcessor({ name: 'one', supplier, parents: ['source', 'two'] })
        .addProcessor({ name: 'two', supplier, parents: ['one'] }),
    ),
  ],
  ['its own parent', 'TOPOLOGY_CYCLE', /one/, hand((b) => b.addProcessor({ name: 'one', supplier, parents: ['one'] }))],
  [
    'two nodes of one name',
    'TOPOLOGY_NAME_DUPLICATE',
    /source/,
    hand((b) => b.addProcessor({ name: 'source', supplier, parents: ['source'] })),
  ],
  [
    'two stores of one name',
    'TOPOLOGY_NAME_DUPLICATE',
    /store/,
    hand((b) => b.addStateStore({ name: 'store', ...text }).addStateStore({ name: 'store', ...text })),
  ],
  [
    'a store named twice in the DSL',
    'TOPOLOGY_NAME_DUPLICATE',
    /rows/,
    dsl((b) => {
      b.table('a', { ...text, store: { name: 'rows' } })
      b.table('b', { ...text, store: { name: 'rows' } })
    }),
  ],
  [
    'a global store of a store’s name',
    'TOPOLOGY_NAME_DUPLICATE',
    /rows/,
    dsl((b) => {
      b.table('a', { ...text, store: { name: 'rows' } })
      b.globalTable('b', { ...text, store: { name: 'rows' } })
    }),
  ],
  ['a name Kafka refuses', 'TOPOLOGY_NAME_INVALID', /a b/, dsl((b) => b.stream('in', { ...text, name: 'a b' }))],
  ['a topic Kafka refuses', 'TOPOLOGY_NAME_INVALID', /in\/out/, dsl((b) => b.stream('in/out', text))],
  [
    'an unknown store',
    'TOPOLOGY_STORE_UNKNOWN',
    /processing.*missing/,
    dsl((b) => b.stream('in', text).process(supplier, { name: 'processing', stores: ['missing'] })),
  ],
  [
    'a global store connected',
    'TOPOLOGY_STORE_UNKNOWN',
    /global/,
    dsl((b) => {
      b.globalTable('g', { ...text, store: { name: 'global' } })
      b.stream('in', text).process(supplier, { stores: ['global'] })
    }),
  ],
  [
    'a store for an unknown processor',
    'TOPOLOGY_PARENT_UNKNOWN',
    /store.*missing/,
    hand((b) => b.addStateStore({ name: 'store', ...text }, 'missing')),
  ],
  [
    'a topic read by stream and table',
    'TOPOLOGY_SOURCE_CONFLICT',
    /in/,
    dsl((b) => {
      b.stream('in', text)
      b.table('in', text)
    }),
  ],
  [
    'streams of overlapping topics',
    'TOPOLOGY_SOURCE_CONFLICT',
    /a, b.*b, c/,
    dsl((b) => {
      b.stream(['a', 'b'], text)
      b.stream(['b', 'c'], text)
    }),
  ],
  [
    'streams of one topic from different offsets',
    'TOPOLOGY_SOURCE_CONFLICT',
    /earliest/,
    dsl((b) => {
      b.stream('a', { ...text, offsetReset: 'earliest' })
      b.stream('a', text)
    }),
  ],
  [
    'retention shorter than a window',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    /counts.*109.*110/,
    dsl((b) =>
      b
        .stream('in', text)
        .groupByKey()
        .windowedBy(tumbling({ sizeMs: 100, graceMs: 10 }))
        .count({ store: { name: 'counts', retentionMs: 109 } }),
    ),
  ],
  [
    'retention shorter than a session',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    /counts.*99.*100/,
    dsl((b) =>
      b
        .stream('in', text)
        .groupByKey()
        .windowedBy(session({ gapMs: 100 }))
        .count({ store: { name: 'counts', retentionMs: 99 } }),
    ),
  ],
  [
    'a window store without retention',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    /store/,
    hand((b) => b.addStateStore({ name: 'store', kind: 'window', windowSizeMs: 5, ...text })),
  ],
  [
    'a window store without size',
    'CONFIG_INVALID',
    /windowSizeMs/,
    hand((b) => b.addStateStore({ name: 'store', kind: 'window', retentionMs: 5, ...text })),
  ],
  [
    'a final result of a window that never closes',
    'WINDOW_INVALID',
    /never closes/,
    dsl((b) => b.stream('in', text).groupByKey().windowedBy(unlimited()).emitStrategy('onWindowClose')),
  ],
  ['no serde at the source', 'TOPOLOGY_SERDE_MISSING', /key/, dsl((b) => b.stream('in', { value: string } as never))],
  [
    'no serde at a sink',
    'TOPOLOGY_SERDE_MISSING',
    /value/,
    hand((b) => b.addSink({ name: 'sink', topic: 'out', parents: ['source'], key: string } as never)),
  ],
  [
    'a repartition topic with two counts',
    'TOPOLOGY_NOT_COPARTITIONED',
    /again-repartition/,
    dsl((b) => {
      b.stream('a', text).repartition({ name: 'again', partitions: 2 })
      b.stream('b', text).repartition({ name: 'again', partitions: 3 })
    }),
  ],
  [
    'two groups of one name',
    'TOPOLOGY_NAME_DUPLICATE',
    /same-repartition/,
    dsl((b) => {
      const table = b.table('t', text)
      const stream = b.stream('a', text).selectKey((_k, v) => v!)
      stream.join(table, { joiner, name: 'same' })
      b.stream('b', text).repartition({ name: 'same' })
    }),
  ],
]

for (const [what, code, message, build] of WRONG) {
  t.test(what, async (t) => {
    try {
      build()
      t.fail('it was built')
    } catch (error) {
      t.ok(isMillraceError(error, code), `${(error as Error).message}`)
      t.match((error as Error).message, message)
    }
  })
}

t.test('children may be added before their parents', async (t) => {
  const topology = new TopologyBuilder()
    .addSink({ name: 'sink', topic: 'out', parents: ['up'], ...text })
    .addProcessor({ name: 'up', supplier, parents: ['source'] })
    .addSource({ name: 'source', topics: ['in'], ...text })
    .build()
  t.same(
    topology.nodes.map((node) => node.name),
    ['source', 'up', 'sink'],
  )
})

t.test('a topology is frozen', async (t) => {
  const topology = new StreamsBuilder()
  topology.stream('in', text).groupByKey().count().toStream().to('out')
  const built = topology.build()
  const open: string[] = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Object.isFrozen(value)) open.push(path)
    for (const [name, part] of Object.entries(value)) visit(part, `${path}.${name}`)
  }
  visit(built, 'topology')
  t.same(open, [])
})

t.test('a deep chain needs no deep stack', async (t) => {
  const builder = new StreamsBuilder()
  let stream = builder.stream('in', text)
  for (let i = 0; i < 5000; i++) stream = stream.mapValues((value) => value)
  stream.to('out')
  t.equal(builder.build().nodes.length, 5002)
})
