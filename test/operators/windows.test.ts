/** Windows of every kind against naive references, on seeded random input. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { sliding } from '../../lib/windows/definitions.js'
import { asReference, type Input, randomInputs, randomWindows, windowed } from './windows-random.js'
import { emittedOnClose, isClosed, suppressed, type WindowUpdate } from './windows-reference.js'

const SEEDS = 150

t.test('results on window close are the last updates, each once, however far time jumps', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`close/${seed}`)
    const windows = randomWindows(random)
    const inputs = randomInputs(random, 30)
    const updates = windowed(inputs, windows, 'onWindowUpdate')
    const results = windowed(inputs, windows, 'onWindowClose')
    t.strictSame(results, emittedOnClose(updates, timesOf(inputs), asReference(windows), true), `seed ${seed}`)
  }
})

t.test('a suppressed window goes out once, and nothing after', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`suppress/${seed}`)
    const windows = randomWindows(random)
    const inputs = randomInputs(random, 30)
    const updates = windowed(inputs, windows, 'onWindowUpdate')
    const results = windowed(inputs, windows, 'suppressed')
    t.strictSame(results, suppressed(updates, asReference(windows), true), `seed ${seed}`)
    const names = results.map(({ key, start, end }) => `${key}@${start}-${end}`)
    t.equal(new Set(names).size, names.length, `seed ${seed}: once`)
  }
})

t.test('both ways give the same final results', async (t) => {
  const bare = (results: readonly WindowUpdate[]) =>
    results.map(({ key, start, end, value }) => `${key}@${start}-${end}=${value}`).sort()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`same/${seed}`)
    const windows = randomWindows(random)
    // The last record closes everything, for both.
    const inputs = [...randomInputs(random, 20), { key: 'end', value: 'z', ts: 1_000_000 }]
    const closed = windowed(inputs, windows, 'onWindowClose')
    t.strictSame(bare(windowed(inputs, windows, 'suppressed')), bare(closed), `seed ${seed}`)
  }
})

t.test('sliding windows hold, in order of arrival, every record within their bounds', async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(`sliding/${seed}`)
    const windows = sliding({ timeDifferenceMs: 1 + random.int(15), graceMs: 10_000 })
    const inputs = randomInputs(random, 60)
    const last = new Map<string, string>()
    for (const { key, start, value } of windowed(inputs, windows, 'onWindowUpdate')) {
      last.set(`${key}@${start}`, String(value))
    }
    t.strictSame(new Map([...last].sort()), slidingByDefinition(inputs, windows.timeDifferenceMs), `seed ${seed}`)
  }
})

t.test('Kafka Streams loses, repeats and reopens what section 4 keeps', async (t) => {
  const updates: WindowUpdate[] = [
    { key: 'a', start: 0, end: 5, value: 'x', ts: 3, at: 1 },
    { key: 'a', start: 5, end: 10, value: 'y', ts: 10, at: 2 },
    { key: 'a', start: 0, end: 5, value: 'xz', ts: 3, at: 3 },
    { key: 'a', start: 995, end: 1000, value: 'w', ts: 1000, at: 4 },
  ]
  const windows = { kind: 'sliding', graceMs: 5, retentionMs: 15 } as const
  const starts = (results: readonly WindowUpdate[]) => results.map(({ start, value }) => `${start}=${value}`)
  t.strictSame(starts(suppressed(updates, windows, false)), ['0=x', '0=xz', '5=y'], 'a window twice')
  t.strictSame(starts(suppressed(updates, windows, true)), ['0=xz', '5=y'], 'a window once')
  const times = [3, 10, 10, 1000]
  t.strictSame(starts(emittedOnClose(updates, times, windows, false)), [], 'lost in the jump')
  t.strictSame(starts(emittedOnClose(updates, times, windows, true)), ['0=xz', '5=y'], 'kept')
  t.ok(isClosed(5, { ...windows, kind: 'time' }, 10))
  t.notOk(isClosed(5, windows, 10))
})

function timesOf(inputs: readonly Input[]): number[] {
  let timeMs = -1
  return inputs.map(({ ts }) => {
    timeMs = Math.max(timeMs, ts)
    return timeMs
  })
}

/** Windows that end at a record, that start after one and hold another, and [0, d] for records before d. */
function slidingByDefinition(inputs: readonly Input[], differenceMs: number): Map<string, string> {
  const found = new Map<string, string>()
  for (const key of new Set(inputs.map((each) => each.key))) {
    const own = inputs.filter((each) => each.key === key)
    const starts = own.flatMap(({ ts }) => [Math.max(0, ts - differenceMs), ts + 1])
    for (const start of starts) {
      const inside = own.filter(({ ts }) => ts >= start && ts <= start + differenceMs)
      if (inside.length > 0) found.set(`${key}@${start}`, inside.map(({ value }) => value).join(''))
    }
  }
  return new Map([...found].sort())
}
