/** Serdes flow from the source to whatever writes, and stores are what their options say. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { json } from '../../lib/serde/json.js'
import { bytes, int32, int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, unlimited } from '../../lib/windows/definitions.js'

const text = { key: string, value: string }

function dsl(describe: (builder: StreamsBuilder) => unknown): Topology {
  const builder = new StreamsBuilder()
  describe(builder)
  return builder.build()
}

/** topic → [key serde, value serde] of every source and sink. */
function serdes(topology: Topology): Record<string, [string, string]> {
  const found: Record<string, [string, string]> = {}
  for (const node of topology.nodes) {
    const pair = (key: Serde<unknown>, value: Serde<unknown>): [string, string] => [key.name, value.name]
    if (node.kind === 'sink') found[`to ${node.topic}`] = pair(node.keySerde, node.valueSerde)
    if (node.kind === 'source') found[`of ${node.topics}`] = pair(node.keySerde, node.valueSerde)
  }
  return found
}

t.test('kept while the type stays, replaced where given', async (t) => {
  const topology = dsl((b) => {
    const stream = b.stream('in', { key: string, value: json<{ id: string }>() })
    stream
      .filter(() => true)
      .mapValues((value) => value)
      .to('same')
    stream.mapValues((value) => value!.id).to('ids', { value: string })
    stream
      .map((_key, value) => [value!.id.length, value!.id])
      .repartition({ key: int32, value: string, name: 'again' })
      .to('again')
    stream
      .groupBy((_key, value) => Buffer.from(value!.id), { key: bytes, name: 'group' })
      .count()
      .toStream()
      .to('counts')
  })
  t.same(serdes(topology), {
    'of in': ['string', 'json'],
    'to same': ['string', 'json'],
    'to ids': ['string', 'string'],
    'to again-repartition': ['int32', 'string'],
    'of again-repartition': ['int32', 'string'],
    'to again': ['int32', 'string'],
    'to group-repartition': ['bytes', 'json'],
    'of group-repartition': ['bytes', 'json'],
    'to counts': ['bytes', 'int64'],
  })
})

t.test('windowed tables and changes have serdes of their own', async (t) => {
  const topology = dsl((b) => {
    const grouped = b.stream('in', text).groupByKey()
    grouped
      .windowedBy(hopping({ sizeMs: 20, advanceMs: 10 }))
      .count()
      .toStream()
      .to('windows')
    grouped
      .windowedBy(session({ gapMs: 5 }))
      .reduce((a, b2) => a + b2)
      .toStream()
      .to('sessions')
    b.table('table', text)
      .groupBy((key, value) => [value, key], { name: 'regroup' })
      .count()
  })
  t.same(serdes(topology), {
    'of in': ['string', 'string'],
    'to windows': ['timeWindowed(string)', 'int64'],
    'to sessions': ['sessionWindowed(string)', 'string'],
    'of table': ['string', 'string'],
    'to regroup-repartition': ['string', 'changed(string)'],
    'of regroup-repartition': ['string', 'changed(string)'],
  })
})

t.test('a serde that was never given fails at build, naming where', async (t) => {
  const untyped = { key: string, value: null } as never
  t.throws(() => dsl((b) => b.stream('in', untyped)), { code: 'TOPOLOGY_SERDE_MISSING' })
  t.throws(
    () =>
      dsl((b) =>
        b
          .stream('in', untyped)
          .groupByKey()
          .reduce(() => null as never),
      ),
    { code: 'TOPOLOGY_SERDE_MISSING', message: /stream of in needs a value serde/ },
  )
})

t.test('stores', async (t) => {
  const topology = dsl((b) => {
    const grouped = b.stream('in', text).groupByKey()
    grouped.count({ store: { name: 'plain' } })
    grouped.count({ store: { name: 'set', logged: false, cached: false, engine: 'memory', topicConfig: { a: 'b' } } })
    grouped.windowedBy(hopping({ sizeMs: 20, advanceMs: 10, graceMs: 5 })).count({ store: { name: 'windows' } })
    grouped.windowedBy(hopping({ sizeMs: 20, advanceMs: 10 })).count({ store: { name: 'longer', retentionMs: 500 } })
    grouped.windowedBy(session({ gapMs: 5, graceMs: 1 })).count({ store: { name: 'sessions' } })
    grouped
      .windowedBy(session({ gapMs: 5 }))
      .emitStrategy('onWindowClose')
      .count({ store: { name: 'final' } })
    grouped.windowedBy(unlimited()).count({ store: { name: 'forever' } })
    b.globalTable('global', { ...text, store: { name: 'everywhere' } })
  })
  const forever = Number.POSITIVE_INFINITY
  const common = { logged: true, cached: true, engine: 'level', topicConfig: {} }
  const expected: Record<string, object> = {
    plain: { ...common, kind: 'timestampedKeyValue' },
    set: {
      ...common,
      kind: 'timestampedKeyValue',
      logged: false,
      cached: false,
      engine: 'memory',
      topicConfig: { a: 'b' },
    },
    windows: { ...common, kind: 'window', retentionMs: 25, windowSizeMs: 20 },
    longer: { ...common, kind: 'window', retentionMs: 500, windowSizeMs: 20 },
    sessions: { ...common, kind: 'session', retentionMs: 6 },
    final: { ...common, kind: 'session', retentionMs: 5, cached: false },
    forever: { ...common, kind: 'window', retentionMs: forever, windowSizeMs: forever },
    everywhere: { ...common, kind: 'timestampedKeyValue', logged: false, cached: false },
  }
  for (const store of [...topology.stores, ...topology.globalStores.map((global) => global.store)]) {
    const { name, keySerde, valueSerde, changelogTopic, ...settings } = store
    const { timeIndexed = false, ...rest } = settings as typeof settings & { readonly timeIndexed?: boolean }
    t.same(rest, expected[name], name)
    t.equal(keySerde, string, 'windowed stores are keyed by the inner key')
    t.equal(valueSerde, name === 'everywhere' ? string : int64)
    t.equal(changelogTopic, null)
    t.equal(timeIndexed, name === 'final', 'indexed by time only to emit on close')
  }
  t.equal(topology.stores.length + topology.globalStores.length, Object.keys(expected).length)
})
