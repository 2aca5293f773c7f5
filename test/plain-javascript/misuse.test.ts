/** Values, serdes, sources, processors and test drivers, misused in plain JavaScript: nothing is lost without a word. */
import t from 'tap'
import {
  describe,
  diffTopologies,
  int64,
  json,
  type StreamsBuilder,
  sessionWindowed,
  string,
  timeWindowed,
  topic,
  tumbling,
} from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { builder, simple, stream, text } from './given.js'

const never = (given: unknown) => given as never

/** The error of one record through what `build` makes. */
function failure(build: (b: StreamsBuilder) => void): Error {
  const b = builder()
  build(b)
  try {
    const driver = new TopologyTestDriver(b.build())
    driver.createInputTopic('in', string, string).pipe('k', 'v', 0)
  } catch (error) {
    return error as Error
  }
  throw new Error('no error')
}

t.test('json refuses what it would write as an empty object', async (t) => {
  class Account extends Map<string, number> {}
  for (const [what, value] of [
    ['a Map: use Object.fromEntries', new Map([['a', 1]])],
    ['a Map', { inside: [new Account()] }],
    ['a Set: use', { inside: new Set([1]) }],
    ['a promise: await it', { inside: Promise.resolve(1) }],
    ['a promise: await it', Promise.resolve(1)],
    ['an Error: use its message', { inside: new Error('x') }],
    ['a regular expression', [/x/]],
  ] as const) {
    const message = new RegExp(`json on topic t cannot write ${what}`)
    t.throws(() => json().serialize(value, 't'), { code: 'SERDE_VALUE_INVALID', message })
    t.throws(() => json(undefined, { longs: 'bigint' }).serialize(value, 't'), { code: 'SERDE_VALUE_INVALID', message })
  }
  for (const value of [{}, [{}], { inside: {} }, '{}', Object.create(null), new (class Empty {})()]) {
    t.same(json().serialize(value, 't').toString(), JSON.stringify(value))
  }
  const shown = Object.assign(new Map(), { toJSON: () => ({}) })
  t.equal(json().serialize({ shown }, 't').toString(), '{"shown":{}}', 'a Map that says what its JSON is')
})

t.test('serdes say what they got', async (t) => {
  const key = { key: 'k', window: { startMs: 0, endMs: 5 } }
  t.throws(() => string.serialize(never(Promise.resolve('v')), 't'), {
    message: /got a promise \(await it in mapAsync/,
  })
  t.throws(() => string.serialize(never(key), 't'), { message: /got a windowed key \(use timeWindowed/ })
  t.throws(() => int64.serialize(never('5'), 't'), { message: /takes a safe integer, got a string/ })
  t.throws(() => timeWindowed(never(undefined), 5), {
    code: 'CONFIG_INVALID',
    message: /the serde of the key is undefined/,
  })
  t.throws(() => sessionWindowed(never('string')), {
    code: 'CONFIG_INVALID',
    message: /the serde of the key is a string/,
  })
  t.throws(() => timeWindowed(string, never(undefined)), {
    code: 'CONFIG_INVALID',
    message: /windowSizeMs is undefined/,
  })
  t.throws(() => timeWindowed(string, never(tumbling({ sizeMs: 5 }))), {
    code: 'CONFIG_INVALID',
    message: /is an object/,
  })
})

t.test('a topic read twice must be read alike', async (t) => {
  const words = topic('in', text)
  const conflict = (what: string) => ({
    code: 'TOPOLOGY_SOURCE_CONFLICT',
    message: new RegExp(`different ${what}: call stream once`),
  })
  const twice = (first: never, second: never) => () => {
    const b = builder()
    b.stream('in', first)
    b.stream('in', second)
  }
  t.throws(twice(never(text), never({ ...text, value: json() })), conflict('serdes of the value'))
  t.throws(twice(never(text), never({ ...text, key: int64 })), conflict('serdes of the key'))
  t.throws(twice(never(text), never({ ...text, timestampExtractor: () => 1 })), conflict('timestampExtractor'))
  const b = builder()
  b.stream(words)
    .merge(b.stream(topic('in', text)))
    .merge(b.stream('in', text))
    .to('out')
  t.ok(b.build(), 'the same serdes in two topics')
})

t.test('processors', async (t) => {
  class Mine {
    process(): void {}
  }
  const b = builder()
  stream(b).process(never(Mine))
  t.throws(() => b.build(), {
    code: 'TOPOLOGY_FUNCTION_MISSING',
    message: /got a class: use \(context\) => new Mine\(context\)/,
  })
  const b2 = builder()
  stream(b2).process(never({ process() {} }))
  t.throws(() => b2.build(), { message: /but got an object$/ })
  const nothing = failure((b) => void stream(b).process(never(() => undefined)))
  t.match(nothing, {
    code: 'TOPOLOGY_FUNCTION_MISSING',
    message: /supplier of .* returned undefined: return an object/,
  })
  for (const forwarded of [['k', 'v'], [{ value: 'v' }], [['k', 'v']]]) {
    const error = failure((b) =>
      stream(b)
        .process<string, string>((context) => ({
          process: () => context.forward(...(forwarded as unknown as [never])),
        }))
        .to('out'),
    )
    t.match(error, { code: 'RECORD_TIMESTAMP_INVALID', message: /Forward one whole record, such as/ })
  }
})

t.test('a put without its timestamp', async (t) => {
  for (const kind of ['keyValue', 'timestampedKeyValue', 'window', 'session', 'versioned']) {
    const error = failure((b) => {
      const sizes =
        kind === 'window' ? { windowSizeMs: 5, retentionMs: 50 } : kind.includes('eyValue') ? {} : { retentionMs: 50 }
      b.addStateStore(never({ name: 's', kind, ...text, ...sizes }))
      stream(b).process(
        (context) => ({
          process: ({ key }) => context.getStateStore<{ put(...given: unknown[]): void }>('s').put(key, 'v'),
        }),
        { stores: ['s'] },
      )
    })
    const message =
      /store s was given an entry whose timestamp is undefined, .*: use put\(key, value, timestamp\) \(task 0_0\)/
    t.match(error, { code: 'RECORD_TIMESTAMP_INVALID', message }, kind)
  }
})

t.test('a test driver', async (t) => {
  const driver = new TopologyTestDriver(simple())
  for (const serdes of [[], ['string', 'string'], [text], [string]]) {
    t.throws(() => driver.createInputTopic('in', ...(serdes as [never, never])), {
      code: 'CONFIG_INVALID',
      message: /createInputTopic of in: the .* serde is .*: give a topic/,
    })
    t.throws(() => driver.createOutputTopic('out', ...(serdes as [never, never])), {
      code: 'CONFIG_INVALID',
      message: /createOutputTopic of out/,
    })
  }
  const input = driver.createInputTopic('in', string, string)
  t.throws(() => input.pipe('k', 'v', never(new Date())), {
    code: 'CONFIG_INVALID',
    message: /pipe to in: the timestamp is a Date/,
  })
  t.throws(() => input.pipe('k', 'v', never('5')), { code: 'CONFIG_INVALID', message: /the timestamp is a string/ })
  t.throws(() => driver.advanceWallClockTime(never('5')), {
    code: 'CONFIG_INVALID',
    message: /advanceWallClockTime is a string/,
  })
  driver.close()
  driver.close()
  t.throws(() => input.pipe('k', 'v'), { code: 'STATE_CLOSED', message: /test driver is closed/ })
  t.throws(() => driver.advanceWallClockTime(5), { code: 'STATE_CLOSED' })
})

t.test('describe and diffTopologies', async (t) => {
  t.throws(() => describe(never(builder())), { code: 'TOPOLOGY_INPUT_INVALID', message: /result of `build\(\)`/ })
  t.throws(() => describe(simple(), never('yaml')), { code: 'CONFIG_INVALID', message: /text, json, mermaid/ })
  const described = JSON.parse(describe(simple(), 'json'))
  const message = /argument is .* but no description: use JSON.parse\(describe\(topology, 'json'\)\)/
  for (const wrong of [undefined, simple(), describe(simple(), 'json')]) {
    t.throws(() => diffTopologies(never(wrong), described), { code: 'TOPOLOGY_INPUT_INVALID', message })
    t.throws(() => diffTopologies(described, never(wrong)), { code: 'TOPOLOGY_INPUT_INVALID', message })
  }
})
