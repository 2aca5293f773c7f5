/** Which record is next: time over several partitions, waiting for empty ones, timers. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { Punctuations } from '../../lib/task/punctuation.js'
import { TaskHarness, writtenBy } from './harness.js'

const record = (key: string, timestamp: number) => ({ key: Buffer.from(key), value: Buffer.from('v'), timestamp })

function twoTopics() {
  const builder = new StreamsBuilder()
  const left = builder.stream('left', { key: string, value: string })
  left.merge(builder.stream('right', { key: string, value: string })).to('out')
  return builder.build()
}

const outKeys = (harness: TaskHarness) => writtenBy(harness.task.collectCommit()!).map(({ key }) => key?.toString())

t.test('the lowest head timestamp goes first; a partition keeps its offset order', async (t) => {
  const harness = new TaskHarness(twoTopics())
  harness.add('left', [record('l5', 5), record('l1', 1), record('l9', 9)], 0)
  harness.add('right', [record('r3', 3), record('r7', 7)], 0)
  for (const topic of ['left', 'right']) harness.task.setCaughtUp(topic, 0, true)
  t.equal(harness.task.process(100), 5)
  t.same(outKeys(harness), ['r3', 'l5', 'l1', 'r7', 'l9'])
})

const idleRows: readonly { name: string; maxTaskIdleMs: number; caughtUp: boolean; afterMs: number; runs: number }[] = [
  { name: '-1 never waits', maxTaskIdleMs: -1, caughtUp: false, afterMs: 0, runs: 1 },
  { name: '0 waits while the broker may have more', maxTaskIdleMs: 0, caughtUp: false, afterMs: 999, runs: 0 },
  { name: '0 goes on once it has not', maxTaskIdleMs: 0, caughtUp: true, afterMs: 0, runs: 1 },
  { name: '100 waits on', maxTaskIdleMs: 100, caughtUp: true, afterMs: 99, runs: 0 },
  { name: '100 goes on after 100 ms', maxTaskIdleMs: 100, caughtUp: true, afterMs: 100, runs: 1 },
]
for (const { name, maxTaskIdleMs, caughtUp, afterMs, runs } of idleRows) {
  t.test(`an empty partition: ${name}`, async (t) => {
    const harness = new TaskHarness(twoTopics(), { maxTaskIdleMs })
    harness.add('left', [record('l', 5)], 0)
    harness.task.setCaughtUp('right', 0, caughtUp)
    harness.task.process(100)
    if (maxTaskIdleMs > 0) t.equal(harness.task.nextTimerAtMs(), maxTaskIdleMs)
    harness.clock.advance(afterMs)
    const before = harness.task.nextTimestampMs() === null ? 1 : 0
    t.equal(before + harness.task.process(100), runs)
  })
}

t.test('bytes are counted while buffered, offsets committed past everything handed over', async (t) => {
  const harness = new TaskHarness(twoTopics(), { maxTaskIdleMs: -1 })
  harness.add('left', [record('a', 1), record('b', 2)], 10)
  t.ok(harness.task.bufferedBytes('left', 0) > 0)
  harness.task.process(1)
  const first = harness.task.collectCommit()!
  t.same(
    first.offsets.map(({ topic, offset }) => [topic, offset]),
    [['left', 11]],
  )
  harness.task.commitSucceeded(first, new Map())
  harness.task.process(10)
  harness.task.addBatches('left', 0, [], 15)
  t.equal(harness.task.bufferedBytes('left', 0), 0)
  const second = harness.task.collectCommit()!
  t.equal(second.offsets[0]?.offset, 15)
  harness.task.commitSucceeded(second, new Map())
  t.equal(harness.task.collectCommit(), null, 'nothing moved')
})

t.test(
  'missed intervals collapse into one call; stream time is aligned to zero, wall-clock time to the start',
  async (t) => {
    const calls: string[] = []
    const timers = new Punctuations()
    timers.schedule('streamTime', 10, 1_000, (ms) => calls.push(`s${ms}`))
    const cancel = timers.schedule('wallClockTime', 10, 1_000, (ms) => calls.push(`w${ms}`))
    t.equal(timers.nextStreamMs, 0)
    t.equal(timers.nextWallClockMs, 1_010)
    timers.run('streamTime', 3)
    timers.run('streamTime', 9)
    timers.run('streamTime', 35)
    timers.run('streamTime', 39)
    timers.run('streamTime', 40)
    timers.run('wallClockTime', 1_045)
    t.same(calls, ['s3', 's35', 's40', 'w1045'])
    t.equal(timers.nextWallClockMs, 1_050)
    cancel()
    t.equal(timers.nextWallClockMs, Number.POSITIVE_INFINITY)
  },
)
