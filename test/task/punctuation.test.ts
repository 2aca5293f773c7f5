/** Punctuations anchored to a start: rows of Kafka Streams 4.3.1, and what a restart and an abort make of them. */
import t from 'tap'
import { string } from '../../lib/serde/primitive.js'
import { Punctuations } from '../../lib/task/punctuation.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { ProcessorContext, PunctuationType } from '../../lib/topology/processor.js'
import { TaskHarness } from './harness.js'

const text = { key: string, value: string }

interface Schedule {
  readonly type: PunctuationType
  /** Undefined: not anchored. */
  readonly startMs?: number | undefined
  readonly intervalMs: number
}

/** Logs records as `r<time>` and punctuations as their time; schedules in `init` or inside the n-th record. */
function topology({ type, startMs, intervalMs }: Schedule, log: string[], atRecord = 0) {
  let records = 0
  const supplier = () => {
    let context: ProcessorContext<never, never>
    const schedule = () => {
      const options = startMs === undefined ? {} : { startMs }
      context.schedule(intervalMs, type, (ms) => log.push(String(ms)), options)
    }
    return {
      init(given: ProcessorContext<never, never>) {
        context = given
        log.push(`i${given.currentStreamTimeMs()}`)
        if (atRecord === 0) schedule()
      },
      process({ timestamp }: { readonly timestamp: number }) {
        if (++records === atRecord) schedule()
        log.push(`r${timestamp}`)
      },
    }
  }
  return new TopologyBuilder()
    .addSource({ name: 'source', topics: ['in'], ...text })
    .addProcessor({ name: 'node', parents: ['source'], supplier })
    .build()
}

const STREAM: readonly [startMs: number, atRecord: number, timestamps: number[], expected: string][] = [
  [25, 0, [5, 20, 25, 30, 35, 36, 80, 84, 85], 'r5 r20 r25 25 r30 r35 35 r36 r80 80 r84 r85 85'],
  [25, 0, [50, 54, 55, 64, 70], 'r50 50 r54 r55 55 r64 r70 70'],
  [25, 1, [50, 54, 55, 64, 70], 'r50 r54 r55 55 r64 r70 70'],
  [25, 1, [25, 30, 35], 'r25 25 r30 r35 35'],
  [25, 1, [45, 54, 55, 65], 'r45 r54 r55 55 r65 65'],
  [0, 0, [0, 5, 10], 'r0 0 r5 r10 10'],
  [0, 1, [3, 9, 10, 30, 25, 40], 'r3 r9 r10 10 r30 30 r25 r40 40'],
]

for (const [startMs, atRecord, timestamps, expected] of STREAM) {
  t.test(`stream time from ${startMs}, scheduled at record ${atRecord}, records ${timestamps}`, async (t) => {
    const log: string[] = []
    const driver = new TopologyTestDriver(topology({ type: 'streamTime', startMs, intervalMs: 10 }, log, atRecord))
    const input = driver.createInputTopic('in', string, string)
    for (const timestamp of timestamps) input.pipe('k', 'v', timestamp)
    t.equal(log.slice(1).join(' '), expected)
  })
}

/** Steps: how far the wall clock moves; 0: a record. */
const WALL: readonly [startMs: number, nowMs: number, atRecord: number, steps: number[], expected: string][] = [
  [25, 0, 0, [20, 5, 5, 5, 30, 5], '25 35 65'],
  [25, 100, 0, [4, 1, 10, 25, 4, 1], '105 115 140 145'],
  [25, 105, 0, [9, 1, 10], '115 125'],
  [105, 105, 0, [1, 9, 10], '106 115 125'],
  [25, 100, 1, [7, 0, 7, 1, 10], 'r0 115 125'],
]

for (const [startMs, nowMs, atRecord, steps, expected] of WALL) {
  t.test(`wall clock from ${startMs}, now ${nowMs}, scheduled at record ${atRecord}, steps ${steps}`, async (t) => {
    const log: string[] = []
    const built = topology({ type: 'wallClockTime', startMs, intervalMs: 10 }, log, atRecord)
    const driver = new TopologyTestDriver(built, { startMs: nowMs })
    for (const step of steps) {
      if (step > 0) driver.advanceWallClockTime(step)
      else driver.createInputTopic('in', string, string).pipe('k', 'v', 0)
    }
    t.equal(log.slice(1).join(' '), expected)
  })
}

const record = (timestamp: number) => ({ key: null, value: Buffer.from('v'), timestamp })

for (const [what, startMs, expected] of [
  ['an anchored one stays on its times', 25, 'i-1 r40 40 | i-1 r44 r45 45 | abort r41 r45 45'],
  ['any other fires at the first record', undefined, 'i-1 r40 40 | i-1 r44 44 r45 | abort r41 41 r45'],
] as const) {
  t.test(`after a restart and an abort ${what}`, async (t) => {
    const log: string[] = []
    const harness = new TaskHarness(topology({ type: 'streamTime', startMs, intervalMs: 10 }, log))
    harness.add('in', [record(40)], 0)
    harness.task.process(10)
    const commit = harness.task.collectCommit()!
    harness.task.commitSucceeded(commit, new Map())
    log.push('|')
    harness.open()
    harness.task.restore(commit.offsets)
    harness.add('in', [record(44), record(45)], 1)
    harness.task.process(10)
    log.push('|', 'abort')
    harness.task.commitAborted()
    harness.add('in', [record(41), record(45)], 1)
    harness.task.process(10)
    t.equal(log.join(' '), expected)
  })
}

t.test('figures that cannot be', async (t) => {
  for (const [intervalMs, startMs] of [
    [0, 0],
    [-1, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [1, -1],
    [1, Number.NaN],
    [1, Number.POSITIVE_INFINITY],
  ] as const) {
    t.throws(() => new Punctuations().schedule('streamTime', intervalMs, 0, () => {}, startMs), {
      code: 'PROCESSOR_TIMER_INVALID',
    })
  }
})
