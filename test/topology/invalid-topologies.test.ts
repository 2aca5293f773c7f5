/** What only a user without types can write: it too fails at build, with its code and the names involved. */
import t from 'tap'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type ErrorCode, isMillraceError } from '../../lib/errors.js'
import { string } from '../../lib/serde/primitive.js'
import { Streams } from '../../lib/streams.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { session, sliding, tumbling, unlimited } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'

/** Hides what the compiler knows. */
const loose = (value: unknown) => value as never

const text = { key: string, value: string }
const supplier = () => ({ process() {} })
const joiner = (left: string | null, right: string | null) => `${left}${right}`
const window = joinWindow({ beforeMs: 1, afterMs: 1 })
const history = { name: 'v', versioned: { historyRetentionMs: 5 } }

function hand(add: (builder: TopologyBuilder) => unknown): () => unknown {
  return () => {
    const builder = new TopologyBuilder().addSource({ name: 'source', topics: ['in'], ...text })
    add(builder)
    return builder.build()
  }
}

function dsl(add: (builder: StreamsBuilder, other: StreamsBuilder) => unknown, options?: BuildOptions): () => unknown {
  return () => {
    const builder = new StreamsBuilder()
    add(builder, new StreamsBuilder())
    return builder.build(options)
  }
}

const stream = (add: (stream: ReturnType<typeof inStream>) => unknown) => dsl((b) => add(inStream(b)))
const inStream = (b: StreamsBuilder) => b.stream('in', text)
const grouped = (add: (group: ReturnType<typeof inGroup>) => unknown) => dsl((b) => add(inGroup(b)))
const inGroup = (b: StreamsBuilder) => b.stream('in', text).groupByKey()
const table = (add: (table: ReturnType<typeof inTable>, b: StreamsBuilder) => unknown) => dsl((b) => add(inTable(b), b))
const inTable = (b: StreamsBuilder) => b.table('in', text)

const shared = { process() {}, transform: () => null }

const FUNCTION: ErrorCode = 'TOPOLOGY_FUNCTION_MISSING'
const ASYNC: ErrorCode = 'TOPOLOGY_FUNCTION_ASYNC'
const INPUT: ErrorCode = 'TOPOLOGY_INPUT_INVALID'
const CONFIG: ErrorCode = 'CONFIG_INVALID'
const WINDOW: ErrorCode = 'WINDOW_INVALID'

type Row = readonly [what: string, code: ErrorCode, message: RegExp, build: () => unknown]

const MISSING: readonly Row[] = [
  ['filter', FUNCTION, /KSTREAM-FILTER.*predicate/, stream((s) => s.filter(loose(undefined)))],
  ['filterNot', FUNCTION, /KSTREAM-FILTER.*predicate/, stream((s) => s.filterNot(loose(null)))],
  ['map', FUNCTION, /KSTREAM-MAP-.*mapper/, stream((s) => s.map(loose('x')))],
  ['mapValues', FUNCTION, /sized.*mapper/, stream((s) => s.mapValues(loose(5), { name: 'sized' }))],
  ['flatMap', FUNCTION, /mapper/, stream((s) => s.flatMap(loose({})))],
  ['flatMapValues', FUNCTION, /mapper/, stream((s) => s.flatMapValues(loose([])))],
  ['selectKey', FUNCTION, /KEY-SELECT.*mapper/, stream((s) => s.selectKey(loose(null)))],
  ['peek', FUNCTION, /PEEK.*action/, stream((s) => s.peek(loose(null)))],
  ['foreach', FUNCTION, /FOREACH.*action/, stream((s) => s.foreach(loose(null)))],
  ['groupBy', FUNCTION, /KEY-SELECT.*mapper/, stream((s) => s.groupBy(loose(null)).count())],
  ['process', FUNCTION, /PROCESSOR.*supplier/, stream((s) => s.process(loose(supplier())))],
  ['processValues', FUNCTION, /PROCESSVALUES.*supplier/, stream((s) => s.processValues(loose(undefined)))],
  ['an async predicate', ASYNC, /KSTREAM-FILTER.*predicate/, stream((s) => s.filter(loose(async () => true)))],
  ['an async mapper', ASYNC, /KSTREAM-MAPVALUES.*mapper/, stream((s) => s.mapValues(async (v) => v))],
  ['an async supplier', ASYNC, /PROCESSOR.*supplier/, stream((s) => s.process(loose(async () => shared)))],
  ['an async reducer', ASYNC, /reducer/, grouped((g) => g.reduce(loose(async () => '')))],
  [
    'an async adder',
    ASYNC,
    /adder/,
    grouped((g) => g.aggregate(loose({ initializer: () => '', adder: async () => '' }))),
  ],
  ['one processor for all tasks', 'PROCESSOR_SHARED', /PROCESSOR/, stream((s) => s.process(() => shared))],
  ['one transformer for all tasks', 'PROCESSOR_SHARED', /TRANSFORM/, table((a) => a.transformValues(() => shared))],
  ['mapAsync', FUNCTION, /KSTREAM-SOURCE.*mapper/, stream((s) => s.mapAsync(loose(null)))],
  ['mapValuesAsync', FUNCTION, /KSTREAM-SOURCE.*mapper/, stream((s) => s.mapValuesAsync(loose(null)))],
  ['processAsync', FUNCTION, /ASYNC.*handler/, stream((s) => s.processAsync(loose(null)))],
  ['a branch', FUNCTION, /BRANCH.*predicate/, stream((s) => s.split().branch(loose(null)).noDefaultBranch())],
  ['to nothing', 'CONFIG_INVALID', /^to: undefined is not a topic/, stream((s) => s.to(loose(undefined)))],
  ['to a number', 'CONFIG_INVALID', /^to: a number is not a topic/, stream((s) => s.to(loose(5)))],
  ['a partitioner', FUNCTION, /SINK.*partitioner/, stream((s) => s.to('out', { partitioner: loose(5) }))],
  [
    'an extractor',
    FUNCTION,
    /SOURCE.*timestampExtractor/,
    dsl((b) => b.stream('in', { ...text, timestampExtractor: loose('now') })),
  ],
  ['reduce', FUNCTION, /SOURCE.*reducer/, grouped((g) => g.reduce(loose(null)))],
  ['a windowed reduce', FUNCTION, /reducer/, grouped((g) => g.windowedBy(tumbling({ sizeMs: 5 })).reduce(loose(null)))],
  ['a session reduce', FUNCTION, /reducer/, grouped((g) => g.windowedBy(session({ gapMs: 5 })).reduce(loose(null)))],
  ['an adder', FUNCTION, /AGGREGATE.*adder/, grouped((g) => g.aggregate(loose({ initializer: () => '' })))],
  ['an initializer', FUNCTION, /AGGREGATE.*initializer/, grouped((g) => g.aggregate(loose({ adder: () => '' })))],
  [
    'a merger',
    FUNCTION,
    /AGGREGATE.*merger/,
    grouped((g) => g.windowedBy(session({ gapMs: 5 })).aggregate(loose({ initializer: () => '', adder: () => '' }))),
  ],
  [
    'an adder of a cogroup',
    FUNCTION,
    /COGROUP.*adder/,
    grouped((g) => g.cogroup<string>(loose(null)).aggregate({ initializer: () => '', store: text })),
  ],
  [
    'an initializer of a cogroup',
    FUNCTION,
    /COGROUP.*initializer/,
    grouped((g) => g.cogroup<string>(() => '').aggregate(loose({ store: text }))),
  ],
  ['a table’s filter', FUNCTION, /KTABLE-FILTER.*predicate/, table((a) => a.filter(loose(null)))],
  ['a table’s mapValues', FUNCTION, /KTABLE-MAPVALUES.*mapper/, table((a) => a.mapValues(loose(null)))],
  ['transformValues', FUNCTION, /TRANSFORMVALUES.*supplier/, table((a) => a.transformValues(loose(null)))],
  ['a table’s groupBy', FUNCTION, /SELECT.*mapper/, table((a) => a.groupBy(loose(null)).count())],
  [
    'a subtractor of a reduce',
    FUNCTION,
    /SELECT.*subtractor/,
    table((a) => a.groupBy((k, v) => [k, v]).reduce(loose({ adder: () => '' }))),
  ],
  [
    'a subtractor',
    FUNCTION,
    /AGGREGATE.*subtractor/,
    table((a) => a.groupBy((k, v) => [k, v]).aggregate(loose({ initializer: () => '', adder: () => '' }))),
  ],
  ['a joiner with a table', FUNCTION, /SOURCE.*joiner/, dsl((b) => inStream(b).join(b.table('t', text), loose({})))],
  ['options of a join', FUNCTION, /joiner/, dsl((b) => inStream(b).join(b.table('t', text), loose(undefined)))],
  [
    'a joiner of streams',
    FUNCTION,
    /joiner/,
    dsl((b) => inStream(b).outerJoin(b.stream('x', text), loose({ window }))),
  ],
  ['a joiner of tables', FUNCTION, /SOURCE.*joiner/, table((a, b) => a.leftJoin(b.table('t', text), loose({})))],
  [
    'a key selector',
    FUNCTION,
    /LEFTJOIN.*keySelector/,
    dsl((b) => inStream(b).join(b.globalTable('g', text), loose({ joiner }))),
  ],
  [
    'a foreign key',
    FUNCTION,
    /REGISTRATION.*foreignKey/,
    table((a, b) => a.join(b.table('t', text), loose({ foreignKey: null, joiner }))),
  ],
  [
    'a joiner by foreign key',
    FUNCTION,
    /SOURCE.*joiner/,
    table((a, b) => a.join(b.table('t', text), loose({ foreignKey: () => '' }))),
  ],
  [
    'a supplier by hand',
    FUNCTION,
    /up.*supplier/,
    hand((b) => b.addProcessor(loose({ name: 'up', parents: ['source'] }))),
  ],
]

const WRONG: readonly Row[] = [
  ['merged with nothing', INPUT, /merge: KSTREAM-SOURCE/, stream((s) => s.merge(loose(null)))],
  ['merged with a table', INPUT, /merge/, dsl((b) => inStream(b).merge(loose(b.table('t', text))))],
  ['joined with nothing', INPUT, /join/, stream((s) => s.join(loose(null), loose({ joiner })))],
  ['a table joined with a stream', INPUT, /join/, table((a, b) => a.join(loose(inStream(b)), { joiner }))],
  [
    'streams of two builders',
    INPUT,
    /another builder/,
    dsl((b, other) => inStream(b).join(other.stream('x', text), { joiner, window })),
  ],
  ['merged of two builders', INPUT, /another builder/, dsl((b, other) => inStream(b).merge(inStream(other)))],
  ['tables of two builders', INPUT, /another builder/, dsl((b, other) => inTable(b).join(inTable(other), { joiner }))],
  [
    'tables of two builders by foreign key',
    INPUT,
    /another builder/,
    dsl((b, other) => inTable(b).join(inTable(other), { joiner, foreignKey: (value) => value })),
  ],
  [
    'a stream and a table of two builders',
    INPUT,
    /another builder/,
    dsl((b, other) => inStream(b).join(inTable(other), { joiner })),
  ],
  [
    'a cogroup of two builders',
    INPUT,
    /cogroup.*another builder/,
    dsl((b, other) =>
      inGroup(b)
        .cogroup<string>(() => '')
        .cogroup(inGroup(other), () => ''),
    ),
  ],
  [
    'a global table of another builder',
    'TOPOLOGY_STORE_UNKNOWN',
    /LEFTJOIN.*g-STATE-STORE/,
    dsl((b, other) => inStream(b).join(other.globalTable('g', text), { joiner, keySelector: (key) => key })),
  ],
  ['no join window', WINDOW, /joinWindow/, dsl((b) => inStream(b).join(b.stream('x', text), loose({ joiner })))],
  [
    'another window in a join',
    WINDOW,
    /joinWindow/,
    dsl((b) => inStream(b).join(b.stream('x', text), { joiner, window: loose(tumbling({ sizeMs: 5 })) })),
  ],
  ['no window', WINDOW, /windowedBy/, grouped((g) => g.windowedBy(loose(null)))],
  ['a join window', WINDOW, /windowedBy/, grouped((g) => g.windowedBy(loose(window)))],
  ['no window in a cogroup', WINDOW, /windowedBy/, grouped((g) => g.cogroup(() => '').windowedBy(loose(undefined)))],
  [
    'an emit strategy nobody knows',
    WINDOW,
    /later/,
    grouped((g) => g.windowedBy(tumbling({ sizeMs: 5 })).emitStrategy(loose('later'))),
  ],
  [
    'one of sessions',
    WINDOW,
    /later/,
    grouped((g) => g.windowedBy(session({ gapMs: 5 })).emitStrategy(loose('later'))),
  ],
  ['size 0', WINDOW, /sizeMs/, () => tumbling({ sizeMs: 0 })],
  ['a gap of text', WINDOW, /gapMs/, () => session({ gapMs: loose('5') })],
  ['no number', WINDOW, /timeDifferenceMs.*NaN/, () => sliding({ timeDifferenceMs: Number.NaN })],
  ['a negative start', WINDOW, /startMs/, () => unlimited({ startMs: -1 })],
  ['a reversed join window', WINDOW, /has no width/, () => joinWindow({ beforeMs: -5, afterMs: 4 })],
  ['suppress without a limit', INPUT, /suppress of KTABLE-SOURCE/, table((a) => a.suppress(loose(null)))],
  ['a limit below 0', CONFIG, /limitMs/, () => untilTimeLimit(-5)],
  ['a full policy nobody knows', CONFIG, /onFull.*wait/, () => untilTimeLimit(5, { onFull: loose('wait') })],
  ['early final results', CONFIG, /emitEarly/, () => untilWindowCloses(loose({ onFull: 'emitEarly' }))],
  [
    'history shorter than grace, through a filter',
    'TOPOLOGY_RETENTION_TOO_SHORT',
    /store v has 5 ms of history.*graceMs 6/,
    dsl((b) => {
      const versioned = b.table('t', { ...text, store: history }).filter(() => true)
      inStream(b).join(versioned, { joiner, graceMs: 6 })
    }),
  ],
  [
    'retention of half a millisecond',
    CONFIG,
    /counts.*10\.5/,
    grouped((g) => g.windowedBy(tumbling({ sizeMs: 5 })).count({ store: { name: 'counts', retentionMs: 10.5 } })),
  ],
  [
    'retention without windows',
    CONFIG,
    /counts is not windowed/,
    grouped((g) => g.count({ store: { name: 'counts', retentionMs: 5 } })),
  ],
  ['no partitions', CONFIG, /again-repartition.*0/, stream((s) => s.repartition({ name: 'again', partitions: 0 }))],
  ['half a partition', CONFIG, /1\.5/, stream((s) => s.repartition({ partitions: 1.5 }))],
  [
    'a branch behind the default one',
    INPUT,
    /BRANCH/,
    stream((s) => {
      const split = s.split()
      split.defaultBranch()
      split.branch(() => true)
    }),
  ],
  [
    'an order nobody knows',
    CONFIG,
    /order.*none/,
    stream((s) => s.processAsync(async () => [], { order: loose('none') })),
  ],
  ['a rule nobody knows', CONFIG, /reuseTopics/, dsl((b) => inStream(b), { optimize: ['reuseTopics' as never] })],
  ['a word nobody knows', CONFIG, /some/, dsl((b) => inStream(b), { optimize: loose('some') })],
  [
    'a kind of store nobody knows',
    CONFIG,
    /rows.*list/,
    hand((b) => b.addStateStore({ name: 'rows', kind: loose('list'), ...text })),
  ],
  [
    'an engine nobody knows',
    CONFIG,
    /rows.*paper/,
    hand((b) => b.addStateStore({ name: 'rows', engine: loose('paper'), ...text })),
  ],
  ['a store of a source', INPUT, /source.*rows/, hand((b) => b.addStateStore({ name: 'rows', ...text }, 'source'))],
  [
    'a store of a sink',
    INPUT,
    /sink.*rows/,
    hand((b) => {
      b.addSink({ name: 'sink', topic: 'out', parents: ['source'], ...text })
      b.addStateStore({ name: 'rows', ...text }, 'sink')
    }),
  ],
  ['a builder to run', INPUT, /build\(\).*StreamsBuilder/, () => new TopologyTestDriver(loose(new StreamsBuilder()))],
  [
    'nothing to run',
    INPUT,
    /not undefined/,
    () => new Streams(loose(undefined), { applicationId: 'a', brokers: ['a:1'] }),
  ],
  ['connected to nothing', 'TOPOLOGY_STORE_UNKNOWN', /source/, hand((b) => b.connect('source'))],
]

for (const [what, code, message, build] of [...MISSING, ...WRONG]) {
  t.test(`${MISSING.some(([name]) => name === what) ? 'no function: ' : ''}${what}`, async (t) => {
    try {
      build()
      t.fail('it was built')
    } catch (error) {
      t.ok(isMillraceError(error, code), `${(error as Error).stack}`)
      t.match((error as Error).message, message)
    }
  })
}
