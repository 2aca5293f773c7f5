/**
 * What the compiler would have said, for those who write JavaScript: an unknown option or a wrong shape fails where it is given,
 * with a code and with what to do. What functions answer fails at the first record.
 */
import t from 'tap'
import * as millrace from '../lib/index.js'
import * as testing from '../lib/testing/index.js'

const { StreamsBuilder, int64, joinWindow, json, string, tumbling, session, topic, hopping } = millrace
const { TopologyTestDriver } = testing

// biome-ignore lint/suspicious/noExplicitAny: JavaScript is what this is about
type Loose = any

const text = { key: string, value: string }
const window = joinWindow({ beforeMs: 1, afterMs: 1 })
const joiner = (left: Loose) => left

const builder = (): Loose => new StreamsBuilder()
const stream = (b: Loose = builder()): Loose => b.stream('in', text)
const table = (b: Loose = builder()): Loose => b.table('rows', { ...text, store: { name: 'rows' } })
const grouped = (): Loose => stream().groupByKey()
const names = (message: string) => new RegExp(message.replaceAll('.', '\\.'))
const counts = { initializer: () => 0, adder: () => 0, store: { value: int64 } }

type Row = readonly [what: string, code: string, message: RegExp, make: () => unknown]

const misspelt = (what: string, option: string, make: (options: Loose) => unknown, others: object = {}): Row => [
  what,
  'CONFIG_INVALID',
  names(`(has no option ${option}|option ${option} is not an option): known: `),
  () => make({ ...others, [option]: 1 }),
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
  misspelt('avro', 'long', (o) => millrace.avro('"string"' as Loose, o)),
  misspelt('Streams', 'stateDirectory', (o) => new millrace.Streams(simple(), o), {
    applicationId: 'a',
    brokers: ['a:1'],
  }),
  misspelt('connect', 'broker s', (o) => millrace.connect(o), { brokers: ['a:1'] }),
  misspelt('the test driver', 'applicationid', (o) => new TopologyTestDriver(simple(), o)),
]

function simple(): millrace.Topology {
  const b = builder()
  b.stream('in', text).to('out')
  return b.build()
}

t.test('options that nobody knows', async (t) => {
  for (const [what, code, message, make] of OPTIONS) t.throws(make, { code, message }, what)
})

t.test('an unknown option where a promise comes back', async (t) => {
  const registry = { host: 'http://localhost:1', uri: 'x' } as Loose
  await t.rejects(millrace.confluentRegistry(registry), { code: 'CONFIG_INVALID', message: /has no option uri/ })
  const avro = { schema: '"string"', registry: {}, subjct: 'a' } as Loose
  await t.rejects(millrace.confluentAvro(avro), { code: 'CONFIG_INVALID', message: /has no option subjct/ })
  const broker = millrace.embeddedBroker({ folder: null, dir: 'x' } as Loose)
  await t.rejects(broker, { code: 'CONFIG_INVALID', message: /has no option dir/ })
})

const SHAPES: readonly Row[] = [
  ['stream without options', 'TOPOLOGY_SERDE_MISSING', /needs a key serde/, () => builder().stream('in')],
  [
    'stream without a value serde',
    'TOPOLOGY_SERDE_MISSING',
    /needs a value serde/,
    () => builder().stream('in', { key: string }),
  ],
  ['table without serdes', 'TOPOLOGY_SERDE_MISSING', /needs a key serde/, () => builder().table('in', {})],
  ['globalTable without serdes', 'TOPOLOGY_SERDE_MISSING', /needs a key serde/, () => builder().globalTable('in')],
  [
    'a serde by its name',
    'CONFIG_INVALID',
    /key is a string: use a serde/,
    () => builder().stream('in', { key: 'string', value: string }),
  ],
  [
    'a serde that was not called',
    'CONFIG_INVALID',
    /value is a function: use a serde/,
    () => builder().stream('in', { key: string, value: json }),
  ],
  ['a serde of a sink', 'CONFIG_INVALID', /value is an object: use a serde/, () => stream().to('out', { value: {} })],
  [
    'options that are a name',
    'CONFIG_INVALID',
    /takes an object of options \(name\), not a string/,
    () => stream().filter(() => true, 'mine'),
  ],
  [
    'options that are a list',
    'CONFIG_INVALID',
    /takes an object of options .*not an array/,
    () => stream().to('out', ['x']),
  ],
  ['options that are null', 'CONFIG_INVALID', /takes an object of options .*not null/, () => grouped().count(null)],
  [
    'an aggregate without options',
    'CONFIG_INVALID',
    /aggregate of .* takes an object of options/,
    () => grouped().aggregate(),
  ],
  [
    'an aggregate by its functions',
    'CONFIG_INVALID',
    /takes an object of options .*not a function/,
    () =>
      grouped().aggregate(
        () => 0,
        () => 0,
      ),
  ],
  [
    'a cogroup without a store',
    'TOPOLOGY_SERDE_MISSING',
    /needs a value serde/,
    () =>
      grouped()
        .cogroup(() => 0)
        .aggregate({ initializer: () => 0 }),
  ],
  [
    'a join without a joiner',
    'TOPOLOGY_FUNCTION_MISSING',
    /needs the function `joiner`/,
    () => {
      const b = builder()
      stream(b).join(table(b), {})
    },
  ],
  [
    'a join of streams without a window',
    'WINDOW_INVALID',
    /needs `window`/,
    () => {
      const b = builder()
      stream(b).join(b.stream('other', text), { joiner })
    },
  ],
  [
    'a join of tables by its joiner',
    'CONFIG_INVALID',
    /takes an object of options .*not a function/,
    () => {
      const b = builder()
      table(b).outerJoin(b.table('other', text), joiner)
    },
  ],
  ['windows by their size', 'WINDOW_INVALID', /windowedBy takes/, () => grouped().windowedBy({ sizeMs: 5 })],
]

t.test('shapes that do not fit', async (t) => {
  for (const [what, code, message, make] of SHAPES) t.throws(make, { code, message }, what)
})

/** Of the first record, `answer` being what the function under test returns. */
const ANSWERS: readonly (readonly [what: string, message: RegExp, build: (b: Loose) => void])[] = [
  [
    'map answers an object',
    /map returned an object: return a pair/,
    (b) =>
      stream(b)
        .map((key: Loose, value: Loose) => ({ key, value }))
        .to('out'),
  ],
  [
    'map answers nothing',
    /map returned undefined: return a pair/,
    (b) =>
      stream(b)
        .map((): void => undefined)
        .to('out'),
  ],
  [
    'map answers text',
    /map returned a string: return a pair/,
    (b) =>
      stream(b)
        .map(() => 'kv')
        .to('out'),
  ],
  [
    'map answers three',
    /map returned an array of 3: return a pair/,
    (b) =>
      stream(b)
        .map(() => ['k', 'v', 1])
        .to('out'),
  ],
  [
    'map answers a promise',
    /map returned a promise: return a pair/,
    (b) =>
      stream(b)
        .map(() => Promise.resolve(['k', 'v']))
        .to('out'),
  ],
  [
    'flatMap answers objects',
    /flatMap returned an object: return a pair/,
    (b) =>
      stream(b)
        .flatMap(() => [{ key: 'k', value: 'v' }])
        .to('out'),
  ],
  [
    'flatMap answers one pair',
    /flatMap returned a string: return a pair/,
    (b) =>
      stream(b)
        .flatMap(() => ['k', 'v'])
        .to('out'),
  ],
  [
    'flatMap answers an object',
    /flatMap returned an object: return an array of pairs/,
    (b) =>
      stream(b)
        .flatMap(() => ({ key: 'k' }))
        .to('out'),
  ],
  [
    'flatMap answers nothing',
    /flatMap returned undefined: return an array of pairs/,
    (b) =>
      stream(b)
        .flatMap((): void => undefined)
        .to('out'),
  ],
  [
    'flatMapValues answers text',
    /flatMapValues returned a string: return an array of values/,
    (b) =>
      stream(b)
        .flatMapValues((value: string) => value)
        .to('out'),
  ],
  [
    'flatMapValues answers nothing',
    /flatMapValues returned undefined: return an array of values/,
    (b) =>
      stream(b)
        .flatMapValues(() => {})
        .to('out'),
  ],
  [
    'groupBy of a table answers an object',
    /groupBy returned an object: return a pair/,
    (b) => {
      b.table('in', text)
        .groupBy((key: Loose, value: Loose) => ({ key, value }))
        .count()
        .toStream()
        .to('out', { value: int64 })
    },
  ],
  [
    'groupBy of a table answers a key',
    /groupBy returned a string: return a pair/,
    (b) => {
      b.table('in', text)
        .groupBy((key: Loose) => key)
        .count()
        .toStream()
        .to('out', { value: int64 })
    },
  ],
  [
    'a filter answers a promise',
    /returned a promise/,
    (b) =>
      stream(b)
        .filter(() => Promise.resolve(false))
        .to('out'),
  ],
]

t.test('what functions answer, at the first record', async (t) => {
  for (const [what, message, build] of ANSWERS) {
    const b = builder()
    build(b)
    const driver = new TopologyTestDriver(b.build())
    const input = driver.createInputTopic('in', string, string)
    t.throws(() => input.pipe('k', 'v', 0), { code: 'PROCESS_FAILED', cause: { message } }, what)
    t.same(driver.producedTopics(), [], what)
  }
})

t.test('mapAsync answers an object', async (t) => {
  const b = builder()
  stream(b)
    .mapAsync(async (key: Loose, value: Loose) => ({ key, value }))
    .to('out')
  const driver = new TopologyTestDriver(b.build())
  driver.createInputTopic('in', string, string).pipe('k', 'v', 0)
  await t.rejects(driver.idle(), {
    code: 'PROCESS_FAILED',
    cause: { message: /mapAsync returned an object: return a pair/ },
  })
})

t.test('functions that are async are refused at build', async (t) => {
  const later = async (): Promise<Loose> => ['k', 'v']
  for (const [what, build] of [
    ['map', (b) => stream(b).map(later)],
    ['mapValues', (b) => stream(b).mapValues(later)],
    ['flatMap', (b) => stream(b).flatMap(later)],
    ['selectKey', (b) => stream(b).selectKey(later)],
    ['groupBy', (b) => stream(b).groupBy(later, { key: string }).count()],
    ['groupBy of a table', (b) => table(b).groupBy(later).count()],
    ['filter of a table', (b) => table(b).filter(later)],
  ] as readonly (readonly [string, (b: Loose) => void])[]) {
    const b = builder()
    build(b)
    t.throws(() => b.build(), { code: 'TOPOLOGY_FUNCTION_ASYNC' }, what)
  }
})
