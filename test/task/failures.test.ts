/** Records that cannot be processed: policies, counts, dead letters, waiting for a schema. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int32, string } from '../../lib/serde/primitive.js'
import { SchemaPending, type Serde } from '../../lib/serde/serde.js'
import type { FailurePolicy } from '../../lib/task/options.js'
import { hopping } from '../../lib/windows/definitions.js'
import { TaskHarness, writtenBy } from './harness.js'

const text = (value: string | null) => (value === null ? null : Buffer.from(value))
const record = (key: string | null, value: string | null, timestamp = 7) => ({
  key: text(key),
  value: text(value),
  timestamp,
})

function throwingOn(bad: string) {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .mapValues(
      (value) => {
        if (value === bad) throw new Error('no such thing')
        return value
      },
      { name: 'judge' },
    )
    .to('out')
  return builder.build()
}

function numbers() {
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: int32, name: 'source' }).to('out')
  return builder.build()
}

const headerText = (headers: readonly { key: string; value: Buffer | null }[]) =>
  Object.fromEntries(headers.map(({ key, value }) => [key, value?.toString()]))

t.test('policy fail stops the task and names record, node and cause, never the payload', async (t) => {
  const harness = new TaskHarness(throwingOn('secret'))
  harness.add('in', [record('k', 'fine'), record('k', 'secret')], 40)
  try {
    harness.task.process(10)
    t.fail('nothing was thrown')
  } catch (error) {
    t.match(error, { code: 'PROCESS_FAILED', topic: 'in', partition: 0, offset: 41, node: 'judge', taskId: '0_0' })
    t.notMatch((error as Error).message, /secret/)
    t.match((error as Error).cause, { message: 'no such thing' })
  }
})

for (const policy of ['skip', 'deadLetter'] as const satisfies readonly FailurePolicy[]) {
  t.test(`policy ${policy} goes on with the next record`, async (t) => {
    const harness = new TaskHarness(throwingOn('bad'), { onProcessingError: policy, deadLetterTopic: 'dead' })
    const origin = { ...record('k', 'bad'), headers: [{ key: 'trace', value: Buffer.from('42') }] }
    harness.add('in', [record('a', 'x'), origin, record('b', 'y')], 0)
    t.equal(harness.task.process(10), 3)
    const written = writtenBy(harness.task.collectCommit()!)
    t.same(
      written.filter(({ topic }) => topic === 'out').map(({ key }) => key?.toString()),
      ['a', 'b'],
    )
    t.same(harness.drops, [
      { reason: 'processing', taskId: '0_0', node: 'judge', topic: 'in', partition: 0, offset: 1 },
    ])
    const dead = written.filter(({ topic }) => topic === 'dead')
    t.equal(dead.length, policy === 'skip' ? 0 : 1)
    if (dead.length === 0) return
    t.equal(dead[0]!.value?.toString(), 'bad')
    t.match(headerText(dead[0]!.headers), {
      trace: '42',
      '__streams.errors.exception': 'Error',
      '__streams.errors.topic': 'in',
      '__streams.errors.partition': '0',
      '__streams.errors.offset': '1',
      '__millrace.errors.reason': 'processing',
      '__millrace.errors.node': 'judge',
      '__millrace.errors.task': '0_0',
    })
  })
}

t.test('a poison record: fail, or dead letter in the same commit as the offset past it', async (t) => {
  const failing = new TaskHarness(numbers())
  t.throws(() => failing.add('in', [record('k', 'xy')], 3), { code: 'DESERIALIZE_FAILED', offset: 3, node: 'source' })

  const harness = new TaskHarness(numbers(), { onDeserializationError: 'deadLetter', deadLetterTopic: 'dead' })
  harness.add('in', [record('k', 'xy')], 3)
  t.equal(harness.task.process(10), 0)
  const commit = harness.task.collectCommit()!
  t.same(
    commit.offsets.map(({ offset }) => offset),
    [4],
  )
  const [dead] = writtenBy(commit)
  t.equal(dead?.topic, 'dead')
  t.equal(headerText(dead!.headers)['__millrace.errors.reason'], 'deserialization')
})

t.test('other drops are dead-lettered too, where there is a topic for them', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts' } })
  const harness = new TaskHarness(builder.build(), { deadLetterTopic: 'dead' })
  harness.add('in', [record(null, 'x'), record('k', null)], 0)
  harness.task.process(10)
  const written = writtenBy(harness.task.collectCommit()!)
  t.same(
    written.map(({ topic, headers }) => [topic, headerText(headers)['__millrace.errors.reason']]),
    [
      ['dead', 'nullKey'],
      ['dead', 'nullValue'],
    ],
  )
})

t.test(
  'a record late for several windows is counted for each, and dead-lettered once per node and attempt',
  async (t) => {
    const builder = new StreamsBuilder()
    const grouped = builder.stream('in', { key: string, value: string }).groupByKey()
    for (const name of ['one', 'two']) grouped.windowedBy(hopping({ sizeMs: 30, advanceMs: 10 })).count({ name })
    const harness = new TaskHarness(builder.build(), { deadLetterTopic: 'dead' })
    const dead = () =>
      writtenBy(harness.task.collectCommit()!)
        .filter(({ topic }) => topic === 'dead')
        .map(({ value, headers }) => `${value} ${headerText(headers)['__millrace.errors.node']}`)
    // At 105, [70, 100) is over; [80, 110) and [90, 120) are not.
    const records = [record('k', 'new', 105), record('k', 'late', 65), record('k', 'partly', 95)]
    harness.add('in', records, 0)
    harness.task.process(10)
    t.same(
      harness.drops.map(({ offset, node }) => `${offset} ${node}`),
      ['1 one', '1 one', '1 one', '1 two', '1 two', '1 two', '2 one', '2 two'],
    )
    t.same(dead(), ['late one', 'late two', 'partly one', 'partly two'])
    harness.task.commitAborted()
    harness.add('in', records, 0)
    harness.task.process(10)
    t.same(dead(), ['late one', 'late two', 'partly one', 'partly two'], 'the aborted ones are gone')
  },
)

t.test('a negative timestamp fails by default', async (t) => {
  const harness = new TaskHarness(numbers())
  t.throws(() => harness.add('in', [{ key: null, value: null, timestamp: -1 }], 0), {
    code: 'RECORD_TIMESTAMP_INVALID',
  })
})

t.test('a record whose schema is missing waits, blocks what comes after, and is tried again', async (t) => {
  let loaded = false
  let arrived = () => {}
  const ready = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const late: Serde<string> = {
    ...string,
    deserialize(bytes, topic) {
      if (!loaded) throw new SchemaPending(ready)
      return string.deserialize(bytes, topic)
    },
  }
  Reflect.deleteProperty(late, 'deserializeAt')
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: late }).to('out')
  const harness = new TaskHarness(builder.build())
  harness.add('in', [record('a', '1'), record('b', '2')], 0)
  t.equal(harness.task.process(10), 0)
  t.equal(harness.task.collectCommit()?.offsets[0]?.offset, 0, 'the offset stays before it')
  loaded = true
  arrived()
  await ready
  await Promise.resolve()
  t.equal(harness.task.process(10), 2)
})
