/** Emit on close across a change from Kafka Streams to Millrace and back: no final result is lost, and none comes twice. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { decodeMetadata, OperatorTimes } from '../../lib/task/times.js'
import { session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { TaskHarness, writtenBy } from './harness.js'

type Grouped = ReturnType<ReturnType<StreamsBuilder['stream']>['groupByKey']>

const KINDS = {
  tumbling: (grouped: Grouped) => grouped.windowedBy(tumbling({ sizeMs: 10, graceMs: 5 })),
  sliding: (grouped: Grouped) => grouped.windowedBy(sliding({ timeDifferenceMs: 10, graceMs: 5 })),
  session: (grouped: Grouped) => grouped.windowedBy(session({ gapMs: 10, graceMs: 5 })),
}

function topologyOf(kind: keyof typeof KINDS) {
  const builder = new StreamsBuilder()
  const grouped = builder.stream('in', { key: string, value: string }).groupByKey() as Grouped
  KINDS[kind](grouped)
    .emitStrategy('onWindowClose')
    .count({ store: { name: 'windows', retentionMs: 10_000 } })
    .toStream((key) => `${key.key}@${key.window.startMs}`)
    .to('out', { key: string, value: int64 })
  return builder.build()
}

interface Record {
  readonly key: Buffer
  readonly value: Buffer
  readonly timestamp: number
}

/** Runs the records, one commit each; before those in `turns` the other of the two takes over what is committed. */
function run(kind: keyof typeof KINDS, records: readonly Record[], turns: ReadonlySet<number>) {
  const harness = new TaskHarness(topologyOf(kind))
  const changelog: { readonly key: Buffer; readonly value: Buffer | null; readonly timestamp: number }[] = []
  const out: string[] = []
  let metadata = ''
  for (const [offset, record] of records.entries()) {
    if (turns.has(offset)) {
      harness.open()
      for (const { key, value, timestamp } of changelog) harness.task.state.restore('windows', key, value, timestamp)
      harness.task.restore([{ topic: 'in', partition: 0, offset, metadata: asKafkaStreams(metadata) }])
    }
    harness.add('in', [record], offset)
    harness.task.process(1)
    const commit = harness.task.collectCommit()!
    metadata = commit.offsets[0]!.metadata
    for (const { topic, key, value, timestamp } of writtenBy(commit)) {
      if (topic === 'out') out.push(`${key} ${value?.readBigInt64BE()} ${timestamp}`)
      else changelog.push({ key: key!, value, timestamp })
    }
    harness.task.commitSucceeded(commit, new Map(commit.batches.map((batch) => [batch, 0])))
  }
  return out
}

/** Without the operator's own name, of which Kafka Streams knows nothing. */
function asKafkaStreams(metadata: string): string {
  const { partitionTimeMs, operators } = decodeMetadata(metadata)
  const times = new OperatorTimes('0_0')
  const closedMs = operators.get('windows')
  if (closedMs !== undefined) times.of('windows').advance(closedMs)
  return times.encode(partitionTimeMs)
}

for (const kind of ['tumbling', 'sliding', 'session'] as const) {
  t.test(`${kind}: taken over at every record, the finals are those of one run`, async (t) => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed)
      let now = 0
      const records = Array.from({ length: 60 }, (): Record => {
        now += random.int(9)
        const timestamp = Math.max(0, now - random.int(4))
        return { key: Buffer.from(`k${random.int(3)}`), value: Buffer.from('v'), timestamp }
      })
      const whole = run(kind, records, new Set())
      t.ok(whole.length > 5)
      const turns = new Set(Array.from({ length: 30 }, () => 1 + random.int(59)))
      t.same(run(kind, records, turns), whole, `seed ${seed}`)
    }
  })
}

t.test('bytes of Kafka Streams 4.3.1: last emitted under the name of the store', async (t) => {
  const times = new OperatorTimes('0_0')
  times.emitsOnClose('agg', { store: 'windows', behindMs: 5, leastMs: 10 })
  times.emitsOnClose('other', { store: 'sessions', behindMs: 15, leastMs: 1 })
  t.equal(times.restore('AgAAAAAAAABjAAAAAgAAAAhzZXNzaW9ucwAAAAAAAABVAAAAB3dpbmRvd3MAAAAAAAAAFg=='), 99)
  t.equal(times.of('agg').streamTimeMs, 27)
  t.equal(times.of('other').streamTimeMs, 100)
  const written = decodeMetadata(times.encode(99)).operators
  t.same([written.get('windows'), written.get('sessions')], [22, 85])
  // Decoded there as partition time 36, windows 31.
  const own = new OperatorTimes('0_0')
  own.emitsOnClose('agg', { store: 'windows', behindMs: 5, leastMs: 10 })
  own.of('agg').advance(36)
  t.equal(own.encode(36), 'AgAAAAAAAAAkAAAAAgAAAANhZ2cAAAAAAAAAJAAAAAd3aW5kb3dzAAAAAAAAAB8=')
})

t.test('nothing is said before a window could close: Kafka Streams would take window 0 for emitted', async (t) => {
  const times = new OperatorTimes('0_0')
  times.emitsOnClose('agg', { store: 'windows', behindMs: 5, leastMs: 10 })
  t.notOk(decodeMetadata(times.encode(0)).operators.has('windows'))
  times.of('agg').advance(14)
  t.notOk(decodeMetadata(times.encode(0)).operators.has('windows'))
  times.of('agg').advance(15)
  t.equal(decodeMetadata(times.encode(0)).operators.get('windows'), 10)
})

t.test('the later of the two is taken: whoever ran last left the other as it was', async (t) => {
  for (const [node, store, expected] of [
    [40, 22, 40],
    [20, 22, 27],
  ] as const) {
    const before = new OperatorTimes('0_0')
    before.of('agg').advance(node)
    before.of('windows').advance(store)
    const times = new OperatorTimes('0_0')
    times.emitsOnClose('agg', { store: 'windows', behindMs: 5, leastMs: 10 })
    times.restore(before.encode(50))
    t.equal(times.of('agg').streamTimeMs, expected)
  }
})
