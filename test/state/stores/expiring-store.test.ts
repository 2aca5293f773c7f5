/**
 * Goal: an entry lives exactly `ttlMs`, through commits, aborts, crashes and a restore. Method: rows, then random puts
 * and gets against a plain map that knows every timestamp.
 */
import t from 'tap'
import { seededRandom } from '../../../lib/record/random.js'
import { int64, string } from '../../../lib/serde/primitive.js'
import type { CommittedKeyValue } from '../../../lib/state/committed/view.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import { TopologyBuilder } from '../../../lib/topology/builder.js'
import { storeDefinition } from '../../../lib/topology/store-definition.js'
import { Life } from '../life.js'

const TTL_MS = 10
const DEFINITION = storeDefinition({ name: 'store', key: string, value: int64, ttlMs: TTL_MS })

async function live(): Promise<Life> {
  const life = new Life(new MemoryEngines(), [DEFINITION])
  await life.start()
  return life
}

const commit = (life: Life) => {
  life.send()
  life.succeed()
}

const ROWS: { name: string; puts: [string, number | null, number][]; a: number | null }[] = [
  {
    name: 'lives',
    puts: [
      ['a', 1, 5],
      ['b', 1, 14],
    ],
    a: 1,
  },
  {
    name: 'is over to the millisecond',
    puts: [
      ['a', 1, 5],
      ['b', 1, 15],
    ],
    a: null,
  },
  {
    name: 'a delete moves time',
    puts: [
      ['a', 1, 5],
      ['b', null, 15],
    ],
    a: null,
  },
  {
    name: 'written again',
    puts: [
      ['a', 1, 5],
      ['a', 2, 9],
      ['b', 1, 15],
    ],
    a: 2,
  },
  {
    name: 'late, and living',
    puts: [
      ['b', 1, 14],
      ['a', 1, 5],
    ],
    a: 1,
  },
  {
    name: 'late, and over',
    puts: [
      ['b', 1, 15],
      ['a', 1, 5],
    ],
    a: null,
  },
  {
    name: 'replaced by one that is over',
    puts: [
      ['a', 1, 15],
      ['a', 2, 5],
    ],
    a: null,
  },
  {
    name: 'replaced by an older one',
    puts: [
      ['a', 1, 15],
      ['a', 2, 10],
      ['b', 1, 20],
    ],
    a: null,
  },
]

for (const { name, puts, a } of ROWS) {
  t.test(name, async (t) => {
    const life = await live()
    for (const put of puts) life.table('store').put(...put)
    t.equal(life.table('store').get('a')?.value ?? null, a, 'open')
    commit(life)
    const view = () => life.state.committed('store') as CommittedKeyValue<string, number>
    t.equal((await view().get('a'))?.value ?? null, a, 'committed')
    await life.crash()
    t.equal((await view().get('a'))?.value ?? null, a, 'query after a restore')
    t.equal(life.table('store').get('a')?.value ?? null, a, 'after a restore')
    await life.state.close({ flush: false })
  })
}

t.test('a jump of time clears a hundred per put, and hides the rest', async (t) => {
  const life = await live()
  for (let i = 0; i < 250; i++) life.table('store').put(`k${i}`, i, 1)
  commit(life)
  const before = life.changelogs.get('store')!.length
  life.table('store').put('new', 1, 1_000)
  commit(life)
  t.equal(life.changelogs.get('store')!.length - before, 101)
  const view = life.state.committed('store') as CommittedKeyValue<string, number>
  const seen: string[] = []
  for await (const { key } of view.all()) seen.push(key)
  t.same(seen, ['new'])
  for (let i = 0; i < 250; i++) t.equal(life.table('store').get(`k${i}`), null)
  commit(life)
  const deleted = life.changelogs.get('store')!.filter(({ value }) => value === null)
  t.equal(deleted.length, 250, 'each has its tombstone, once')
  t.ok(deleted.every(({ timestamp }) => timestamp === 1_000))
  await life.state.close({ flush: false })
})

t.test('an abort takes the time back too', async (t) => {
  const life = await live()
  life.table('store').put('a', 1, 1)
  commit(life)
  life.table('store').put('b', 1, 50)
  t.equal(life.table('store').get('a'), null)
  life.abort()
  t.equal(life.table('store').get('a')?.value, 1)
  life.table('store').put('b', 1, 11)
  commit(life)
  t.same(
    life.changelogs
      .get('store')!
      .map(({ key, value }) => `${key} ${value === null ? '-' : '+'}`)
      .sort(),
    ['a +', 'a -', 'b +'],
  )
  await life.state.close({ flush: false })
})

for (let seed = 1; seed <= 20; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`ttl/${seed}`)
    const life = await live()
    let committed = { nowMs: -1, rows: new Map<string, [number, number]>() }
    let open = structuredClone(committed)
    let clockMs = 0
    for (let step = 0; step < 400; step++) {
      const key = `k${random.int(8)}`
      const what = random.int(40)
      if (what < 18) {
        clockMs += random.int(4)
        const timestamp = Math.max(0, clockMs - random.int(14))
        const value = random.int(6) === 0 ? null : step
        life.table('store').put(key, value, timestamp)
        open.nowMs = Math.max(open.nowMs, timestamp)
        if (value === null) open.rows.delete(key)
        else open.rows.set(key, [value, timestamp])
      } else if (what < 34) {
        const row = open.rows.get(key)
        const expected = row !== undefined && row[1] + TTL_MS > open.nowMs ? row[0] : undefined
        if (life.table('store').get(key)?.value !== expected) t.fail(`step ${step}: ${key} should be ${expected}`)
        if (expected === undefined) open.rows.delete(key)
      } else if (what < 37) {
        commit(life)
        committed = structuredClone(open)
        if (random.int(2) === 0) await life.state.maybeFlush(true)
      } else if (what < 39) {
        life.abort()
        open = structuredClone(committed)
      } else {
        await life.crash()
        open = structuredClone(committed)
      }
      for (const [name, [, timestamp]] of open.rows) if (timestamp + TTL_MS <= open.nowMs) open.rows.delete(name)
    }
    t.ok(open.nowMs > 100)
    await life.state.close({ flush: false })
  })
}

t.test('refused where it means nothing', async (t) => {
  const serdes = { key: string, value: int64 }
  for (const kind of ['window', 'session', 'versioned'] as const) {
    const options = { name: 's', kind, ...serdes, ttlMs: 5, retentionMs: 9, windowSizeMs: 3 }
    t.throws(() => storeDefinition(options), { code: 'CONFIG_INVALID' }, kind)
  }
  for (const ttlMs of [0, -1, 1.5, Number.POSITIVE_INFINITY, Number.NaN]) {
    t.throws(() => storeDefinition({ name: 's', ...serdes, ttlMs }), { code: 'CONFIG_INVALID' }, `${ttlMs}`)
  }
  const global = { name: 's', ...serdes, ttlMs: 5, topic: 't', sourceName: 'a', processorName: 'b' }
  t.throws(() => new TopologyBuilder().addGlobalStore(global).build(), { code: 'CONFIG_INVALID' })
})
