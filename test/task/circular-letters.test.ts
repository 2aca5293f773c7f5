/** Records of the dead-letter topic itself, and handlers whose answers are no answers. */
import t from 'tap'
import { type FailureHandler, json, StreamsBuilder, string } from '../../lib/index.js'
import { type HarnessOptions, TaskHarness, writtenBy } from './harness.js'
import { record } from './records.js'

const text = { key: string, value: string }

/** Fails in one of three places, with the records of `letters` dead letters already. */
const kinds: readonly (readonly [
  what: string,
  build: (builder: StreamsBuilder) => void,
  option: keyof HarnessOptions,
])[] = [
  [
    'what cannot be read',
    (builder) => void builder.stream('letters', { key: string, value: json() }).to('out'),
    'onDeserializationError',
  ],
  [
    'what user code throws at',
    (builder) => {
      const fail = (): string => {
        throw new Error('of the application')
      }
      builder.stream('letters', text).mapValues(fail).to('out', text)
    },
    'onProcessingError',
  ],
  [
    'what cannot be written',
    (builder) =>
      void builder
        .stream('letters', text)
        .mapValues(() => 5 as unknown as string)
        .to('out', text),
    'onProductionError',
  ],
]

for (const [what, build, option] of kinds) {
  t.test(`${what}, from the dead-letter topic, is no letter again`, async (t) => {
    for (const policy of ['deadLetter', (() => 'deadLetter') as FailureHandler] as const) {
      const builder = new StreamsBuilder()
      build(builder)
      for (const deadLetterTopic of ['letters', 'others']) {
        const harness = new TaskHarness(builder.build(), { deadLetterTopic, [option]: policy })
        const work = () => {
          harness.add('letters', [record('k', 'SECRET')], 40)
          harness.task.process(10)
        }
        if (deadLetterTopic === 'others') {
          work()
          t.match(writtenBy(harness.task.collectCommit()!), [{ topic: 'others' }])
          continue
        }
        t.throws(work, {
          code: 'HANDLER_FAILED',
          message: /record at offset 40 of letters-0 .*its topic is the deadLetterTopic/,
          topic: 'letters',
          offset: 40,
        })
      }
    }
  })
}

t.test('what is dropped from the dead-letter topic is only counted', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('letters', text)
    .groupByKey()
    .count({ store: { name: 'counts' } })
  const harness = new TaskHarness(builder.build(), { deadLetterTopic: 'letters' })
  harness.add('letters', [{ key: null, value: Buffer.from('x'), timestamp: 5 }], 40)
  harness.task.process(10)
  t.match(harness.drops, [{ reason: 'nullKey', offset: 40 }])
  t.same(writtenBy(harness.task.collectCommit()!), [])
})

t.test('a handler is told what it may answer, and its answer is shown where it is a word', async (t) => {
  for (const [answer, message] of [
    ['ignore', /returned ignore, but must return fail, deadLetter, skip, retry/],
    [undefined, /returned undefined, but/],
    [Promise.resolve('skip'), /returned a promise, but/],
    ['SECRET: 5', /returned a string, but/],
    [{ SECRET: 1 }, /returned an object, but/],
    ['deadLetter', /returned deadLetter, but deadLetterTopic is not set/],
  ] as const) {
    const builder = new StreamsBuilder()
    const [, build] = kinds[1]!
    build(builder)
    const harness = new TaskHarness(builder.build(), { onProcessingError: (() => answer) as never })
    harness.add('letters', [record('k', 'v')], 40)
    t.throws(() => harness.task.process(10), { code: 'HANDLER_FAILED', message })
  }
})
