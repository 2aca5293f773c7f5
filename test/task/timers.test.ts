/**
 * Goal: timers of keys fire once, in order, whatever happens to the task. Method: rows for each rule; then random
 * schedules against a naive list, with aborts, commits in flight and restarts at random, and a restart after every commit.
 */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { TimerStore } from '../../lib/state/ports/timer-store.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import {
  type Processor,
  type ProcessorContext,
  type PunctuationType,
  withChanges,
} from '../../lib/topology/processor.js'
import type { Topology } from '../../lib/topology/topology.js'
import { asText, Committed, disturbed, undisturbed } from './disturb.js'
import { type Input, TaskHarness, writtenBy } from './harness.js'

type Handle = (timers: TimerStore<string>, key: string, value: string, timestamp: number) => void

/** A value is what is done with the key: `+n` a timer n ms on, `@n` one at n, `-` cancels, `?` tells. */
const handle: Handle = (timers, key, value, timestamp) => {
  if (value.startsWith('+')) timers.schedule(key, timestamp + Number(value.slice(1)))
  if (value.startsWith('@')) timers.schedule(key, Number(value.slice(1)))
  if (value === '-') timers.cancel(key)
}

function topology(time: PunctuationType, again = 0): Topology {
  const supplier = () => {
    let context: ProcessorContext<string, string>
    let timers: TimerStore<string>
    const processor: Processor<string, string, string, string> = {
      init(given) {
        context = given
        timers = given.getStateStore('timers')
      },
      process(record) {
        handle(timers, record.key, record.value, record.timestamp)
        if (record.value === '?') context.forward(withChanges(record, { value: `${timers.scheduledAtMs(record.key)}` }))
      },
      onTimer(key, atMs, store) {
        if (again > 0 && atMs < 60) timers.schedule(key as string, atMs + again)
        if (again < 0) timers.schedule(key as string, atMs)
        context.forward({ key: key as string, value: `${store} ${atMs}`, timestamp: atMs, headers: [] })
      },
    }
    return processor
  }
  return new TopologyBuilder()
    .addSource({ name: 'source', topics: ['in'], key: string, value: string })
    .addProcessor({ name: 'processor', parents: ['source'], supplier })
    .addTimerStore({ name: 'timers', key: string, time }, 'processor')
    .addSink({ name: 'sink', parents: ['processor'], topic: 'out', key: string, value: string })
    .build()
}

const input = (key: string, value: string, timestamp: number): Input => ({
  topic: 'in',
  key: Buffer.from(key),
  value: Buffer.from(value),
  timestamp,
})

const fired = (harness: TaskHarness) => {
  const commit = harness.task.collectCommit()
  if (commit === null) return []
  harness.task.commitSucceeded(commit, new Map())
  return writtenBy(commit)
    .filter(({ topic }) => topic === 'out')
    .map(({ key, value }) => `${key} ${value}`)
}

const ROWS: { name: string; again?: number; inputs: [string, string, number][]; fired: string[] }[] = [
  {
    name: 'not before its time',
    inputs: [
      ['a', '+10', 0],
      ['b', '.', 9],
    ],
    fired: [],
  },
  {
    name: 'at its time',
    inputs: [
      ['a', '+10', 0],
      ['b', '.', 10],
    ],
    fired: ['a timers 10'],
  },
  {
    name: 'once',
    inputs: [
      ['a', '+10', 0],
      ['b', '.', 10],
      ['b', '.', 30],
    ],
    fired: ['a timers 10'],
  },
  {
    name: 'by time, then key, after a jump',
    inputs: [
      ['c', '+10', 0],
      ['b', '+10', 0],
      ['a', '+20', 0],
      ['d', '+5', 0],
      ['x', '.', 100],
    ],
    fired: ['d timers 5', 'b timers 10', 'c timers 10', 'a timers 20'],
  },
  {
    name: 'moved later',
    inputs: [
      ['a', '+10', 0],
      ['a', '@30', 1],
      ['x', '.', 29],
    ],
    fired: [],
  },
  {
    name: 'moved later, among others',
    inputs: [
      ['b', '+10', 0],
      ['b', '@20', 1],
      ['c', '@20', 1],
      ['a', '@20', 1],
      ['x', '.', 20],
    ],
    fired: ['a timers 20', 'b timers 20', 'c timers 20'],
  },
  {
    name: 'moved earlier',
    inputs: [
      ['a', '+30', 0],
      ['a', '@10', 1],
      ['x', '.', 50],
    ],
    fired: ['a timers 10'],
  },
  {
    name: 'earlier, later, earlier',
    inputs: [
      ['a', '@30', 0],
      ['a', '@10', 1],
      ['a', '@40', 2],
      ['a', '@35', 3],
      ['x', '.', 34],
      ['x', '.', 50],
    ],
    fired: ['a timers 35'],
  },
  {
    name: 'cancelled',
    inputs: [
      ['a', '+10', 0],
      ['a', '-', 1],
      ['x', '.', 50],
    ],
    fired: [],
  },
  {
    name: 'cancelled and set again',
    inputs: [
      ['a', '+10', 0],
      ['a', '-', 1],
      ['a', '@12', 2],
      ['x', '.', 50],
    ],
    fired: ['a timers 12'],
  },
  {
    name: 'in the past: at once',
    inputs: [
      ['x', '.', 50],
      ['a', '@10', 51],
    ],
    fired: ['a timers 10'],
  },
  {
    name: 'told',
    inputs: [
      ['a', '+10', 0],
      ['a', '?', 1],
      ['a', '-', 2],
      ['a', '?', 3],
    ],
    fired: ['a 10', 'a null'],
  },
  {
    name: 'again from onTimer, catching up',
    again: 25,
    inputs: [
      ['a', '+10', 0],
      ['b', '+20', 0],
      ['x', '.', 100],
    ],
    fired: ['a timers 10', 'b timers 20', 'a timers 35', 'b timers 45', 'a timers 60', 'b timers 70'],
  },
]

for (const { name, again = 0, inputs, fired: expected } of ROWS) {
  t.test(name, async (t) => {
    const harness = new TaskHarness(topology('streamTime', again))
    const records = inputs.map((row) => input(...row))
    harness.add('in', records, 0)
    harness.task.process(records.length)
    t.same(fired(harness), expected)
  })
}

t.test('wall-clock timers', async (t) => {
  const harness = new TaskHarness(topology('wallClockTime'))
  const now = harness.clock.now()
  harness.add('in', [input('a', `@${now + 50}`, 5), input('b', `@${now + 20}`, 5), input('x', '.', now + 500)], 0)
  harness.task.process(3)
  t.same(fired(harness), [], 'stream time does not count')
  t.equal(harness.task.nextTimerAtMs(), now + 20)
  t.equal(harness.task.punctuateWallClock(now + 19), 0)
  t.equal(harness.task.punctuateWallClock(now + 20), 1)
  t.equal(harness.task.nextTimerAtMs(), now + 50)
  harness.task.commitAborted()
  t.equal(harness.task.nextTimerAtMs(), now + 20, 'after an abort it is due again')
  harness.task.punctuateWallClock(now + 60)
  t.same(fired(harness), [`b timers ${now + 20}`, `a timers ${now + 50}`])
  t.equal(harness.task.nextTimerAtMs(), null)
})

t.test('in the DSL, through the driver', async (t) => {
  const builder = new StreamsBuilder().addTimerStore({ name: 'idle', key: string, time: 'wallClockTime' })
  const supplier = () => {
    let context: ProcessorContext<string, string>
    return {
      init(given: ProcessorContext<string, string>) {
        context = given
      },
      process({ key }: { readonly key: string }) {
        context.getStateStore<TimerStore<string>>('idle').schedule(key, context.currentSystemTimeMs() + 1_000)
      },
      onTimer(key: unknown, atMs: number) {
        context.forward({ key: key as string, value: 'silent', timestamp: atMs, headers: [] })
      },
    }
  }
  const text = { key: string, value: string }
  builder
    .stream('in', text)
    .process<string, string>(supplier, { stores: ['idle'] })
    .to('out', text)
  const driver = new TopologyTestDriver(builder.build())
  const topic = driver.createInputTopic('in', string, string)
  const silent = () =>
    driver
      .createOutputTopic('out', string, string)
      .readAll()
      .map(({ key }) => key)
  topic.pipe('a', 'x', 0)
  driver.advanceWallClockTime(600)
  topic.pipe('a', 'x', 1)
  topic.pipe('b', 'x', 1)
  driver.advanceWallClockTime(999)
  t.same(silent(), [], 'each record put it off')
  driver.advanceWallClockTime(1)
  t.same(silent(), ['a', 'b'])
})

t.test('what cannot be', async (t) => {
  for (const value of ['@-1', '@1.5', '@x']) {
    const harness = new TaskHarness(topology('streamTime'))
    harness.add('in', [input('a', value, 0)], 0)
    t.throws(() => harness.task.process(1), { code: 'PROCESSOR_TIMER_INVALID' }, value)
  }
  const endless = new TaskHarness(topology('streamTime', -1))
  endless.add('in', [input('a', '@1', 5)], 0)
  t.throws(() => endless.task.process(1), { code: 'PROCESSOR_TIMER_INVALID' }, 'the time that fires')
  const build = (...processors: string[]) => {
    const builder = new TopologyBuilder().addSource({ name: 's', topics: ['in'], key: string, value: string })
    for (const name of ['one', 'two'])
      builder.addProcessor({ name, parents: ['s'], supplier: () => ({ process() {} }) })
    return builder.addTimerStore({ name: 'timers', key: string }, ...processors).build()
  }
  t.throws(() => build('one', 'two'), { code: 'TOPOLOGY_TIMERS_SHARED' })
  t.throws(() => new TaskHarness(build('one')), { code: 'PROCESSOR_TIMER_NOT_HANDLED' })
})

function randomSchedules(seed: number): Input[] {
  const random = seededRandom(`timers/${seed}`)
  let nowMs = 0
  return Array.from({ length: 150 }, () => {
    nowMs += random.int(6)
    const what = random.int(8)
    const value =
      what < 5 ? `+${random.int(40)}` : what === 5 ? '-' : what === 6 ? '?' : `@${nowMs - random.int(5) + 5}`
    return input(`k${random.int(6)}`, value, nowMs)
  })
}

/** A list that is looked through for the lowest. */
function naive(inputs: readonly Input[]): string[] {
  const due = new Map<string, number>()
  const outputs: string[] = []
  const hex = (text: string) => Buffer.from(text).toString('hex')
  for (const { key, value, timestamp } of inputs) {
    const name = key!.toString()
    const text = value!.toString()
    const timers = { schedule: (k: string, at: number) => due.set(k, at), cancel: (k: string) => due.delete(k) }
    handle(timers as unknown as TimerStore<string>, name, text, timestamp)
    if (text === '?') outputs.push(`${hex(name)} ${hex(String(due.get(name) ?? null))} ${timestamp}`)
    const ripe = [...due].filter(([, at]) => at <= timestamp).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
    for (const [k, at] of ripe) {
      due.delete(k)
      outputs.push(`${hex(k)} ${hex(`timers ${at}`)} ${at}`)
    }
  }
  return outputs
}

for (let seed = 1; seed <= 30; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const inputs = randomSchedules(seed)
    const expected = naive(inputs)
    t.ok(expected.length > 20)
    t.same(asText(undisturbed(topology('streamTime'), inputs), 'out'), expected, 'undisturbed')
    const { outputs, restarts, aborts } = disturbed(topology('streamTime'), inputs, seededRandom(seed))
    t.ok(restarts + aborts > 0, 'something was disturbed')
    t.same(asText(outputs, 'out'), expected, 'disturbed')
  })
}

t.test('a restart after every commit', async (t) => {
  const inputs = randomSchedules(99)
  const harness = new TaskHarness(topology('streamTime'))
  const committed = new Committed()
  harness.add('in', inputs, 0)
  while (committed.offset < inputs.length) {
    harness.task.process(3)
    const commit = harness.task.collectCommit()!
    committed.take(commit)
    harness.task.commitSucceeded(commit, new Map())
    harness.task.process(2)
    harness.task.close()
    harness.open()
    committed.restoreInto(harness)
    harness.add('in', inputs.slice(committed.offset), committed.offset)
  }
  t.same(asText(committed.outputs, 'out'), naive(inputs))
})
