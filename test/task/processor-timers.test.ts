/**
 * Goal: a processor with a time of its own takes its timers when they are due, each once, whatever happens to the task. Method: rows for
 * each rule; then random schedules and times against a naive list, with aborts, commits in flight and restarts at random.
 */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { TimerStore } from '../../lib/state/ports/timer-store.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { Processor, ProcessorContext } from '../../lib/topology/processor.js'
import type { TimerTime } from '../../lib/topology/store-definition.js'
import type { Topology } from '../../lib/topology/topology.js'
import { asText, disturbed, undisturbed } from './disturb.js'
import { type Input, TaskHarness, writtenBy } from './harness.js'

type Timers = Pick<TimerStore<string>, 'schedule' | 'cancel' | 'scheduledAtMs' | 'takeDue'>

/** `@n` sets the key's timer, `-` cancels it, `?` asks for it, `<=n` takes what is due by n, `all` takes everything. */
function handle(timers: Timers, key: string, value: string): string[] {
  if (value.startsWith('@')) timers.schedule(key, Number(value.slice(1)))
  if (value === '-') return [`${key} cancelled ${timers.cancel(key)}`]
  if (value === '?') return [`${key} at ${timers.scheduledAtMs(key)}`]
  const untilMs = value === 'all' ? Number.POSITIVE_INFINITY : value.startsWith('<=') ? Number(value.slice(2)) : null
  return untilMs === null ? [] : timers.takeDue(untilMs).map(({ key, atMs }) => `${key} ${atMs}`)
}

function topology(time: TimerTime = 'processorTime', more: Partial<Processor> = {}): Topology {
  const supplier = (context: ProcessorContext<string, string>): Processor<string, string, string, string> => ({
    process({ key, value, timestamp }) {
      for (const told of handle(context.getStateStore<TimerStore<string>>('timers'), key, value)) {
        context.forward({ key, value: told, timestamp })
      }
    },
    ...more,
  })
  return new TopologyBuilder()
    .addSource({ name: 'source', topics: ['in'], key: string, value: string })
    .addProcessor({ name: 'processor', parents: ['source'], supplier })
    .addTimerStore({ name: 'timers', key: string, time }, 'processor')
    .addSink({ name: 'sink', parents: ['processor'], topic: 'out', key: string, value: string })
    .build()
}

const input = (key: string, value: string, timestamp = 0): Input => ({
  topic: 'in',
  key: Buffer.from(key),
  value: Buffer.from(value),
  timestamp,
})

function told(inputs: string, of = topology()): string[] {
  const harness = new TaskHarness(of)
  const records = inputs.split(', ').map((row, at) => input(...(row.split(' ') as [string, string]), at * 10))
  harness.add('in', records, 0)
  harness.task.process(records.length)
  return writtenBy(harness.task.collectCommit()!)
    .filter(({ topic }) => topic === 'out')
    .map(({ value }) => String(value))
}

/** What happens, then what is told; `a @10` is a record with key a and value `@10`. */
const ROWS: [name: string, inputs: string, told: string][] = [
  ['not before its time', 'a @10, x <=9', ''],
  ['at its time, once', 'a @10, x <=10, x <=10, x all', 'a 10'],
  ['by time, then key', 'c @10, b @10, a @20, d @5, e @21, x <=20', 'd 5, b 10, c 10, a 20'],
  ['keys by their bytes', 'Z @1, ä @1, a @1, x <=1', 'Z 1, a 1, ä 1'],
  ['everything', 'b @9007199254740991, a @0, x all, x all', 'a 0, b 9007199254740991'],
  ['time goes back', 'a @10, x <=10, a @3, x <=2, x <=5', 'a 10, a 3'],
  ['moved later', 'a @10, a @30, x <=29, x <=30', 'a 30'],
  ['moved later, among others', 'b @10, b @20, c @20, a @20, x <=20', 'a 20, b 20, c 20'],
  ['moved earlier', 'a @30, a @10, x <=10, x all', 'a 10'],
  ['cancelled', 'a @10, a -, a -, x all', 'a cancelled true, a cancelled false'],
  ['asked for', 'a @10, a ?, x all, a ?', 'a at 10, a 10, a at null'],
  ['stream time takes none', 'a @1, x ., x ., a ?', 'a at 1'],
  ['before all times', 'a @0, x <=-1, a ?', 'a at 0'],
]

for (const [name, inputs, expected] of ROWS) {
  t.test(name, async (t) => t.equal(told(inputs).join(', '), expected))
}

t.test('the task wakes for none of them', async (t) => {
  const harness = new TaskHarness(topology())
  harness.add('in', [input('a', '@1', 5)], 0)
  harness.task.process(1)
  t.equal(harness.task.nextTimerAtMs(), null)
  t.equal(harness.task.punctuateWallClock(harness.clock.now() + 1_000_000), 0)
})

t.test('a timer that is taken can be set again, also for a time that is over', async (t) => {
  let rounds = 0
  const taking = (context: ProcessorContext<string, string>): Processor<string, string> => {
    const timers = () => context.getStateStore<TimerStore<string>>('timers')
    return {
      process({ key, timestamp }) {
        timers().schedule(key, timestamp)
        while (rounds < 3) {
          for (const due of timers().takeDue(timestamp)) {
            rounds++
            timers().schedule(due.key, due.atMs - 1)
          }
        }
        t.equal(timers().scheduledAtMs(key), timestamp - 3)
      },
    }
  }
  const driver = new TopologyTestDriver(
    new TopologyBuilder()
      .addSource({ name: 'source', topics: ['in'], key: string, value: string })
      .addProcessor({ name: 'processor', parents: ['source'], supplier: taking as () => Processor })
      .addTimerStore({ name: 'timers', key: string, time: 'processorTime' }, 'processor')
      .build(),
  )
  driver.createInputTopic('in', string, string).pipe('a', 'x', 100)
  const timers = driver.store<TimerStore<string>>('timers')
  t.equal(rounds, 3)
  t.equal(timers.takeDue(96), timers.takeDue(0), 'where none is due, nothing is allocated')
  t.same(timers.takeDue(97), [{ key: 'a', atMs: 97 }])
})

t.test('a processor may have both: one store that the task fires, one that it takes from', async (t) => {
  const seen: string[] = []
  const both = (context: ProcessorContext): Processor<string, number> => ({
    process({ key, value, timestamp }) {
      context.getStateStore<TimerStore<string>>('fired').schedule(key, value)
      const own = context.getStateStore<TimerStore<string>>('own')
      own.schedule(key, value)
      if (timestamp === 30) seen.push(...own.takeDue(value).map(({ key, atMs }) => `own ${key} ${atMs}`))
    },
    onTimer: (key, atMs, store) => seen.push(`${store} ${key} ${atMs}`),
  })
  const driver = new TopologyTestDriver(
    new TopologyBuilder()
      .addSource({ name: 'source', topics: ['in'], key: string, value: int64 as Serde<number> })
      .addProcessor({ name: 'processor', parents: ['source'], supplier: both as () => Processor })
      .addTimerStore({ name: 'fired', key: string }, 'processor')
      .addTimerStore({ name: 'own', key: string, time: 'processorTime' }, 'processor')
      .build(),
  )
  const topic = driver.createInputTopic('in', string, int64)
  topic.pipe('a', 10, 0)
  topic.pipe('b', 20, 15)
  topic.pipe('c', 30, 30)
  t.same(seen, ['fired a 10', 'own a 10', 'own b 20', 'own c 30', 'fired b 20', 'fired c 30'])
})

t.test('what cannot be', async (t) => {
  const mismatch = { code: 'PROCESSOR_TIMER_TIME_MISMATCH' }
  for (const time of ['streamTime', 'wallClockTime'] as const) {
    t.throws(() => told('x <=1', topology(time, { onTimer() {} })), mismatch, time)
  }
  t.throws(
    () => new TaskHarness(topology('processorTime', { onTimer() {} })),
    mismatch,
    'an onTimer that nothing calls',
  )
  t.throws(() => told('x <=then'), { code: 'PROCESSOR_TIMER_INVALID', message: /got NaN/ })
  for (const atMs of ['-1', '1.5', 'x']) t.throws(() => told(`a @${atMs}`), { code: 'PROCESSOR_TIMER_INVALID' })
  const now = 'now' as unknown as number
  const asked = (timers: Timers) => timers.takeDue(now)
  const driver = new TopologyTestDriver(topology())
  t.throws(() => asked(driver.store<TimerStore<string>>('timers')), { message: /got (a )?string/ })
  for (const time of ['eventTime', null, 5]) {
    try {
      topology(time as TimerTime)
      t.fail(`time ${time} is accepted`)
    } catch (error) {
      t.match(error, { code: 'CONFIG_INVALID', message: /timer store timers: time is one of/ })
      t.ok(error instanceof MillraceError)
    }
  }
})

function randomLife(seed: number): Input[] {
  const random = seededRandom(`processor-timers/${seed}`)
  let ownMs = 100
  return Array.from({ length: 150 }, (_, at) => {
    ownMs += random.int(5)
    const what = random.int(20)
    const value =
      what < 11
        ? `@${ownMs + random.int(60) - 10}`
        : what < 12
          ? '-'
          : what < 13
            ? '?'
            : what < 19
              ? `<=${ownMs - random.int(10)}`
              : 'all'
    return input(`k${random.int(8)}`, value, at)
  })
}

/** A list that is looked through for what is due. */
function naive(inputs: readonly Input[]): string[] {
  const waiting = new Map<string, number>()
  const timers: Timers = {
    schedule: (key, atMs) => void waiting.set(key, atMs),
    cancel: (key) => waiting.delete(key),
    scheduledAtMs: (key) => waiting.get(key) ?? null,
    takeDue(untilMs) {
      const due = [...waiting].filter(([, atMs]) => atMs <= untilMs)
      for (const [key] of due) waiting.delete(key)
      return due.sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1)).map(([key, atMs]) => ({ key, atMs }))
    },
  }
  const hex = (text: string) => Buffer.from(text).toString('hex')
  return inputs.flatMap(({ key, value, timestamp }) =>
    handle(timers, String(key), String(value)).map((said) => `${hex(String(key))} ${hex(said)} ${timestamp}`),
  )
}

for (let seed = 1; seed <= 30; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const inputs = randomLife(seed)
    const expected = naive(inputs)
    t.ok(expected.length > 20)
    t.same(asText(undisturbed(topology(), inputs), 'out'), expected, 'undisturbed')
    const { outputs, restarts, aborts } = disturbed(topology(), inputs, seededRandom(seed))
    t.ok(restarts + aborts > 0, 'something was disturbed')
    t.same(asText(outputs, 'out'), expected, 'disturbed')
  })
}
