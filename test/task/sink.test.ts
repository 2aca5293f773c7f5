/** Where a sink sends a record: by partitioner, to several partitions, nowhere, to the topic a function names. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { MillraceError } from '../../lib/errors.js'
import type { StreamRecord } from '../../lib/record/record.js'
import { string } from '../../lib/serde/primitive.js'
import type { Partitioner } from '../../lib/topology/node-base.js'
import { type HarnessOptions, TaskHarness, writtenBy } from './harness.js'

const io = { key: string, value: string }

/** `topic-partition value` of every record written. */
function sent(describe: (builder: StreamsBuilder) => void, values: readonly (string | null)[]) {
  const builder = new StreamsBuilder()
  describe(builder)
  const harness = new TaskHarness(builder.build(), { partitionCount: () => 3 })
  const records = values.map((value, i) => ({
    key: Buffer.from('k'),
    value: value === null ? null : Buffer.from(value),
    timestamp: i,
  }))
  harness.add('in', records, 0)
  harness.task.process(values.length)
  const commit = harness.task.collectCommit()
  const lines = commit === null ? [] : writtenBy(commit).map((r) => `${r.topic}-${r.partition} ${r.value}`)
  return { lines: lines.sort(), drops: harness.drops.map(({ reason }) => reason) }
}

t.test('a partitioner may broadcast tombstones and drop records', async (t) => {
  const partitioner: Partitioner = (_topic, _key, value, count) => {
    if (value === 'nowhere') return []
    if (value === null) return Array.from({ length: count }, (_, i) => i)
    return value === 'twice' ? [1, 1] : 1
  }
  const { lines, drops } = sent(
    (builder) => builder.stream('in', io).to('out', { partitioner }),
    ['a', null, 'nowhere', 'twice'],
  )
  t.same(lines, ['out-0 null', 'out-1 a', 'out-1 null', 'out-1 twice', 'out-2 null'])
  t.same(drops, ['noPartition'])
})

for (const chosen of [3, -1, 0.5, [0, 3]]) {
  t.test(`partition ${chosen} of 3 is refused`, async (t) => {
    const partitioner = () => chosen
    t.throws(() => sent((builder) => builder.stream('in', io).to('out', { partitioner }), ['a']), {
      code: 'PARTITION_INVALID',
    })
  })
}

/** What a broker would have to be asked about: topics known so far, `missing` for one that is known not to exist. */
function lateTopics() {
  const known = new Map<string, number | 'missing'>()
  return {
    known,
    sinkPartitions(topic: string): number | null {
      const answer = known.get(topic)
      if (answer === 'missing') throw new MillraceError('CLIENT_TOPIC_MISSING', `no ${topic}`, { topic })
      return answer ?? null
    },
  }
}

function toLateTopics(options: HarnessOptions = {}, partitioner?: Partitioner) {
  const builder = new StreamsBuilder()
  builder.stream('in', io).to((_key, value) => value!, partitioner === undefined ? {} : { partitioner })
  const topics = lateTopics()
  const harness = new TaskHarness(builder.build(), { ...options, sinkPartitions: topics.sinkPartitions })
  let offset = 0
  return {
    harness,
    known: topics.known,
    process(values: readonly string[]): number {
      const records = values.map((value, i) => ({ key: Buffer.from(`k${i}`), value: Buffer.from(value), timestamp: i }))
      if (records.length > 0) harness.add('in', records, offset)
      offset += values.length
      return harness.task.process(100)
    },
    commit(): string[] | null {
      const commit = harness.task.collectCommit()
      if (commit === null) return null
      harness.task.commitSucceeded(commit, new Map())
      return writtenBy(commit).map((r) => `${r.topic}-${r.partition} ${r.key}=${r.value}`)
    },
  }
}

t.test('a topic seen for the first time: the commit waits for it, in order, and nothing is lost', async (t) => {
  const { harness, known, process, commit } = toLateTopics()
  known.set('a', 1)
  t.equal(process(['a', 'b', 'c', 'b', 'a']), 5, 'records go on')
  t.ok(harness.task.busy)
  t.equal(commit(), null, 'part of it would not be all of it')
  t.equal(process(['a']), 0, 'what came later waits for that commit')
  known.set('b', 1)
  t.equal(process([]), 2)
  t.equal(commit(), null, 'c is not known yet')
  known.set('c', 1)
  t.equal(process([]), 1)
  t.ok(harness.task.takeCommitRequest(), 'that is the end of the waiting')
  t.same(commit()?.sort(), ['a-0 k0=a', 'a-0 k4=a', 'b-0 k1=b', 'b-0 k3=b', 'c-0 k2=c'])
  t.notOk(harness.task.busy)
  t.equal(process([]), 1)
  t.same(commit(), ['a-0 k0=a'])
})

t.test('a partitioner is asked once the number of partitions is known', async (t) => {
  const counts: number[] = []
  const { known, process, commit } = toLateTopics({}, (_topic, _key, _value, count) => {
    counts.push(count)
    return [0, count - 1]
  })
  process(['late'])
  t.same(counts, [])
  known.set('late', 7)
  process([])
  t.same([counts, commit()], [[7], ['late-0 k0=late', 'late-6 k0=late']])
})

t.test('an abort forgets what waits', async (t) => {
  const { harness, known, process, commit } = toLateTopics()
  process(['late'])
  harness.task.commitAborted()
  known.set('late', 1)
  t.notOk(harness.task.busy)
  process(['late'])
  t.same(commit(), ['late-0 k0=late'])
})

const WRONG_NAMES: readonly unknown[] = ['no such', '', '..', '.', 'x'.repeat(250), undefined, null, 42, {}, ['a']]

t.test(
  'topics that are not there, names that cannot be: onProductionError decides, with topic, node and origin',
  async (t) => {
    const cases = [
      ...WRONG_NAMES.map((answer) => ({ answer, code: 'TOPIC_NAME_INVALID' })),
      { answer: 'absent', code: 'RECORD_REJECTED' },
    ]
    for (const { answer, code } of cases) {
      for (const policy of ['fail', 'deadLetter', 'skip'] as const) {
        const builder = new StreamsBuilder()
        builder.stream('in', io).to((_key, value) => (value === 'bad' ? (answer as string) : 'out'), { name: 'here' })
        const { known, sinkPartitions } = lateTopics()
        for (const topic of ['out', 'dead']) known.set(topic, 1)
        const seen: unknown[] = []
        const harness = new TaskHarness(builder.build(), {
          sinkPartitions,
          deadLetterTopic: 'dead',
          onProductionError: ({ error, node, topic, offset }) => {
            seen.push([error.code, node, topic, offset])
            t.notMatch(error.message, /no such/, 'an answer may be part of the record')
            return policy
          },
        })
        const bytes = (text: string) => Buffer.from(text)
        harness.add(
          'in',
          ['bad', 'good'].map((value, i) => ({ key: bytes('k'), value: bytes(value), timestamp: i })),
          5,
        )
        const all = () => {
          harness.task.process(2)
          known.set('absent', 'missing')
          return harness.task.process(2)
        }
        if (policy === 'fail') t.throws(all, { code })
        else {
          all()
          const written = writtenBy(harness.task.collectCommit()!).map(({ topic, value }) => `${topic} ${value}`)
          t.same(written.sort(), policy === 'skip' ? ['out good'] : ['dead bad', 'out good'])
        }
        t.same(seen, [[code, 'here', 'in', 5]])
      }
    }
  },
)

t.test('a function names the topic', async (t) => {
  const { lines } = sent(
    (builder) =>
      builder.stream('in', io).to((_key, value, timestamp) => `${value}-${timestamp}`, { partitioner: () => 0 }),
    ['a', 'b'],
  )
  t.same(lines, ['a-0-0 a', 'b-1-0 b'])
  const seen: unknown[] = []
  sent(
    (builder) =>
      builder
        .stream('in', io)
        .process<string, string | null>(() => {
          let forward: (record: StreamRecord<string, string | null>) => void
          return {
            init(context) {
              forward = (record) => context.forward(record)
              context.schedule(1, 'streamTime', (timestamp) => {
                forward({ key: 'p', value: 'made', timestamp, headers: [] })
              })
            },
            process: (record) => forward({ ...record, headers: [{ key: 'h', value: Buffer.from(record.value!) }] }),
          }
        })
        .to((key, _value, _timestamp, { headers, source }) => {
          seen.push([key, headers.map(({ key, value }) => `${key}=${value}`).join(), source])
          return 'out'
        }),
    ['a'],
  )
  t.same(seen, [
    ['k', 'h=a', { topic: 'in', partition: 0, offset: 0 }],
    ['p', '', null],
  ])
})
