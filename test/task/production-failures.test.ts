/** Records that cannot be written: too large for their topic, or refused by a sink's serde. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { FailureHandler, RecordFailure } from '../../lib/record/failure.js'
import { string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { TaskHarness, writtenBy } from './harness.js'
import { headerText, record } from './records.js'

t.test('a record too large for its topic: fail, skip, dead letter, or what a function says', async (t) => {
  const builder = () => {
    const made = new StreamsBuilder()
    made
      .stream('in', { key: string, value: string })
      .mapValues((value) => value!.repeat(10))
      .to('out', { name: 'sink' })
    return made.build()
  }
  const inputs = [record('k', 'small'), record('k', 'too large'.repeat(20)), record('k', 'small')]
  const failing = new TaskHarness(builder(), { maxRecordBytes: 1_000 })
  failing.add('in', inputs, 0)
  t.throws(() => failing.task.process(10), { code: 'RECORD_TOO_LARGE', node: 'sink', topic: 'in', offset: 1 })

  const rows = [
    ['skip', ['out', 'out']],
    ['deadLetter', ['dead', 'out', 'out']],
    [({ error }: RecordFailure) => (error.code === 'RECORD_TOO_LARGE' ? 'skip' : 'fail'), ['out', 'out']],
  ] as const satisfies readonly (readonly [FailureHandler, readonly string[]])[]
  for (const [onProductionError, topics] of rows) {
    const harness = new TaskHarness(builder(), { maxRecordBytes: 1_000, onProductionError, deadLetterTopic: 'dead' })
    harness.add('in', inputs, 0)
    t.equal(harness.task.process(10), 3)
    const written = writtenBy(harness.task.collectCommit()!)
    t.same(written.map(({ topic }) => topic).sort(), topics)
    t.same(harness.drops, [{ reason: 'production', taskId: '0_0', node: 'sink', topic: 'in', partition: 0, offset: 1 }])
    const dead = written.find(({ topic }) => topic === 'dead')
    if (dead === undefined) continue
    t.equal(dead.value?.length, 180)
    t.notOk(headerText(dead.headers)['__streams.errors.stacktrace'], 'left out where it would be too much')
  }
})

t.test('what a sink cannot serialise goes to the production handler, which is told the half', async (t) => {
  const strict: Serde<string> = {
    name: 'strict',
    serialize(value) {
      if (value === 'bad') throw new RangeError('not this')
      return Buffer.from(value)
    },
    deserialize: (bytes) => bytes.toString(),
  }
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to('out', { key: strict, value: strict, name: 'sink' })
  const topology = builder.build()
  const inputs = [record('bad', 'x'), record('k', 'bad'), record('k', 'x')]
  const parts: unknown[] = []
  const harness = new TaskHarness(topology, {
    onProcessingError: 'fail',
    deadLetterTopic: 'dead',
    onProductionError({ error }) {
      parts.push([error.code, error.part, error.topic])
      return 'deadLetter'
    },
  })
  harness.add('in', inputs, 0)
  harness.task.process(10)
  t.same(parts, [
    ['SERIALIZE_FAILED', 'key', 'out'],
    ['SERIALIZE_FAILED', 'value', 'out'],
  ])
  const dead = writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'dead')
  t.same(
    dead.map(({ headers }) => headerText(headers)['__millrace.errors.reason']),
    ['serialization', 'serialization'],
  )
  const failing = new TaskHarness(topology, { onProcessingError: 'skip' })
  failing.add('in', inputs, 0)
  t.throws(() => failing.task.process(10), { code: 'SERIALIZE_FAILED', part: 'key', message: /the key of/ })
})
