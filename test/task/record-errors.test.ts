/** Records that cannot be processed: policies, counts, dead letters, waiting for a schema. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { FailurePolicy } from '../../lib/record/failure.js'
import { int32, int64, string } from '../../lib/serde/primitive.js'
import { SchemaPending, type Serde } from '../../lib/serde/serde.js'
import { RecordErrors } from '../../lib/task/record-errors.js'
import { ManualClock, TopologyTestDriver } from '../../lib/testing/index.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import { hopping } from '../../lib/windows/definitions.js'
import { TaskHarness, writtenBy } from './harness.js'
import { headerText, record, text } from './records.js'

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

t.test('a handler is told what failed and where, and gets the record only when it asks', async (t) => {
  const seen: object[] = []
  const harness = new TaskHarness(throwingOn('secret'), {
    deadLetterTopic: 'dead',
    onProcessingError(failure) {
      const { record, error, ...rest } = failure
      t.equal(error.code, 'PROCESS_FAILED')
      t.match(error.cause, { message: 'no such thing' })
      t.notMatch(JSON.stringify(failure), /secret/)
      seen.push({ ...rest, value: record()?.value?.toString() })
      return failure.offset === 41 ? 'deadLetter' : 'skip'
    },
  })
  harness.add('in', [record('k', 'fine'), record('k', 'secret'), record('k', 'secret')], 40)
  t.equal(harness.task.process(10), 3)
  const at = { topic: 'in', partition: 0, taskId: '0_0', node: 'judge', attempt: 1, value: 'secret' }
  t.same(seen, [
    { ...at, offset: 41 },
    { ...at, offset: 42 },
  ])
  const topics = writtenBy(harness.task.collectCommit()!).map(({ topic }) => topic)
  t.same(topics.sort(), ['dead', 'out'])
  t.equal(harness.drops.length, 2)
})

t.test('a retry leaves nothing of the failed attempt, and counts itself until the commit is past it', async (t) => {
  const attempts: number[] = []
  let broken = 3
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts', cached: false } })
    .toStream()
    .mapValues((count) => {
      if (count === 2 && broken-- > 0) throw new Error('not yet')
      return String(count)
    })
    .to('out', { key: string, value: string })
  const harness = new TaskHarness(builder.build(), {
    onProcessingError({ attempt }) {
      attempts.push(attempt)
      return 'retry'
    },
  })
  const all = [record('a', 'x'), record('a', 'x')]
  for (let i = 0; i < 3; i++) {
    harness.add('in', all, 0)
    t.throws(() => harness.task.process(10), { code: 'PROCESS_RETRY', topic: 'in', partition: 0, offset: 1 })
    harness.task.commitAborted()
  }
  harness.add('in', all, 0)
  t.equal(harness.task.process(10), 2)
  const commit = harness.task.collectCommit()!
  t.same(
    writtenBy(commit)
      .filter(({ topic }) => topic === 'out')
      .map(({ value }) => value?.toString()),
    ['1', '2'],
  )
  t.same(attempts, [1, 2, 3])
  t.same(harness.drops, [])
})

t.test('a record that fails at every attempt fails at the tenth', async (t) => {
  let calls = 0
  const harness = new TaskHarness(throwingOn('bad'), {
    onProcessingError() {
      calls++
      return 'retry'
    },
  })
  for (let attempt = 1; attempt <= 10; attempt++) {
    harness.add('in', [record('k', 'bad')], 0)
    const code = attempt < 10 ? 'PROCESS_RETRY' : 'PROCESS_FAILED'
    t.throws(() => harness.task.process(10), { code })
    harness.task.commitAborted()
  }
  t.equal(calls, 10)
})

t.test('a handler that throws or answers nonsense stops the task', async (t) => {
  const rows: (() => unknown)[] = [
    () => {
      throw new Error('oops')
    },
    () => undefined,
    () => 'ignore',
    () => 'deadLetter',
  ]
  for (const answer of rows) {
    const harness = new TaskHarness(throwingOn('bad'), { onProcessingError: answer as () => 'skip' })
    harness.add('in', [record('k', 'bad')], 0)
    t.throws(() => harness.task.process(10), { code: 'HANDLER_FAILED', offset: 0, node: 'judge' })
  }
  const poison = new TaskHarness(numbers(), { onDeserializationError: (() => 'retry') as unknown as () => 'skip' })
  t.throws(() => poison.add('in', [record('k', 'xy')], 0), { code: 'HANDLER_FAILED' }, 'reading again reads the same')
})

t.test('a dead letter that fits nowhere stops the task instead of getting lost', async (t) => {
  const harness = new TaskHarness(throwingOn('x'.repeat(100)), {
    maxRecordBytes: 150,
    onProcessingError: 'deadLetter',
    deadLetterTopic: 'dead',
  })
  harness.add('in', [record('k', 'x'.repeat(100))], 0)
  t.throws(() => harness.task.process(10), { code: 'RECORD_TOO_LARGE', message: /topic dead/ })
})

t.test('the test driver retries as an instance does, with what lies behind the record', async (t) => {
  let broken = 2
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .flatMapValues((value) => value!.split(' '))
    .repartition({ name: 'words' })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .peek((_key, count) => {
      if (count === 2 && broken-- > 0) throw new Error('not yet')
    })
    .to('out', { key: string, value: int64 })
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0, onProcessingError: () => 'retry' })
  driver.createInputTopic('in', string, string).pipe('k', 'a b c', 1)
  const counts = driver.createOutputTopic('out', string, int64).readAll()
  t.same(
    counts.map(({ value }) => value),
    [1, 2, 3],
  )
  t.equal(broken, -1)
})

t.test(
  'a full record cache flushes in the middle of a record, which is not to blame for what is dropped',
  async (t) => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .count({ store: { name: 'counts' } })
      .toStream()
      .process<string, number>(() => {
        let context: ProcessorContext<string, number>
        return {
          init(given) {
            context = given
          },
          process({ key }) {
            if (key === 'thrown') throw new Error('not this')
            context.drop('unwanted')
          },
        }
      })
      .to('out', { key: string, value: int64 })
    const driver = new TopologyTestDriver(builder.build(), {
      cacheBytes: 1,
      onProcessingError: 'deadLetter',
      deadLetterTopic: 'dead',
    })
    const input = driver.createInputTopic('in', string, string)
    input.pipe('dropped', 'x', 1)
    input.pipe('thrown', 'x', 2)
    input.pipe(null, 'x', 3)
    t.same(
      driver.droppedRecords().map(({ reason, offset }) => [reason, offset]),
      [
        ['unwanted', null],
        ['processing', null],
        ['nullKey', 2],
      ],
      'the record in hand is known again after the flush',
    )
    t.equal(driver.createOutputTopic('dead', string, string).queueSize, 1)
  },
)

t.test(
  'a stale answer of a foreign-key join is counted, and nothing is lost that a letter could tell of',
  async (t) => {
    const drops: string[] = []
    const letters: string[] = []
    const failures = new RecordErrors(
      {
        id: { text: '0_0' },
        clock: new ManualClock(),
        onDrop: ({ reason }) => drops.push(reason),
        onDeserializationError: 'fail',
        onProcessingError: 'fail',
        onProductionError: 'fail',
        maxRecordBytes: 1_000,
        deadLetterTopic: 'dead',
      },
      { send: (topic) => letters.push(topic) },
    )
    const cursor = { offset: 3, timestamp: 5, headers: () => [], key: () => text('k'), value: () => text('v') }
    const source = { name: 'source', keySerde: string, valueSerde: string, timestampExtractor: null } as never
    for (const reason of ['staleResponse', 'late'])
      failures.drop(reason, reason, { topic: 'in', partition: 0, source, cursor })
    t.same(drops, ['staleResponse', 'late'])
    t.same(letters, ['dead'])
  },
)
