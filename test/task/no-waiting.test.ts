/** User code that answers a promise where nobody waits, forwards too late, or fails as its task starts or closes. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { json, type KeyValueStore, type ProcessorContext, string } from '../../lib/index.js'
import type { RecordFailure } from '../../lib/record/failure.js'
import { closeTask } from '../../lib/runtime/tasks/close-task.js'
import { TaskHarness, writtenBy } from './harness.js'
import { record } from './records.js'

type Text = KStream<string, string>
const text = { key: string, value: string }

/** A promise for the record `bad`, as a function that is not declared async answers it. */
const late = <G>(value: unknown, good: G): G =>
  value === 'bad' ? (Promise.reject(new Error('never seen')) as unknown as G) : good

function task(build: (stream: Text) => void, seen: RecordFailure[] = []) {
  const builder = new StreamsBuilder()
  build(builder.stream('in', text) as Text)
  const onProcessingError = (failure: RecordFailure) => {
    seen.push(failure)
    return 'skip' as const
  }
  return new TaskHarness(builder.build(), { onProcessingError })
}

const outputs = (harness: TaskHarness) =>
  writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'out').length

const rows: readonly (readonly [what: string, build: (stream: Text) => void])[] = [
  ['predicate', (s) => void s.filter((_key, value) => late(value, true)).to('out')],
  ['predicate', (s) => void s.filterNot((_key, value) => late(value, false)).to('out')],
  [
    'predicate',
    (s) =>
      void s
        .split()
        .branch((_key, value) => late(value, true), { into: (branch) => branch.to('out') })
        .noDefaultBranch(),
  ],
  [
    'predicate',
    (s) =>
      void s
        .toTable({ name: 't' })
        .filter((_key, value) => late(value, true))
        .toStream()
        .to('out'),
  ],
  ['action', (s) => void s.peek((_key, value) => late(value, undefined)).to('out')],
  [
    'processor',
    (s) => {
      const process = (context: ProcessorContext<string, string>) => ({
        process(given: { key: string | null; value: string | null; timestamp: number }) {
          const answer = late(given.value, undefined)
          if (answer === undefined) context.forward({ ...given, key: given.key!, value: given.value! })
          return answer
        },
      })
      s.process<string, string>(process as never).to('out', text)
    },
  ],
]

for (const [index, [what, build]] of rows.entries()) {
  t.test(`${what} ${index} that answers a promise`, async (t) => {
    const seen: RecordFailure[] = []
    const harness = task(build, seen)
    harness.add('in', [record('a', 'good'), record('b', 'bad'), record('c', 'good')], 40)
    t.equal(harness.task.process(10), 3)
    t.match(seen, [{ offset: 41, error: { code: 'PROCESS_FAILED' } }])
    t.match((seen[0]!.error.cause as Error).message, new RegExp(`the ${what} returned a promise.*mapAsync`))
    t.match(harness.drops, [{ reason: 'processing', offset: 41 }])
    t.equal(outputs(harness), 2)
  })
}

t.test('a punctuation that answers a promise', async (t) => {
  const seen: RecordFailure[] = []
  const harness = task((stream) => {
    stream.process((context) => {
      context.schedule(5, 'wallClockTime', () => Promise.reject(new Error('never seen')) as never)
      return { process() {} }
    })
  }, seen)
  harness.clock.advance(5)
  harness.task.punctuateWallClock(harness.clock.now())
  t.match(seen, [{ error: { code: 'PROCESS_FAILED', cause: { message: /the punctuation returned a promise/ } } }])
})

t.test('schedules that could never fire', async (t) => {
  const time = { code: 'PROCESSOR_TIMER_INVALID' }
  for (const [given, expected] of [
    [[5, 'wallClock', () => {}], { ...time, message: /is wallClock: use streamTime or wallClockTime/ }],
    [[5, undefined, () => {}], time],
    [['5', 'streamTime', () => {}], { ...time, message: /intervalMs .* got a string/ }],
    [[Number.NaN, 'streamTime', () => {}], { ...time, message: /NaN/ }],
    [[5, 'streamTime', () => {}, { startMs: '7' }], { ...time, message: /startMs .* got a string/ }],
    [[5, 'streamTime'], { code: 'TOPOLOGY_FUNCTION_MISSING', message: /punctuate/ }],
    [[5, 'streamTime', async () => {}], { code: 'TOPOLOGY_FUNCTION_ASYNC', message: /punctuate/ }],
  ] as const) {
    const build = (stream: Text) => {
      stream.process((context) => {
        context.schedule(...(given as unknown as Parameters<typeof context.schedule>))
        return { process() {} }
      })
    }
    t.throws(() => task(build), expected)
  }
})

t.test('a record forwarded behind the call belongs to no commit: it is refused', async (t) => {
  const contexts: ProcessorContext<string, string>[] = []
  const harness = task((stream) => {
    const keep = (context: ProcessorContext<string, string>) => {
      contexts.push(context)
      return {
        init: () => context.forward({ key: 'init', value: 'x', timestamp: 1 }),
        process: () => context.forward({ key: 'process', value: 'x', timestamp: 1 }),
        close: () => context.forward({ key: 'close', value: 'x', timestamp: 1 }),
      }
    }
    stream.process<string, string>(keep).to('out', text)
    stream.processValues<string>(keep as never).to('out', text)
  })
  const built = contexts.slice(-2)
  harness.add('in', [record('process', 'x')], 40)
  harness.task.process(10)
  t.equal(outputs(harness), 4)
  for (const context of built) {
    t.throws(() => context.forward({ key: 'late', value: 'x', timestamp: 1 }), {
      code: 'PROCESSOR_LATE',
      message: /after its call had returned, in task 0_0/,
      taskId: '0_0',
    })
  }
  t.throws(() => harness.task.close(), { code: 'PROCESSOR_LATE' })
})

t.test('what fails as a task starts or closes is named, and stops no other from closing', async (t) => {
  const closed: string[] = []
  const named = (name: string, fails: string) => () => {
    const may = (what: string) => {
      if (what === fails) throw new Error('of the application')
    }
    may('supplier')
    return {
      init: () => may('init'),
      process: () => may('process'),
      transform: () => null,
      close() {
        closed.push(name)
        may('close')
      },
    }
  }
  for (const what of ['supplier', 'init']) {
    const expected = {
      code: 'PROCESS_FAILED',
      message: new RegExp(`The ${what} of node first threw in task 0_0`),
      taskId: '0_0',
    }
    t.throws(() => task((s) => void s.process(named('first', what), { name: 'first' })), expected)
    t.throws(
      () =>
        task((s) => void s.toTable({ name: 't' }).transformValues(named('first', what) as never, { name: 'first' })),
      expected,
    )
  }
  const harness = task((stream) => {
    stream.process(named('first', 'close'), { name: 'first' })
    stream.process(named('second', 'close'), { name: 'second' })
    stream
      .toTable({ name: 't' })
      .transformValues(
        named('third', 'close') as never,
        { name: 'third', store: { name: 's', value: json() } } as never,
      )
  })
  t.throws(() => harness.task.close(), { code: 'HANDLER_FAILED', message: /The close of node first threw in task 0_0/ })
  t.same(closed.sort(), ['first', 'second', 'third'])
  const { state } = harness.task
  const options = { flush: true, again: async () => false }
  await t.rejects(closeTask(harness.task, options), { code: 'HANDLER_FAILED' })
  t.throws(() => (state.store('s') as KeyValueStore<string, unknown>).get('k'), { code: 'STATE_CLOSED' })
})
