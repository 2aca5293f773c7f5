/** Every stateful operator against a naive reference that recomputes from all records, on seeded random input. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { sessionWindowed, timeWindowed } from '../../lib/serde/windowed.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { hopping, session } from '../../lib/windows/definitions.js'

interface Event {
  readonly topic: string
  readonly key: string
  readonly value: number | null
  readonly ts: number
}

const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)
const io = { key: string, value: int64 }

function randomEvents(random: Random, topics: readonly string[], nulls: boolean): Event[] {
  let nowMs = 0
  return Array.from({ length: 150 }, () => {
    nowMs += random.int(7)
    return {
      topic: topics[random.int(topics.length)]!,
      key: `k${random.int(4)}`,
      value: nulls && random.int(5) === 0 ? null : 1 + random.int(9),
      ts: Math.max(0, nowMs - (random.int(3) === 0 ? random.int(40) : 0)),
    }
  })
}

/** Pipes every event and calls `after` with what came out of topic `out`, one line per record. */
function run(
  builder: StreamsBuilder,
  events: readonly Event[],
  keySerde: Parameters<TopologyTestDriver['createOutputTopic']>[1],
  after: (event: Event, out: readonly { key: unknown; value: number | null; timestamp: number }[]) => void,
): TopologyTestDriver {
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const topics = new Set(events.map(({ topic }) => topic))
  const inputs = new Map([...topics].map((topic) => [topic, driver.createInputTopic(topic, string, int64)]))
  const out = driver.createOutputTopic('out', keySerde, int64)
  for (const event of events) {
    inputs.get(event.topic)!.pipe(event.key, event.value, event.ts)
    after(event, out.readAll())
  }
  return driver
}

for (const seed of SEEDS) {
  t.test(`aggregate, seed ${seed}`, async (t) => {
    const builder = new StreamsBuilder()
    const sum = builder
      .stream('in', io)
      .groupByKey()
      .reduce((a, b) => a + b)
    sum.toStream().to('out')
    const seen: Event[] = []
    run(builder, randomEvents(seededRandom(seed), ['in'], true), string, (event, out) => {
      if (event.value === null) return t.same(out, [])
      seen.push(event)
      const mine = seen.filter(({ key }) => key === event.key)
      const value = mine.reduce((total, each) => total + each.value!, 0)
      const timestamp = Math.max(...mine.map(({ ts }) => ts))
      return t.match(out, [{ key: event.key, value, timestamp }])
    })
  })

  t.test(`windowAggregate, seed ${seed}`, async (t) => {
    const windows = { sizeMs: 20, advanceMs: 7, graceMs: 6 }
    const builder = new StreamsBuilder()
    builder.stream('in', io).groupByKey().windowedBy(hopping(windows)).count().toStream().to('out')
    const accepted: { key: string; start: number; ts: number }[] = []
    let streamTime = -1
    let late = 0
    const events = randomEvents(seededRandom(seed), ['in'], true)
    const driver = run(builder, events, timeWindowed(string, windows.sizeMs) as never, (event, out) => {
      streamTime = Math.max(streamTime, event.ts)
      const expected: unknown[] = []
      for (let start = 0; start <= event.ts; start += windows.advanceMs) {
        const end = start + windows.sizeMs
        if (end <= event.ts) continue
        if (end + windows.graceMs <= streamTime) {
          late++
          continue
        }
        accepted.push({ key: event.key, start, ts: event.ts })
        const mine = accepted.filter((each) => each.key === event.key && each.start === start)
        expected.push({
          key: { key: event.key, window: { startMs: start, endMs: end } },
          value: mine.length,
          timestamp: Math.max(...mine.map(({ ts }) => ts)),
        })
      }
      t.match(out, expected)
      t.equal(out.length, expected.length)
    })
    t.equal(driver.droppedRecords().filter(({ reason }) => reason === 'late').length, late)
  })

  t.test(`sessionAggregate, seed ${seed}`, async (t) => {
    const [gap, grace] = [9, 8]
    const builder = new StreamsBuilder()
    builder
      .stream('in', io)
      .groupByKey()
      .windowedBy(session({ gapMs: gap, graceMs: grace }))
      .count()
      .toStream()
      .to('out')
    let sessions: { key: string; times: number[] }[] = []
    let streamTime = -1
    let late = 0
    const start = ({ times }: { times: number[] }) => Math.min(...times)
    const end = ({ times }: { times: number[] }) => Math.max(...times)
    const key = (each: { key: string; times: number[] }) => ({
      key: each.key,
      window: { startMs: start(each), endMs: end(each) },
    })
    const events = randomEvents(seededRandom(seed), ['in'], true)
    const driver = run(builder, events, sessionWindowed(string) as never, (event, out) => {
      streamTime = Math.max(streamTime, event.ts)
      const closed = streamTime - gap - grace
      const touched = sessions
        .filter((each) => each.key === event.key && end(each) >= closed)
        .filter((each) => end(each) >= event.ts - gap && start(each) <= event.ts + gap)
        .sort((a, b) => end(a) - end(b) || start(a) - start(b))
      const merged = { key: event.key, times: [event.ts, ...touched.flatMap(({ times }) => times)] }
      if (end(merged) < closed) {
        late++
        t.same(out, [])
        return
      }
      sessions = [...sessions.filter((each) => !touched.includes(each)), merged]
      const replaced = start(merged) === end(merged) ? [] : touched
      const expected = [
        ...replaced.map((each) => ({ key: key(each), value: null, timestamp: end(each) })),
        { key: key(merged), value: merged.times.length, timestamp: end(merged) },
      ]
      t.match(out, expected)
      t.equal(out.length, expected.length)
    })
    t.equal(driver.droppedRecords().length, late)
  })

  t.test(`tableAggregate, seed ${seed}`, async (t) => {
    const builder = new StreamsBuilder()
    builder
      .table('in', io)
      .groupBy((key, value) => [value % 2 === 0 ? 'even' : 'odd', value * 10 + Number(key.slice(1))] as const, io)
      .aggregate({ initializer: () => 0, adder: (_k, v, sum) => sum + v, subtractor: (_k, v, sum) => sum - v })
      .toStream()
      .to('out')
    const rows = new Map<string, number>()
    const standing = new Map<unknown, number | null>()
    run(builder, randomEvents(seededRandom(seed), ['in'], true), string, (event, out) => {
      if (event.value === null) rows.delete(event.key)
      else rows.set(event.key, event.value)
      for (const { key, value } of out) standing.set(key, value)
      for (const [group, rest] of [
        ['even', 0],
        ['odd', 1],
      ] as const) {
        const mine = [...rows].filter(([, value]) => value % 2 === rest)
        const sum = mine.reduce((total, [key, value]) => total + value * 10 + Number(key.slice(1)), 0)
        t.equal(standing.get(group) ?? 0, sum)
      }
    })
  })

  for (const kind of ['inner', 'left', 'outer'] as const) {
    t.test(`${kind} table join, seed ${seed}`, async (t) => {
      const builder = new StreamsBuilder()
      const left = builder.table('left', io)
      const right = builder.table('right', io).filter((_key, value) => value > 2)
      const joiner = (a: number | null, b: number | null) => (a ?? 0) * 100 + (b ?? 0)
      const joined: KTable<string, number> =
        kind === 'inner'
          ? left.join(right, { joiner })
          : kind === 'left'
            ? left.leftJoin(right, { joiner })
            : left.outerJoin(right, { joiner })
      joined.toStream().to('out', { value: int64 })
      const rows = { left: new Map<string, Event>(), right: new Map<string, Event>() }
      const standing = new Map<unknown, number | null>()
      run(builder, randomEvents(seededRandom(seed), ['left', 'right'], true), string, (event, out) => {
        const side = rows[event.topic as 'left' | 'right']
        if (event.value === null || (event.topic === 'right' && event.value <= 2)) side.delete(event.key)
        else side.set(event.key, event)
        for (const { key, value } of out) standing.set(key, value)
        const l = rows.left.get(event.key)
        const r = rows.right.get(event.key)
        const there = kind === 'inner' ? l && r : kind === 'left' ? l : l || r
        const expected = there ? joiner(l?.value ?? null, r?.value ?? null) : null
        t.equal(standing.get(event.key) ?? null, expected)
        for (const { key, timestamp } of out) {
          t.equal(key, event.key)
          t.ok(timestamp >= event.ts)
        }
      })
    })
  }

  for (const left of [false, true]) {
    t.test(`${left ? 'left ' : ''}stream-table join, seed ${seed}`, async (t) => {
      const builder = new StreamsBuilder()
      const table = builder.table('table', io)
      const joiner = (a: number, b: number | null) => a * 100 + (b ?? 0)
      const stream = builder.stream('stream', io)
      const joined = left ? stream.leftJoin(table, { joiner }) : stream.join(table, { joiner })
      joined.to('out', { value: int64 })
      const rows = new Map<string, number | null>()
      run(builder, randomEvents(seededRandom(seed), ['stream', 'table'], true), string, (event, out) => {
        if (event.topic === 'table') {
          rows.set(event.key, event.value)
          t.same(out, [])
          return
        }
        const row = rows.get(event.key) ?? null
        const emits = event.value !== null && (left || row !== null)
        t.match(out, emits ? [{ key: event.key, value: joiner(event.value!, row), timestamp: event.ts }] : [])
        t.equal(out.length, emits ? 1 : 0)
      })
    })
  }
}
