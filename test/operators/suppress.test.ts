/** `suppress(untilTimeLimit)` and `cogroup` against naive references, on seeded random input. */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { isMillraceError } from '../../lib/errors.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { type Headers, NO_HEADERS } from '../../lib/record/record.js'
import { string } from '../../lib/serde/primitive.js'
import { bufferedRowBytes } from '../../lib/serde/suppress-buffer.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { tumbling } from '../../lib/windows/definitions.js'

const SEEDS = 120
const text = { key: string, value: string }

interface Input {
  readonly topic: string
  readonly key: string
  readonly value: string | null
  readonly ts: number
  readonly headers: Headers
}

interface Result {
  readonly at: number
  readonly key: string | null
  readonly value: string | null
  readonly ts: number
  readonly headers: Headers
}

function randomInputs(random: Random, topics: readonly string[], nulls: number): Input[] {
  let nowMs = 0
  return Array.from({ length: 40 }, (_, i) => {
    nowMs += random.int(6)
    const value = random.int(10) < nulls ? null : 'v'.repeat(1 + random.int(5)) + i
    const headers = random.int(3) === 0 ? [{ key: `h${i}`, value: Buffer.from(`${i}`) }] : NO_HEADERS
    const ts = Math.max(0, nowMs - (random.int(3) === 0 ? random.int(20) : 0))
    return { topic: topics[random.int(topics.length)]!, key: `k${random.int(5)}`, value, ts, headers }
  })
}

/** What came out, and the input (from 1) that was refused, 0 for none. */
function run(builder: StreamsBuilder, inputs: readonly Input[]): { results: Result[]; fullAt: number } {
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const output = driver.createOutputTopic('out', string, string)
  const results: Result[] = []
  for (const [i, { topic, key, value, ts, headers }] of inputs.entries()) {
    try {
      driver.createInputTopic(topic, string, string).pipe(key, value, ts, headers)
    } catch (error) {
      if (isMillraceError(error, 'SUPPRESS_BUFFER_FULL')) return { results, fullAt: i + 1 }
      throw error
    }
    for (const record of output.readAll()) {
      results.push({ at: i + 1, key: record.key, value: record.value, ts: record.timestamp, headers: record.headers })
    }
  }
  driver.close()
  return { results, fullAt: 0 }
}

interface Limits {
  readonly limitMs: number
  readonly maxRecords: number
  readonly maxBytes: number
  readonly onFull: 'emitEarly' | 'shutDown'
}

interface Held extends Input {
  readonly since: number
  readonly prior: string | null
  readonly old: string | null
}

/** Looks at everything held each time; what a row weighs is checked elsewhere, byte by byte. */
function suppressedByReference(inputs: readonly Input[], limits: Limits): { results: Result[]; fullAt: number } {
  const table = new Map<string, string | null>()
  const results: Result[] = []
  let held: Held[] = []
  let timeMs = -1
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
  const weight = () =>
    held.reduce((sum, { key, since, prior, old, value, ts, topic, headers }, i) => {
      const context = { timestamp: ts, offset: i, topic, partition: 0, headers, bufferTimeMs: since }
      return sum + bufferedRowBytes(key.length, { ...context, prior: bytes(prior), old: bytes(old), now: bytes(value) })
    }, 0)
  for (const [i, input] of inputs.entries()) {
    timeMs = Math.max(timeMs, input.ts)
    const old = table.get(input.key) ?? null
    table.set(input.key, input.value)
    const before = held.find(({ key }) => key === input.key)
    held = held.filter((each) => each !== before)
    held.push({ ...input, old, since: before?.since ?? input.ts, prior: before === undefined ? old : before.prior })
    held.sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1))
    const emit = () => {
      const { key, value, ts, headers } = held.shift()!
      results.push({ at: i + 1, key, value, ts, headers })
    }
    while (held.length > 0 && held[0]!.since + limits.limitMs <= timeMs) emit()
    const full = () => held.length > limits.maxRecords || weight() > limits.maxBytes
    if (full() && limits.onFull === 'shutDown') {
      return { results: results.filter(({ at }) => at <= i), fullAt: i + 1 }
    }
    while (full()) emit()
  }
  return { results, fullAt: 0 }
}

t.test('a time limit, with both ways of being full', async (t) => {
  let stopped = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`limit/${seed}`)
    const infinity = Number.POSITIVE_INFINITY
    const limits: Limits = {
      limitMs: random.int(40),
      maxRecords: random.int(2) === 0 ? infinity : random.int(5),
      maxBytes: random.int(2) === 0 ? infinity : 40 + random.int(300),
      onFull: random.int(3) === 0 ? 'shutDown' : 'emitEarly',
    }
    const { limitMs, onFull } = limits
    const builder = new StreamsBuilder()
    const bounds = {
      ...(limits.maxRecords < infinity && { maxRecords: limits.maxRecords }),
      ...(limits.maxBytes < infinity && { maxBytes: limits.maxBytes }),
    }
    builder
      .table('in', text)
      .suppress(untilTimeLimit(limitMs, { ...bounds, onFull }))
      .toStream()
      .to('out')
    const inputs = randomInputs(random, ['in'], 2)
    const got = run(builder, inputs)
    t.strictSame(got, suppressedByReference(inputs, limits), `seed ${seed}`)
    if (got.fullAt > 0) stopped++
  }
  t.ok(stopped > 5, `${stopped} buffers were full`)
})

t.test('what is joined with a suppressed table meets what it showed last', async (t) => {
  const builder = new StreamsBuilder()
  const held = builder.table('rows', text).suppress(untilTimeLimit(10))
  const joiner = (left: string, right: string | null) => `${left}/${right}`
  builder.table('in', text).leftJoin(held, { joiner }).toStream().to('out')
  const input = (topic: string, value: string, ts: number): Input => ({
    topic,
    key: 'k',
    value,
    ts,
    headers: NO_HEADERS,
  })
  const { results } = run(builder, [
    input('in', 'a', 0),
    input('rows', 'one', 0),
    input('in', 'b', 1),
    input('rows', 'two', 12),
    input('rows', 'three', 13),
    input('in', 'c', 14),
    input('rows', 'four', 30),
  ])
  t.strictSame(
    results.map(({ at, value }) => `${at} ${value}`),
    ['1 a/null', '3 b/null', '4 b/two', '6 c/two', '7 c/four'],
  )
})

t.test('a cogroup folds every stream with its own adder, in order of arrival', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`cogroup/${seed}`)
    const topics = ['one', 'two', 'three'].slice(0, 1 + random.int(3))
    const builder = new StreamsBuilder()
    const [first, ...rest] = topics.map((topic) => builder.stream(topic, text).groupByKey())
    const adder = (topic: string) => (_key: string, value: string | null, all: string) => `${all} ${topic}:${value}`
    let cogroup = first!.cogroup(adder(topics[0]!))
    rest.forEach((stream, i) => {
      cogroup = cogroup.cogroup(stream, adder(topics[i + 1]!))
    })
    cogroup
      .aggregate({ initializer: () => '', store: { value: string } })
      .toStream()
      .to('out')
    const inputs = randomInputs(random, topics, 2)
    const all = new Map<string, { value: string; ts: number }>()
    const expected: Result[] = []
    for (const [i, { topic, key, value, ts, headers }] of inputs.entries()) {
      if (value === null) continue
      const before = all.get(key) ?? { value: '', ts: -1 }
      const after = { value: `${before.value} ${topic}:${value}`, ts: Math.max(before.ts, ts) }
      all.set(key, after)
      expected.push({ at: i + 1, key, headers, ...after })
    }
    t.strictSame(run(builder, inputs).results, expected, `seed ${seed}`)
  }
})

t.test('a window two streams cogroup goes out once, though the slower one still changes it', async (t) => {
  const builder = new StreamsBuilder()
  const [one, two] = ['one', 'two'].map((topic) => builder.stream(topic, text).groupByKey())
  const adder = (_key: string, value: string | null, all: string) => all + value
  one!
    .cogroup(adder)
    .cogroup(two!, adder)
    .windowedBy(tumbling({ sizeMs: 10 }))
    .aggregate({ initializer: () => '', store: { value: string } })
    .suppress(untilWindowCloses())
    .toStream()
    .map((windowed, value): [string, string] => [`${windowed.key}@${windowed.window.startMs}`, value])
    .to('out', { key: string, value: string })
  const input = (topic: string, value: string, ts: number): Input => ({
    topic,
    key: 'k',
    value,
    ts,
    headers: NO_HEADERS,
  })
  const { results } = run(builder, [
    input('one', 'a', 5),
    input('one', 'b', 12),
    input('two', 'c', 6),
    input('two', 'd', 25),
  ])
  t.strictSame(
    results.map(({ at, key, value }) => `${at} ${key} ${value}`),
    ['2 k@0 a', '4 k@10 b'],
    'Kafka Streams emits k@0 again as "ac" at input 3',
  )
})
