/** What user code answers that it may not: to the handlers, counted, with its origin, and the next record goes on. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { bytes, float64, int32, int64, json, session, string, tumbling } from '../../lib/index.js'
import type { RecordFailure } from '../../lib/record/failure.js'
import type { Serde } from '../../lib/serde/serde.js'
import { TaskHarness, writtenBy } from './harness.js'
import { record } from './records.js'

type Text = KStream<string, string>
/** What the function under test answers for the record `bad`; `good` for others. */
const either =
  <G>(answer: unknown, good: G) =>
  (value: unknown) =>
    value === 'bad' ? (answer as G) : good

interface Row {
  readonly what: string
  readonly build: (stream: Text) => void
  readonly code: string
  readonly handler: 'processing' | 'production'
}

const partitioned = (answer: unknown): Row => {
  const choose = either<number>(answer, 0)
  return {
    what: `a partitioner that answers ${Array.isArray(answer) ? `[${answer}]` : String(answer)} (${typeof answer})`,
    build: (stream) => void stream.to('out', { partitioner: (_topic, _key, value) => choose(value) }),
    code: 'PARTITION_INVALID',
    handler: 'processing',
  }
}

const forwarding = (timestamp: unknown): Row => {
  const time = either<number>(timestamp, 7)
  return {
    what: `a processor that forwards the timestamp ${String(timestamp)} (${typeof timestamp})`,
    build(stream) {
      stream
        .process<string, string>((context) => ({
          process: ({ key, value }) => context.forward({ key: key!, value: value!, timestamp: time(value) }),
        }))
        .to('out', { key: string, value: string })
    },
    code: 'RECORD_TIMESTAMP_INVALID',
    handler: 'processing',
  }
}

const writing = (answer: unknown): Row => {
  const bytes = either<Buffer>(answer, Buffer.from('x'))
  const serde: Serde<string> = { ...string, name: 'odd', serialize: bytes }
  return {
    what: `a serde that answers ${String(answer)} (${typeof answer})`,
    build: (stream) => void stream.to('out', { value: serde }),
    code: 'SERIALIZE_FAILED',
    handler: 'production',
  }
}

const mapping = (what: string, build: (stream: Text) => void, code = 'PROCESS_FAILED'): Row => ({
  what,
  build,
  code,
  handler: code === 'SERIALIZE_FAILED' ? 'production' : 'processing',
})

const throwing = (thrown: unknown): Row[] => {
  const may = (value: unknown) => {
    if (value === 'bad') throw thrown
    return true
  }
  const what = (who: string) => `${who} that throws ${String(thrown)}`
  return [
    mapping(what('a mapper'), (stream) => {
      stream.mapValues((value) => (may(value) ? value : '')).to('out')
    }),
    mapping(what('a filter'), (stream) => void stream.filter((_key, value) => may(value)).to('out')),
    mapping(what("a sink's function"), (stream) => void stream.to((_key, value) => (may(value) ? 'out' : ''))),
    mapping(what('a partitioner'), (stream) => {
      stream.to('out', { partitioner: (_topic, _key, value) => (may(value) ? 0 : null) })
    }),
    mapping(
      what('a serializer'),
      (stream) => {
        const serde = { ...string, serialize: (value: string) => Buffer.from(may(value) ? value : '') }
        stream.to('out', { value: serde })
      },
      'SERIALIZE_FAILED',
    ),
  ]
}

/** Values that a store's serde refuses: the record that made one is at fault, not the commit that logs it. */
const storing = (serde: Serde<never>, answer: unknown, good: unknown): Row[] => {
  const next = either<never>(answer, good as never)
  const value = serde as Serde<unknown>
  const how = {
    initializer: () => good as never,
    adder: (_k: string, v: string) => next(v),
    store: { name: 's', value },
  }
  const row = (kind: string, build: (stream: Text) => void): Row => ({
    what: `${kind} that puts ${String(answer)} (${typeof answer}) into a store with serde ${serde.name}`,
    build,
    code: serde.name === 'odd' ? 'PROCESS_FAILED' : 'SERDE_VALUE_INVALID',
    handler: 'processing',
  })
  const out = { key: string, value: int32 }
  const one = (key: string): [string, number] => [key, 1]
  return [
    row('an aggregator', (stream) => {
      stream
        .groupByKey()
        .aggregate(how)
        .toStream()
        .map((key) => one(key))
        .to('out', out)
    }),
    row('a windowed aggregator', (stream) => {
      const windowed = stream.groupByKey().windowedBy(tumbling({ sizeMs: 5 }))
      windowed
        .aggregate(how)
        .toStream()
        .map(({ key }) => one(key))
        .to('out', out)
    }),
    row('a session aggregator', (stream) => {
      const sessions = stream.groupByKey().windowedBy(session({ gapMs: 5 }))
      const merging = { ...how, merger: (_k: string, _a: unknown, b: unknown) => b }
      sessions
        .aggregate(merging as never)
        .toStream()
        .filter((_key, v) => v !== null)
        .map(({ key }) => one(key))
        .to('out', out)
    }),
    row('a mapper of a table', (stream) => {
      const table = stream.toTable({ name: 't' }).mapValues((v) => next(v), { store: { name: 's', value } } as never)
      table
        .toStream()
        .map((key) => one(key))
        .to('out', out)
    }),
  ]
}

const odd: Serde<never> = {
  name: 'odd',
  serialize(value) {
    if (value === 0) throw undefined
    return Buffer.from([value])
  },
  deserialize: (read) => read[0] as never,
}

const rows: readonly Row[] = [
  ...[undefined, null, 'text', 0].flatMap(throwing),
  ...(
    [
      [json(), Number.NaN, 1],
      [json(), 5n, 1],
      [json(), 2 ** 60, 1],
      [json(undefined, { longs: 'bigint' }), 2 ** 60, 1n],
      [int64, 2 ** 53, 1],
      [int64, 1.5, 1],
      [int64, 1n, 1],
      [int32, 2 ** 31, 1],
      [int32, 1n, 1],
      [float64, '1', 1],
      [string, 1, 'x'],
      [bytes, 'text', Buffer.alloc(1)],
      [odd, 0, 1],
    ] as const
  ).flatMap(([serde, answer, good]) => storing(serde as Serde<never>, answer, good)),
  ...[1.5, -1, 1, Number.NaN, undefined, '0', 0n, {}, [0, 1], [0.5], ['0'], Promise.resolve(0)].map(partitioned),
  ...[undefined, null, '7', 1.5, Number.NaN, 1e18, 7n].map(forwarding),
  ...[undefined, 'v2', 5, {}, Promise.resolve(Buffer.alloc(0))].map(writing),
  mapping('a mapper without a pair', (stream) => {
    const pair = either<[string, string]>(undefined, ['k', 'good'])
    stream.map((_key, value) => pair(value)).to('out', { key: string, value: string })
  }),
  mapping('a flat mapper without a list', (stream) => {
    const list = either<string[]>(undefined, ['good'])
    stream.flatMapValues((value) => list(value)).to('out', { value: string })
  }),
  mapping(
    'a mapper that answers a promise',
    (stream) => {
      const promise = either<string>(Promise.resolve('x'), 'good')
      stream.mapValues((value) => promise(value)).to('out', { value: string })
    },
    'SERIALIZE_FAILED',
  ),
  mapping(
    'a header that is text',
    (stream) => {
      stream
        .process<string, string>((context) => ({
          process: ({ key, value }) =>
            context.forward({
              key: key!,
              value: value!,
              timestamp: 7,
              headers: [{ key: 'h', value: (value === 'bad' ? 'text' : null) as never }],
            }),
        }))
        .to('out', { key: string, value: string })
    },
    'SERIALIZE_FAILED',
  ),
]

for (const { what, build, code, handler } of rows) {
  t.test(what, async (t) => {
    const builder = new StreamsBuilder()
    build(builder.stream('in', { key: string, value: string }) as Text)
    const seen: (readonly [string, RecordFailure])[] = []
    const judge = (name: string) => (failure: RecordFailure) => {
      seen.push([name, failure])
      return 'skip' as const
    }
    const harness = new TaskHarness(builder.build(), {
      onProcessingError: judge('processing'),
      onProductionError: judge('production'),
    })
    harness.add('in', [record('a', 'good'), record('b', 'bad'), record('c', 'good')], 40)
    t.equal(harness.task.process(10), 3)
    t.match(seen, [[handler, { topic: 'in', partition: 0, offset: 41, error: { code } }]])
    t.match(harness.drops, [{ topic: 'in', partition: 0, offset: 41 }])
    t.equal(writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'out').length, 2)
  })
}

t.test('undefined is no value: it is dropped and counted as null is', async (t) => {
  const nothing = either<string>(undefined, 'good')
  for (const [reason, map] of [
    ['nullValue', (stream: Text) => stream.mapValues((value) => nothing(value))],
    ['nullValue', (stream: Text) => stream.flatMapValues((value) => [nothing(value)])],
  ] as const) {
    const builder = new StreamsBuilder()
    map(builder.stream('in', { key: string, value: string }) as Text)
      .groupByKey({ key: string, value: json<string>() })
      .count({ store: { name: 'counts' } })
      .toStream()
      .to('out', { key: string, value: int64 })
    const harness = new TaskHarness(builder.build(), { partitionCount: () => 1 })
    harness.add('in', [record('k', 'bad')], 3)
    harness.task.process(10)
    t.match(harness.drops, [{ reason, offset: 3 }])
    t.same(
      writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'out'),
      [],
    )
  }
})
