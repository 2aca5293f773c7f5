/** A topic as a value: declared once with its serdes, taken wherever a topic is read or written. */
import t from 'tap'
import { bytes, int64, StreamsBuilder, string, TopologyBuilder, topic } from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'

const lines = topic('lines', { key: string, value: string })
const words = topic('words', { key: string, value: int64 })
const shout = () => ({ process: () => undefined })

/** A builder, and its streams, as plain JavaScript sees them. */
interface Unchecked {
  stream(...given: unknown[]): Unchecked
  table(...given: unknown[]): Unchecked
  globalTable(...given: unknown[]): Unchecked
  addGlobalStore(...given: unknown[]): Unchecked
  to(...given: unknown[]): Unchecked
}

t.test('is frozen, and keeps name and serdes', async (t) => {
  t.match(words, { name: 'words', key: string, value: int64 })
  t.ok(Object.isFrozen(words))
})

t.test('what is not a topic is refused where it is declared', async (t) => {
  for (const [make, code, message] of [
    [() => topic('' as never, { key: string, value: string }), 'TOPIC_NAME_INVALID', /topic: "" is not a topic name/],
    [() => topic('a b', { key: string, value: string }), 'TOPIC_NAME_INVALID', /"a b"/],
    [() => topic('.', { key: string, value: string }), 'TOPIC_NAME_INVALID', /"\."/],
    [
      () => topic(5 as never, { key: string, value: string }),
      'TOPIC_NAME_INVALID',
      /a fraction|a number|is not a topic name/,
    ],
    [() => topic('words', undefined as never), 'CONFIG_INVALID', /topic words takes an object of options/],
    [() => topic('words', { key: string } as never), 'CONFIG_INVALID', /topic words: value is undefined: use a serde/],
    [() => topic('words', { value: string } as never), 'CONFIG_INVALID', /topic words: key is undefined/],
    [() => topic('words', { key: 'string', value: string } as never), 'CONFIG_INVALID', /key is a string/],
    [
      () => topic('words', { key: string, value: string, headers: string } as never),
      'CONFIG_INVALID',
      /no option head/,
    ],
  ] as const) {
    t.throws(make, { code, message })
  }
})

t.test('counts words from topic to topic', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream(lines)
    .filterNotNull()
    .flatMapValues((line) => line.split(' '))
    .groupBy((_key, word) => word)
    .count()
    .toStream()
    .to(words)
  const driver = new TopologyTestDriver(builder.build())
  driver.createInputTopic(lines, { startMs: 5 }).pipe(null, 'a b a')
  t.same(
    [...driver.createOutputTopic(words).readToMap()],
    [
      ['a', 2],
      ['b', 1],
    ],
  )
  driver.close()
})

t.test('every place that takes a topic describes as it does with a name', async (t) => {
  const serdes = { key: string, value: string }
  const supplier = shout
  for (const [typed, named] of [
    [(b) => b.stream(lines).to(lines), (b) => b.stream('lines', serdes).to('lines')],
    [
      (b) => b.stream([lines]).to(lines, { name: 'out' }),
      (b) => b.stream(['lines'], serdes).to('lines', { name: 'out' }),
    ],
    [(b) => b.stream([lines, topic('more', serdes)]).to(lines), (b) => b.stream(['lines', 'more'], serdes).to('lines')],
    [(b) => b.table(lines, { store: { name: 's' } }), (b) => b.table('lines', { ...serdes, store: { name: 's' } })],
    [(b) => b.table(lines).toStream().to(lines), (b) => b.table('lines', serdes).toStream().to('lines')],
    [
      (b) => [b.stream(words), b.globalTable(lines, { name: 'g' })],
      (b) => [b.stream('words', { key: string, value: int64 }), b.globalTable('lines', { ...serdes, name: 'g' })],
    ],
    [
      (b) => [b.stream(words), b.addGlobalStore({ topic: lines, store: { name: 's', ...serdes } as never })],
      (b) => [
        b.stream('words', { key: string, value: int64 }),
        b.addGlobalStore({ topic: 'lines', ...serdes, store: { name: 's', ...serdes } as never }),
      ],
    ],
  ] as readonly (readonly [(b: StreamsBuilder) => unknown, (b: StreamsBuilder) => unknown])[]) {
    const [one, other] = [typed, named].map((write) => {
      const builder = new StreamsBuilder()
      write(builder)
      return builder.build()
    })
    t.strictSame(one, other, String(typed))
  }
  for (const [typed, named] of [
    [
      (b) => b.addSource({ name: 'in', topics: lines }).addSink({ name: 'out', parents: ['in'], topic: lines }),
      (b) =>
        b
          .addSource({ name: 'in', topics: ['lines'], ...serdes })
          .addSink({ name: 'out', parents: ['in'], topic: 'lines', ...serdes }),
    ],
    [
      (b) =>
        b
          .addSource({ name: 'in', topics: [lines] })
          .addGlobalStore({ topic: words, name: 's', sourceName: 'gs', processorName: 'gp', supplier }),
      (b) =>
        b.addSource({ name: 'in', topics: ['lines'], ...serdes }).addGlobalStore({
          topic: 'words',
          key: string,
          value: int64,
          name: 's',
          sourceName: 'gs',
          processorName: 'gp',
          supplier,
        }),
    ],
    [
      (b) =>
        b.addReadOnlyStateStore({
          topic: lines,
          store: { name: 's', ...serdes },
          sourceName: 'in',
          processorName: 'p',
          supplier,
        }),
      (b) =>
        b.addReadOnlyStateStore({
          topic: 'lines',
          ...serdes,
          store: { name: 's', ...serdes },
          sourceName: 'in',
          processorName: 'p',
          supplier,
        }),
    ],
  ] as readonly (readonly [(b: TopologyBuilder) => unknown, (b: TopologyBuilder) => unknown])[]) {
    const [one, other] = [typed, named].map((write) => {
      const builder = new TopologyBuilder()
      write(builder)
      return builder.build()
    })
    t.strictSame(one, other, String(typed))
  }
})

t.test(
  'a topic and serdes beside it, topics that differ, and what is neither topic nor name are refused',
  async (t) => {
    const driver = () => {
      const builder = new StreamsBuilder()
      builder.stream(lines).to(lines)
      return new TopologyTestDriver(builder.build())
    }
    for (const [make, message] of [
      [(b) => b.stream(lines, { key: string }), /stream: topic lines has its serdes: omit key/],
      [(b) => b.stream(lines, { value: string }), /omit value/],
      [(b) => b.table(lines, { key: string, value: string }), /table: topic lines has its serdes/],
      [(b) => b.globalTable(lines, { value: string }), /globalTable: topic lines has its serdes/],
      [(b) => b.stream(lines).to(lines, { key: string }), /to: topic lines has its serdes: omit key/],
      [(b) => b.stream(lines).to(lines, { value: string }), /omit value/],
      [(b) => b.addGlobalStore({ topic: lines, key: string, store: {} }), /addGlobalStore: topic lines has its serdes/],
      [(b) => b.stream([lines, words]), /topics lines and words have different serdes/],
      [(b) => b.stream([lines, 'more']), /topics and names are mixed/],
      [(b) => b.stream({ name: 'lines', key: string, value: string }), /stream: an object is not a topic/],
      [(b) => b.stream(undefined), /stream: undefined is not a topic/],
      [(b) => b.stream([5]), /is not a topic/],
      [(b) => b.table(['lines'], { key: string, value: string }), /table: an array is not a topic/],
      [(b) => b.stream(lines).to({ topic: 'x' }), /to: an object is not a topic/],
      [
        () => new TopologyBuilder().addSource({ name: 'a', topics: lines, key: string } as never),
        /source a: topic lines/,
      ],
      [
        () => new TopologyBuilder().addSink({ name: 'a', parents: [], topic: lines, value: string } as never),
        /sink a: topic lines has its serdes: omit value/,
      ],
      [() => driver().createInputTopic(lines as never, bytes, bytes), /createInputTopic: topic lines has its serdes/],
      [() => driver().createOutputTopic(lines as never, bytes, bytes), /createOutputTopic: topic lines has its serdes/],
    ] as readonly (readonly [(b: Unchecked) => unknown, RegExp])[]) {
      t.throws(() => make(new StreamsBuilder() as never), { code: 'CONFIG_INVALID', message }, String(make))
    }
  },
)
