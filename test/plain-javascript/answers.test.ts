/** What functions return in plain JavaScript, though they may not: an error at the first record, and nothing is written. */
import t from 'tap'
import { int64, type KStream, type StreamsBuilder, string } from '../../lib/index.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { builder, stream, text } from './given.js'

type Build = (b: StreamsBuilder) => void
type Operator = 'map' | 'flatMap' | 'flatMapValues' | 'filter' | 'mapAsync'

/** A stream through `operator`, whose function gives `answer`. */
const answering = (operator: Operator, answer: unknown): Build => {
  const mapper = (() => answer) as never
  return (b) => {
    const operators = stream(b) as unknown as Record<Operator, (given: never) => KStream<string, string>>
    operators[operator](mapper).to('out')
  }
}

const regrouping = (selector: unknown): Build => {
  return (b) => {
    const counts = b
      .table('in', text)
      .groupBy(selector as never)
      .count()
    counts.toStream().to('out', { key: string, value: int64 } as never)
  }
}

const pair = { key: 'k', value: 'v' }

const ANSWERS: readonly (readonly [what: string, message: RegExp, build: Build])[] = [
  ['map, an object', /map returned an object: return a pair/, answering('map', pair)],
  ['map, nothing', /map returned undefined: return a pair/, answering('map', undefined)],
  ['map, null', /map returned null: return a pair/, answering('map', null)],
  ['map, text', /map returned a string: return a pair/, answering('map', 'kv')],
  ['map, three', /map returned an array of 3: return a pair/, answering('map', ['k', 'v', 1])],
  ['map, one', /map returned an array of 1: return a pair/, answering('map', ['k'])],
  ['map, a promise', /map returned a promise: return a pair/, answering('map', Promise.resolve(['k', 'v']))],
  ['flatMap, objects', /flatMap returned an object: return a pair/, answering('flatMap', [pair])],
  ['flatMap, one pair', /flatMap returned a string: return a pair/, answering('flatMap', ['k', 'v'])],
  ['flatMap, an object', /flatMap returned an object: return an array of pairs/, answering('flatMap', pair)],
  ['flatMap, nothing', /flatMap returned undefined: return an array of pairs/, answering('flatMap', undefined)],
  ['flatMap, text', /flatMap returned a string: return an array of pairs/, answering('flatMap', 'kv')],
  [
    'flatMapValues, text',
    /flatMapValues returned a string: return an array of values/,
    answering('flatMapValues', 'v'),
  ],
  ['flatMapValues, null', /flatMapValues returned null: return an array of values/, answering('flatMapValues', null)],
  ['filter, a promise', /predicate returned a promise/, answering('filter', Promise.resolve(false))],
  ['groupBy of a table, an object', /groupBy returned an object: return a pair/, regrouping(() => pair)],
  ['groupBy of a table, a key', /groupBy returned a string: return a pair/, regrouping((key: string) => key)],
  ['groupBy of a table, nothing', /groupBy returned undefined: return a pair/, regrouping(() => undefined)],
]

t.test('at the first record', async (t) => {
  for (const [what, message, build] of ANSWERS) {
    const b = builder()
    build(b)
    const driver = new TopologyTestDriver(b.build())
    const input = driver.createInputTopic('in', string, string)
    t.throws(() => input.pipe('k', 'v', 0), { code: 'PROCESS_FAILED', cause: { message } }, what)
    t.same(driver.producedTopics(), [], what)
  }
})

t.test('a promise that is rejected fails the record, not the process', async (t) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  const failing = () => Promise.reject(new Error('no answer'))
  const builds: readonly Build[] = [
    (b) => stream(b).map(failing as never),
    (b) => stream(b).flatMap(failing as never),
    (b) => stream(b).flatMap((() => [failing()]) as never),
    (b) => stream(b).flatMapValues(failing as never),
    (b) => stream(b).filter(failing as never),
    regrouping(failing),
  ]
  for (const [i, build] of builds.entries()) {
    const b = builder()
    build(b)
    const input = new TopologyTestDriver(b.build()).createInputTopic('in', string, string)
    t.throws(
      () => input.pipe('k', 'v', 0),
      { code: 'PROCESS_FAILED', cause: { message: /returned a promise/ } },
      `${i}`,
    )
  }
  await new Promise((resolve) => setImmediate(resolve))
  t.same(unhandled, [])
})

t.test('mapAsync, an object', async (t) => {
  const b = builder()
  answering('mapAsync', pair)(b)
  const driver = new TopologyTestDriver(b.build())
  driver.createInputTopic('in', string, string).pipe('k', 'v', 0)
  const message = /mapAsync returned an object: return a pair/
  await t.rejects(driver.idle(), { code: 'PROCESS_FAILED', cause: { message } })
})

t.test('async functions, at build', async (t) => {
  const later = (async () => ['k', 'v']) as never
  for (const [what, build] of [
    ['map', (b) => stream(b).map(later)],
    ['mapValues', (b) => stream(b).mapValues(later)],
    ['flatMap', (b) => stream(b).flatMap(later)],
    ['selectKey', (b) => stream(b).selectKey(later)],
    ['groupBy', (b) => stream(b).groupBy(later, { key: string }).count()],
    ['groupBy of a table', (b) => b.table('in', text).groupBy(later).count()],
    ['filter of a table', (b) => b.table('in', text).filter(later)],
  ] as readonly (readonly [string, Build])[]) {
    const b = builder()
    build(b)
    t.throws(() => b.build(), { code: 'TOPOLOGY_FUNCTION_ASYNC' }, what)
  }
})
