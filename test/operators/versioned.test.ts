/** Versioned tables in joins and aggregations against plain lists of versions, on seeded random input. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { HISTORY_MS, NaiveJoinState } from '../state/naive-join-state.js'

const io = { key: string, value: int64 }
const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)
const text = (left: number | null, right: number | null) => `${left}+${right}`

interface Event {
  readonly topic: string
  readonly key: string
  readonly value: number | null
  readonly ts: number
}

type Out = readonly [key: string, value: string | null, ts: number]

function randomEvents(random: Random, topics: readonly string[]): Event[] {
  let nowMs = 0
  return Array.from({ length: 150 }, (_, i) => {
    nowMs += random.int(15) === 0 ? random.int(HISTORY_MS) : random.int(4_000)
    const late = random.int(2) === 0 ? random.int(random.int(4) === 0 ? 2 * HISTORY_MS : 30_000) : 0
    const ts = Math.max(0, nowMs - late)
    // Equal times happen.
    return {
      topic: topics[random.int(topics.length)]!,
      key: `k${random.int(3)}`,
      value: random.int(4) === 0 ? null : i,
      ts: ts - (ts % 1_000),
    }
  })
}

const versioned = (name: string) => ({ ...io, store: { name, versioned: { historyRetentionMs: HISTORY_MS } } })

/** What each event brings out at topic `out`. */
function run(builder: StreamsBuilder, events: readonly Event[]): { out: Out[][]; drops: string[] } {
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const topics = new Set(events.map(({ topic }) => topic))
  const inputs = new Map([...topics].map((topic) => [topic, driver.createInputTopic(topic, string, int64)]))
  const sink = driver.createOutputTopic('out', string, string)
  const out = events.map(({ topic, key, value, ts }): Out[] => {
    inputs.get(topic)!.pipe(key, value, ts)
    return sink.readAll().map((record) => [record.key!, record.value, record.timestamp])
  })
  const drops = driver.droppedRecords().map(({ reason }) => reason)
  driver.close()
  return { out, drops }
}

/** Latest versions of two tables joined: what one put changes in the result. */
function tableJoin(events: readonly Event[], left: boolean): { out: Out[][]; drops: string[] } {
  const tables = { a: new NaiveJoinState(), b: new NaiveJoinState() }
  const drops: string[] = []
  const out = events.map(({ topic, key, value, ts }): Out[] => {
    const mine = topic === 'a' ? tables.a : tables.b
    const other = (topic === 'a' ? tables.b : tables.a).latest(key)
    const before = mine.latest(key)
    const put = mine.putVersion(key, value, ts)
    if (put !== 'latest') {
      drops.push(put === 'expired' ? put : 'outOfOrder')
      return []
    }
    const optional = left && topic === 'a'
    if (other === null && (!optional || (value === null && before === null))) return []
    const at = Math.max(ts, other?.timestamp ?? -1)
    const [l, r] = topic === 'a' ? [value, other?.value ?? null] : [other?.value ?? null, value]
    return [[key, l === null || (!left && r === null) ? null : text(l, r), at]]
  })
  return { out, drops }
}

for (const seed of SEEDS) {
  t.test(`a stream record meets the version of its time, seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const left = random.int(2) === 0
    const builder = new StreamsBuilder()
    const table = builder.table('t', versioned('rows'))
    const stream = builder.stream('s', io)
    const joined = left ? stream.leftJoin(table, { joiner: text }) : stream.join(table, { joiner: text })
    joined.to('out', { value: string })
    const events = randomEvents(random, ['t', 's'])
    const rows = new NaiveJoinState()
    const expected = events.map(({ topic, key, value, ts }): Out[] => {
      if (topic === 't') rows.putVersion(key, value, ts)
      if (topic === 't' || value === null) return []
      const row = rows.asOf(key, ts)
      return row === null && !left ? [] : [[key, text(value, row?.value ?? null), ts]]
    })
    t.same(run(builder, events).out, expected)
  })

  t.test(`stream records wait for the table, seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const graceMs = [0, 5_000, 40_000][random.int(3)]!
    const builder = new StreamsBuilder()
    const table = builder.table('t', versioned('rows'))
    builder.stream('s', io).leftJoin(table, { joiner: text, graceMs }).to('out', { value: string })
    const events = randomEvents(random, ['t', 's'])
    const state = new NaiveJoinState()
    let streamTime = -1
    const expected = events.map(({ topic, key, value, ts }): Out[] => {
      if (topic === 't') state.putVersion(key, value, ts)
      if (topic === 't' || value === null) return []
      const join = (at: { key: string; value: number; timestamp: number }): Out => {
        const row = state.asOf(at.key, at.timestamp)
        return [at.key, text(at.value, row?.value ?? null), at.timestamp]
      }
      if (ts < streamTime - graceMs) return [join({ key, value, timestamp: ts })]
      streamTime = Math.max(streamTime, ts)
      state.buffer(key, ts, value)
      return state.drain(streamTime - graceMs).map(join)
    })
    t.same(run(builder, events).out, expected)
  })

  t.test(`joined tables ignore what is not the latest, seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const left = random.int(2) === 0
    const builder = new StreamsBuilder()
    const [a, b] = [builder.table('a', versioned('as')), builder.table('b', versioned('bs'))]
    const joined = left ? a.leftJoin(b, { joiner: text }) : a.join(b, { joiner: text })
    joined.toStream().to('out', { value: string })
    const events = randomEvents(random, ['a', 'b'])
    const { out, drops } = run(builder, events)
    const expected = tableJoin(events, left)
    t.same(out, expected.out)
    t.same(drops, expected.drops)
  })

  t.test(`an aggregate has the latest versions, seed ${seed}`, async (t) => {
    const builder = new StreamsBuilder()
    builder
      .table('a', versioned('as'))
      .groupBy((_key, value) => ['all', value])
      .aggregate({
        initializer: () => 0,
        adder: (_key, value, sum) => sum + value,
        subtractor: (_key, value, sum) => sum - value,
        store: { value: int64 },
      })
      .mapValues(String)
      .toStream()
      .to('out', { value: string })
    const rows = new NaiveJoinState()
    const events = randomEvents(seededRandom(seed), ['a'])
    const { out, drops } = run(builder, events)
    const sums = out.map((each) => each.at(-1)?.[1] ?? null)
    const refused: string[] = []
    let last: string | null = null
    events.forEach(({ key, value, ts }, i) => {
      const put = rows.putVersion(key, value, ts)
      if (put !== 'latest') {
        t.equal(sums[i], null)
        refused.push(put === 'expired' ? 'expired' : 'outOfOrder')
      }
      last = sums[i] ?? last
      const sum = ['k0', 'k1', 'k2'].reduce((total, each) => total + (rows.latest(each)?.value ?? 0), 0)
      t.equal(Number(last ?? 0), sum)
    })
    t.same(drops, refused)
  })
}
