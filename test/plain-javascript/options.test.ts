/** A misspelt option, in plain JavaScript: rejected where it is given, with the names that are known. */
import t from 'tap'
import * as millrace from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { builder, grouped, joiner, type Row, simple, stream, table, text } from './given.js'

const { hopping, int64, json, joinWindow, session, StreamsBuilder, string, topic, tumbling } = millrace
const window = joinWindow({ beforeMs: 1, afterMs: 1 })
const names = (message: string) => new RegExp(message.replaceAll('.', '\\.'))
const counts = { initializer: () => 0, adder: () => 0, store: { value: int64 } }

const misspelt = (what: string, option: string, make: (options: never) => unknown, others: object = {}): Row => [
  what,
  'CONFIG_INVALID',
  names(`(has no option ${option}|option ${option} is not an option): known: `),
  () => make({ ...others, [option]: 1 } as never),
]

const OPTIONS: readonly Row[] = [
  misspelt('the builder', 'timestampextractor', (o) => new StreamsBuilder(o)),
  misspelt('stream', 'ofsetReset', (o) => builder().stream('in', o), text),
  misspelt('stream of a topic', 'ofsetReset', (o) => builder().stream(topic('in', text), o)),
  misspelt('table', 'sotre', (o) => builder().table('in', o), text),
  misspelt('globalTable', 'offsetReset', (o) => builder().globalTable('in', o), text),
  misspelt('addStateStore', 'loged', (o) => builder().addStateStore(o), { name: 's', ...text }),
  misspelt('addTimerStore', 'type', (o) => builder().addTimerStore(o), { name: 's', key: string }),
  misspelt('addGlobalStore', 'suplier', (o) => builder().addGlobalStore(o), {
    topic: 'g',
    ...text,
    store: { name: 's', ...text },
  }),
  misspelt('build', 'optimise', (o) => builder().build(o)),
  misspelt('filter', 'nam', (o) => stream().filter(() => true, o)),
  misspelt('filterNot', 'nam', (o) => stream().filterNot(() => true, o)),
  misspelt('filterNotNull', 'nam', (o) => stream().filterNotNull(o)),
  misspelt('map', 'key', (o) => stream().map(() => ['', ''], o)),
  misspelt('mapValues', 'value', (o) => stream().mapValues(() => '', o)),
  misspelt('flatMap', 'nam', (o) => stream().flatMap(() => [], o)),
  misspelt('flatMapValues', 'nam', (o) => stream().flatMapValues(() => [], o)),
  misspelt('selectKey', 'key', (o) => stream().selectKey(() => '', o)),
  misspelt('peek', 'nam', (o) => stream().peek(() => {}, o)),
  misspelt('foreach', 'nam', (o) => stream().foreach(() => {}, o)),
  misspelt('print', 'mapr', (o) => stream().print(() => {}, o)),
  misspelt('merge', 'nam', (o) => {
    const b = builder()
    stream(b).merge(b.stream('other', text), o)
  }),
  misspelt('split', 'nam', (o) => stream().split(o)),
  misspelt('a branch', 'nam', (o) =>
    stream()
      .split()
      .branch(() => true, o),
  ),
  misspelt('the default branch', 'nam', (o) => stream().split().defaultBranch(o)),
  misspelt('repartition', 'numberOfPartitions', (o) => stream().repartition(o)),
  misspelt('groupByKey', 'serde', (o) => stream().groupByKey(o)),
  misspelt('groupBy', 'serde', (o) => stream().groupBy(() => '', o)),
  misspelt('toTable', 'stroe', (o) => stream().toTable(o)),
  misspelt('to', 'partitoner', (o) => stream().to('out', o)),
  misspelt('process', 'store', (o) => stream().process(() => ({ process() {} }), o)),
  misspelt('processValues', 'store', (o) => stream().processValues(() => ({ process() {} }), o)),
  misspelt('mapAsync', 'retries', (o) => stream().mapAsync(async () => ['', ''], o)),
  misspelt('mapValuesAsync', 'timeout', (o) => stream().mapValuesAsync(async () => '', o)),
  misspelt('processAsync', 'timeout', (o) => stream().processAsync(async () => [], o)),
  misspelt(
    'a join of streams',
    'windows',
    (o) => {
      const b = builder()
      stream(b).join(b.stream('other', text), o)
    },
    { window, joiner },
  ),
  misspelt('the stores of a join', 'nam', (o) => {
    const b = builder()
    stream(b).leftJoin(b.stream('other', text), { window, joiner, store: o })
  }),
  misspelt(
    'a join with a table',
    'grace',
    (o) => {
      const b = builder()
      stream(b).join(table(b), o)
    },
    { joiner },
  ),
  misspelt(
    'a join with a global table',
    'keyselector',
    (o) => {
      const b = builder()
      stream(b).leftJoin(b.globalTable('g', text), o)
    },
    { joiner, keySelector: () => '' },
  ),
  misspelt('count', 'stroe', (o) => grouped().count(o)),
  misspelt('reduce', 'stroe', (o) => grouped().reduce((a: string) => a, o)),
  misspelt('aggregate', 'subtractor', (o) => grouped().aggregate(o), counts),
  misspelt('a windowed count', 'retentionMs', (o) =>
    grouped()
      .windowedBy(tumbling({ sizeMs: 1 }))
      .count(o),
  ),
  misspelt(
    'a windowed aggregate',
    'megrer',
    (o) =>
      grouped()
        .windowedBy(hopping({ sizeMs: 1, advanceMs: 1 }))
        .aggregate(o),
    counts,
  ),
  misspelt(
    'an aggregate of sessions',
    'sessionMerger',
    (o) =>
      grouped()
        .windowedBy(session({ gapMs: 1 }))
        .aggregate(o),
    { ...counts, merger: () => 0 },
  ),
  misspelt('windowedBy', 'tim', (o) => grouped().windowedBy(tumbling({ sizeMs: 1 }), o)),
  misspelt(
    'a cogroup',
    'adder',
    (o) =>
      grouped()
        .cogroup(() => 0)
        .aggregate(o),
    { initializer: () => 0, store: { value: int64 } },
  ),
  misspelt(
    'a cogroup in windows',
    'adder',
    (o) =>
      grouped()
        .cogroup(() => 0)
        .windowedBy(tumbling({ sizeMs: 1 }))
        .aggregate(o),
    { initializer: () => 0, store: { value: int64 } },
  ),
  misspelt('filter of a table', 'nam', (o) => table().filter(() => true, o)),
  misspelt('mapValues of a table', 'value', (o) => table().mapValues(() => '', o)),
  misspelt('transformValues', 'stroes', (o) => table().transformValues(() => ({ transform() {} }), o)),
  misspelt('toStream', 'nam', (o) => table().toStream(o)),
  misspelt('toStream with a mapper', 'nam', (o) => table().toStream(() => '', o)),
  misspelt('groupBy of a table', 'serde', (o) => table().groupBy(() => ['', ''], o)),
  misspelt('a count of a table', 'stroe', (o) =>
    table()
      .groupBy(() => ['', ''])
      .count(o),
  ),
  misspelt(
    'a reduce of a table',
    'initializer',
    (o) =>
      table()
        .groupBy(() => ['', ''])
        .reduce(o),
    { adder: joiner, subtractor: joiner },
  ),
  misspelt(
    'an aggregate of a table',
    'merger',
    (o) =>
      table()
        .groupBy(() => ['', ''])
        .aggregate(o),
    { ...counts, subtractor: () => 0 },
  ),
  misspelt(
    'a join of tables',
    'window',
    (o) => {
      const b = builder()
      table(b).join(b.table('other', text), o)
    },
    { joiner },
  ),
  misspelt(
    'a join by foreign key',
    'foreignkey',
    (o) => {
      const b = builder()
      table(b).leftJoin(b.table('other', text), o)
    },
    { joiner, foreignKey: () => '' },
  ),
  misspelt('suppress', 'maxRecords', (o) => table().suppress(millrace.untilTimeLimit(5), o)),
  misspelt('untilTimeLimit', 'maxrecords', (o) => millrace.untilTimeLimit(5, o)),
  misspelt('untilWindowCloses', 'maxBuffer', (o) => millrace.untilWindowCloses(o)),
  misspelt('stateStore', 'retentionms', (o) => millrace.stateStore(o), { name: 's', ...text }),
  misspelt('addSource', 'topic', (o) => new millrace.TopologyBuilder().addSource(o), {
    name: 'a',
    topics: ['in'],
    ...text,
  }),
  misspelt('addProcessor', 'parent', (o) => new millrace.TopologyBuilder().addProcessor(o), {
    name: 'a',
    parents: ['b'],
    supplier: () => ({}),
  }),
  misspelt('addSink', 'topics', (o) => new millrace.TopologyBuilder().addSink(o), {
    name: 'a',
    parents: ['b'],
    topic: 'out',
    ...text,
  }),
  misspelt('build by hand', 'optimise', (o) => new millrace.TopologyBuilder().build(o)),
  misspelt('json', 'reviver', (o) => json(undefined, o)),
  misspelt('avro', 'long', (o) => millrace.avro('"string"' as never, o)),
  misspelt('Streams', 'stateDirectory', (o) => new millrace.Streams(simple(), o), {
    applicationId: 'a',
    brokers: ['a:1'],
  }),
  misspelt('connect', 'broker s', (o) => millrace.connect(o), { brokers: ['a:1'] }),
  misspelt('the test driver', 'applicationid', (o) => new TopologyTestDriver(simple(), o)),
]

t.test('options that nobody knows', async (t) => {
  for (const [what, code, message, make] of OPTIONS) t.throws(make, { code, message }, what)
})

t.test('an unknown option where a promise comes back', async (t) => {
  const registry = { host: 'http://localhost:1', uri: 'x' } as never
  await t.rejects(millrace.confluentRegistry(registry), { code: 'CONFIG_INVALID', message: /has no option uri/ })
  const avro = { schema: '"string"', registry: {}, subjct: 'a' } as never
  await t.rejects(millrace.confluentAvro(avro), { code: 'CONFIG_INVALID', message: /has no option subjct/ })
  const broker = millrace.embeddedBroker({ folder: null, dir: 'x' } as never)
  await t.rejects(broker, { code: 'CONFIG_INVALID', message: /has no option dir/ })
})
