/** Event time is whole milliseconds below 2^53; whatever else a record or its extractor says goes to the handlers. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { readBatches } from '../../lib/protocol/index.js'
import type { RecordFailure } from '../../lib/record/failure.js'
import { string } from '../../lib/serde/primitive.js'
import type { TimestampExtractor } from '../../lib/topology/node-base.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { wideBatch } from '../protocol/wide-batch.js'
import { TaskHarness, writtenBy } from './harness.js'
import { headerText, record } from './records.js'

const NANOS = 1_733_000_000_123_456_789n

function topologyOf(extract: TimestampExtractor | null, windowed: boolean) {
  const builder = new StreamsBuilder()
  const options = { key: string, value: string, name: 'source' }
  const stream = builder.stream('in', extract === null ? options : { ...options, timestampExtractor: extract })
  if (!windowed) stream.to('out')
  else {
    const grouped = stream.groupByKey().windowedBy(tumbling({ sizeMs: 10 }))
    grouped.count({ store: { name: 'counts' } })
  }
  return builder.build()
}

const answers: readonly (readonly [what: string, answer: unknown, said: RegExp])[] = [
  ['undefined', undefined, /return undefined/],
  ['null', null, /return null/],
  ['a number as text', '1767225600000', /return a string/],
  ['an ISO date', '2026-01-01T00:00:00Z', /return a string/],
  ['a Date', new Date(5), /return a Date/],
  ['a fraction', 1.5, /return a fraction/],
  ['a negative fraction', -1.5, /return a fraction/],
  ['NaN', Number.NaN, /return NaN/],
  ['Infinity', Number.POSITIVE_INFINITY, /return Infinity/],
  ['nanoseconds', 1e18, /return a number beyond 2\^53/],
  ['a bigint', 5n, /return a bigint/],
  ['a boolean', true, /return a boolean/],
  ['an object', {}, /return an object/],
  ['a promise', Promise.resolve(5), /return a promise/],
  ['a promise that rejects', Promise.reject(new Error('never seen')), /return a promise/],
]

for (const [what, answer, said] of answers) {
  for (const windowed of [false, true]) {
    t.test(`an extractor that answers ${what}${windowed ? ', in front of a window' : ''}`, async (t) => {
      const seen: RecordFailure[] = []
      const extract = ({ value }: { value: unknown }) => (value === 'bad' ? answer : 7) as number
      const harness = new TaskHarness(topologyOf(extract, windowed), {
        deadLetterTopic: 'dead',
        onDeserializationError(failure) {
          seen.push(failure)
          return 'deadLetter'
        },
      })
      harness.add('in', [record('k', 'fine'), record('k', 'bad'), record('k', 'fine')], 40)
      t.equal(harness.task.process(10), 2)
      t.match(seen, [{ topic: 'in', partition: 0, offset: 41, node: 'source', taskId: '0_0', attempt: 1 }])
      t.equal(seen[0]!.error.code, 'RECORD_TIMESTAMP_INVALID')
      t.match(seen[0]!.error.message, said)
      t.notMatch(seen[0]!.error.message, /1767225600000|2026-01/)
      t.match(harness.drops, [{ reason: 'invalidTimestamp', topic: 'in', partition: 0, offset: 41, node: 'source' }])
      const commit = harness.task.collectCommit()!
      t.equal(commit.offsets[0]!.offset, 43)
      const letters = writtenBy(commit).filter(({ topic }) => topic === 'dead')
      t.match(
        letters.map(({ headers }) => headerText(headers)),
        [{ '__streams.errors.offset': '41', '__millrace.errors.reason': 'invalidTimestamp' }],
      )
    })
  }
}

t.test('what an extractor throws is the cause; by default it ends the task and names the place', async (t) => {
  const extract = () => {
    throw new Error('no such field')
  }
  const harness = new TaskHarness(topologyOf(extract, false))
  t.throws(() => harness.add('in', [record('k', 'v')], 3), {
    code: 'RECORD_TIMESTAMP_INVALID',
    topic: 'in',
    partition: 0,
    offset: 3,
    node: 'source',
    cause: { message: 'no such field' },
  })
})

const accepted = [0, -0, 1, 1_767_225_600_000, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER]
t.test('legal answers are taken as they are, negative ones dropped as in Kafka Streams', async (t) => {
  const times = [...accepted, -1, Number.MIN_SAFE_INTEGER]
  const harness = new TaskHarness(topologyOf(({ value }) => times[Number(value)]!, false))
  harness.add(
    'in',
    times.map((_, i) => record('k', String(i))),
    0,
  )
  harness.task.process(20)
  const written = writtenBy(harness.task.collectCommit()!)
  t.strictSame(
    written.map(({ timestamp }) => timestamp),
    accepted.map((time) => time + 0),
  )
  t.same(
    harness.drops.map(({ reason, offset }) => [reason, offset]),
    [
      ['negativeTimestamp', 6],
      ['negativeTimestamp', 7],
    ],
  )
})

for (const [what, times] of [
  ['one that begins with it', [NANOS, 8n, NANOS + 1n, 9n]],
  ['one with it within', [8n, NANOS, 9n]],
  ['the greatest there is', [2n ** 63n - 1n, 8n, -(2n ** 63n), 9n]],
] as const) {
  for (const extract of [null, ({ timestamp }: { timestamp: number }) => timestamp]) {
    t.test(`a batch with a time beyond 2^53, ${what}${extract ? ', with an extractor' : ''}`, async (t) => {
      const seen: RecordFailure[] = []
      const recorded: unknown[] = []
      const harness = new TaskHarness(topologyOf(extract, false), {
        deadLetterTopic: 'dead',
        onDeserializationError(failure) {
          seen.push(failure)
          recorded.push(failure.record()!.timestamp)
          return 'deadLetter'
        },
      })
      harness.task.addBatches('in', 0, readBatches(wideBatch(times, 'x', 20)), 20 + times.length)
      harness.task.process(10)
      const wide = times.map((time, i) => ({ time, offset: 20 + i })).filter(({ time }) => time > 9n || time < 0n)
      t.same(
        seen.map(({ offset, error }) => ({ offset, code: error.code })),
        wide.map(({ offset }) => ({ offset, code: 'RECORD_TIMESTAMP_INVALID' })),
      )
      t.ok(
        recorded.every((time) => Number.isNaN(time)),
        'a handler is given no rounded time',
      )
      const written = writtenBy(harness.task.collectCommit()!)
      t.same(
        written.filter(({ topic }) => topic === 'out').map(({ timestamp }) => timestamp),
        [8, 9],
      )
      t.same(
        written.filter(({ topic }) => topic === 'dead').map(({ timestamp }) => timestamp),
        wide.map(() => harness.clock.now()),
        'stamped with the time of the letter: the broker would refuse or delete others',
      )
      t.same(harness.drops.length, wide.length)
    })
  }
}
