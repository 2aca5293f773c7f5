/** The changelog of a suppression, byte by byte what Kafka Streams writes for the same input. */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { Headers } from '../../lib/record/record.js'
import { bytes, string } from '../../lib/serde/primitive.js'
import { bufferedRowBytes, decodeBufferedRow, encodeBufferedRow } from '../../lib/serde/suppress-buffer.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { session, tumbling, unlimited } from '../../lib/windows/definitions.js'
import { TaskHarness, writtenBy } from '../task/harness.js'
import { SESSION, TIME, UNLIMITED, WINDOW } from './suppress-golden.js'

type Input = readonly [key: string, value: string | null, timestampMs: number, headers?: Headers]

const header = (key: string, value: string | null): Headers => [
  { key, value: value === null ? null : Buffer.from(value) },
]

const ROWS: readonly {
  readonly name: string
  readonly golden: typeof WINDOW
  readonly inputs: readonly Input[]
  readonly build: (builder: StreamsBuilder) => void
}[] = [
  {
    name: 'tumbling windows',
    golden: WINDOW,
    inputs: [
      ['a', 'x', 1],
      ['a', 'y', 3, header('h', 'v')],
      ['b', 'z', 4, header('n', null)],
      ['a', 'x', 20],
    ],
    build: (builder) =>
      stream(builder)
        .windowedBy(tumbling({ sizeMs: 10, graceMs: 5 }))
        .count()
        .suppress(untilWindowCloses())
        .toStream()
        .to('out'),
  },
  {
    name: 'a time limit',
    golden: TIME,
    inputs: [
      ['k', 'one', 0],
      ['k', 'two', 2],
      ['k', null, 5],
      ['j', 'jj', 11],
      ['k', 'three', 12],
      ['k', 'four', 13],
      ['k', 'five', 40],
    ],
    build: (builder) =>
      builder.table('in', { key: string, value: string }).suppress(untilTimeLimit(10)).toStream().to('out'),
  },
  {
    name: 'sessions',
    golden: SESSION,
    inputs: [
      ['a', 'x', 1],
      ['a', 'y', 4],
      ['b', 'z', 30],
    ],
    build: (builder) =>
      stream(builder)
        .windowedBy(session({ gapMs: 5 }))
        .count()
        .suppress(untilWindowCloses())
        .toStream()
        .to('out'),
  },
  {
    name: 'an unlimited window',
    golden: UNLIMITED,
    inputs: [
      ['a', 'x', 1],
      ['a', 'y', 4],
    ],
    build: (builder) =>
      stream(builder).windowedBy(unlimited()).count().suppress(untilWindowCloses()).toStream().to('out'),
  },
]

function stream(builder: StreamsBuilder) {
  return builder.stream('in', { key: string, value: string }).groupByKey()
}

const CHANGELOG = 'app-KTABLE-SUPPRESS-STATE-STORE-0000000004-changelog'

t.test('changelog records are those of Kafka Streams', async (t) => {
  for (const { name, golden, inputs, build } of ROWS) {
    const builder = new StreamsBuilder()
    build(builder)
    const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app', cacheBytes: 0 })
    const input = driver.createInputTopic('in', string, string)
    const changelog = driver.createOutputTopic(CHANGELOG, bytes, bytes)
    inputs.forEach(([key, value, timestampMs, headers], i) => {
      input.pipe(key, value, timestampMs, headers)
      const got = changelog.readAll().map((record) => {
        const version = record.headers.map((each) => `${each.key}=${each.value?.toString('hex')}`).join()
        t.equal(version, record.value === null ? '' : 'v=03', `${name}, input ${i + 1}: version`)
        return `${record.key?.toString('hex')} ${record.value === null ? null : record.value.toString('hex')}`
      })
      const want = golden.filter(([at]) => at === i + 1).map(([, rowKey, rowValue]) => `${rowKey} ${rowValue}`)
      t.same(got.sort(), want.sort(), `${name}, input ${i + 1}`)
    })
    driver.close()
  }
})

t.test('a buffer that Kafka Streams wrote goes on here, record context included', async (t) => {
  const builder = new StreamsBuilder()
  ROWS[0]!.build(builder)
  const harness = new TaskHarness(builder.build())
  for (const [input, key, value] of WINDOW) {
    if (input === 4) continue
    const bytes = value === null ? null : Buffer.from(value, 'hex')
    harness.task.state.restore('KTABLE-SUPPRESS-STATE-STORE-0000000004', Buffer.from(key, 'hex'), bytes, 0)
  }
  harness.add('in', [{ key: Buffer.from('c'), value: Buffer.from('x'), timestamp: 20 }], 3)
  harness.task.process(1)
  const written = writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'out')
  t.strictSame(
    written.map(({ key, value, timestamp, headers }) => [
      key?.toString('hex'),
      value?.readInt32BE(4),
      timestamp,
      headers,
    ]),
    [
      ['610000000000000000', 2, 3, header('h', 'v')],
      ['620000000000000000', 1, 4, header('n', null)],
    ],
  )
})

t.test('a row read and written again is the same', async (t) => {
  for (const [, key, value] of [...WINDOW, ...TIME, ...SESSION, ...UNLIMITED]) {
    if (value === null) continue
    const row = decodeBufferedRow(Buffer.from(value, 'hex'))
    t.equal(encodeBufferedRow(row).toString('hex'), value)
    t.ok(bufferedRowBytes(key.length / 2, row) > 0)
  }
})
