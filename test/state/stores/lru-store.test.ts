/**
 * Goal: a store of at most so many entries keeps those used last, through commits, aborts, crashes and a restore. Method:
 * the rows Kafka Streams 4.3.1 answers for `Stores.lruMap`, then random uses against a plain list.
 */
import t from 'tap'
import { StreamsBuilder, tumbling } from '../../../lib/index.js'
import { seededRandom } from '../../../lib/record/random.js'
import { int64, string } from '../../../lib/serde/primitive.js'
import type { CommittedKeyValue } from '../../../lib/state/committed/view.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import type { OrderedKeyValueStore } from '../../../lib/state/ports/ordered.js'
import type { StoreDefinition } from '../../../lib/state/stores/index.js'
import { TopologyTestDriver } from '../../../lib/testing/index.js'
import { storeDefinition } from '../../../lib/topology/store-definition.js'
import { Life } from '../life.js'

const definition = (maxEntries: number, kind: 'keyValue' | 'timestampedKeyValue' = 'keyValue') =>
  storeDefinition({ name: 'lru', kind, key: string, value: int64, maxEntries })

async function live(maxEntries: number, kind?: 'timestampedKeyValue', ordered = false): Promise<Life> {
  const life = new Life(new MemoryEngines(), [{ ...definition(maxEntries, kind), ordered } as StoreDefinition])
  await life.start()
  return life
}

const commit = (life: Life) => {
  life.send()
  life.succeed()
}

const changelog = (life: Life) =>
  (life.changelogs.get('lru') ?? []).map(
    ({ key, value, timestamp }) => `${key}=${value === null ? null : value.readBigInt64BE()} @${timestamp}`,
  )

/** What is committed, without using it. */
async function rows(life: Life): Promise<string[]> {
  const found: string[] = []
  const view = life.state.committed('lru') as CommittedKeyValue<string, number>
  for await (const { key } of view.all()) found.push(key)
  return found
}

t.test('what Kafka Streams does, operation by operation', async (t) => {
  for (const kind of [undefined, 'timestampedKeyValue'] as const) {
    const life = await live(2, kind)
    const store = () => life.table('lru')
    const steps: [act: () => unknown, answer: unknown, entries: string[]][] = [
      [() => store().put('a', 1, 100), undefined, ['a']],
      [() => store().put('b', 2, 101), undefined, ['a', 'b']],
      [() => store().get('a')?.value, 1, ['a', 'b']],
      [() => store().put('c', 3, 103), undefined, ['a', 'c']],
      [() => store().get('b'), null, ['a', 'c']],
      [() => store().put('d', 4, 106), undefined, ['c', 'd']],
      [() => store().putIfAbsent('c', 5, 107)?.value, 3, ['c', 'd']],
      [() => store().put('e', 6, 108), undefined, ['c', 'e']],
      [() => store().delete('e')?.value, 6, ['c']],
      [() => store().put('f', 7, 110), undefined, ['c', 'f']],
      [() => store().put('g', 8, 111), undefined, ['f', 'g']],
      [() => store().put('g', null, 112), undefined, ['f']],
      [() => store().put('zz', null, 113), undefined, ['f']],
      [() => store().get('zz'), null, ['f']],
      [() => store().put('c', 9, 115), undefined, ['c', 'f']],
    ]
    for (const [n, [act, answer, entries]] of steps.entries()) {
      t.same(act(), answer, `step ${n}`)
      commit(life)
      t.same(await rows(life), entries, `step ${n}`)
    }
    // Kafka Streams writes the tombstones of what it evicts only where the store keeps no timestamps.
    t.same(changelog(life), [
      'a=1 @100',
      'b=2 @101',
      'b=null @103',
      'c=3 @103',
      'a=null @106',
      'd=4 @106',
      'd=null @108',
      'e=6 @108',
      'e=null @108',
      'f=7 @110',
      'c=null @111',
      'g=8 @111',
      'g=null @112',
      'zz=null @113',
      'c=9 @115',
    ])
    await life.state.close({ flush: false })
  }
})

t.test('a lost memory is restored: the same entries, by their last put', async (t) => {
  const life = await live(3)
  const store = () => life.table('lru')
  for (const [n, key] of ['a', 'b', 'c'].entries()) store().put(key, n, n)
  store().get('a')
  commit(life)
  await life.crash()
  t.same(await rows(life), ['a', 'b', 'c'])
  store().put('d', 4, 4)
  commit(life)
  t.same(await rows(life), ['b', 'c', 'd'], 'the get did not outlive the crash')
  await life.crash()
  t.same(await rows(life), ['b', 'c', 'd'])
  await life.state.close({ flush: false })
})

t.test('a bound that was lowered holds from the restore on; what is too much goes silently', async (t) => {
  const first = await live(4)
  for (const [n, key] of ['a', 'b', 'c', 'd'].entries()) first.table('lru').put(key, n, n)
  commit(first)
  await first.state.close({ flush: false })
  const second = new Life(new MemoryEngines(), [definition(2)])
  second.changelogs.set('lru', first.changelogs.get('lru')!)
  await second.start()
  t.same(await rows(second), ['c', 'd'])
  t.equal(second.table('lru').get('a'), null)
  commit(second)
  t.equal(changelog(second).length, 4)
  await second.state.close({ flush: false })
})

t.test('an abort takes back uses as well as entries', async (t) => {
  const life = await live(2)
  const store = () => life.table('lru')
  store().put('a', 1, 1)
  store().put('b', 2, 2)
  commit(life)
  store().get('a')
  store().put('c', 3, 3)
  life.send()
  store().put('d', 4, 4)
  life.abort()
  t.same(await rows(life), ['a', 'b'])
  store().put('e', 5, 5)
  commit(life)
  t.same(await rows(life), ['b', 'e'], 'a is the eldest again')
  await life.state.close({ flush: false })
})

for (let seed = 1; seed <= 20; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(`lru/${seed}`)
    const maxEntries = 1 + random.int(6)
    const ordered = seed % 2 === 0
    const life = await live(maxEntries, undefined, ordered)
    const store = () => life.state.store<OrderedKeyValueStore<string, number>>('lru')
    // Eldest first.
    let open = new Map<string, number>()
    let committed = new Map<string, number>()
    /** Keys put since the last commit, in the order of their last put. */
    let put = new Set<string>()
    const log: string[] = []
    const use = (key: string, value: number) => {
      open.delete(key)
      open.set(key, value)
    }
    for (let step = 0; step < 500; step++) {
      if (ordered && step % 7 === 0) {
        const walked = [...store().all()].map(({ key }) => key).join()
        if (walked !== [...open.keys()].sort().join()) t.fail(`step ${step}: walked ${walked}`)
      }
      const key = `k${random.int(10)}`
      const what = random.int(40)
      if (what < 14) {
        if (!open.has(key) && open.size === maxEntries) {
          open.delete(open.keys().next().value!)
        }
        put.delete(key)
        put.add(key)
        use(key, step)
        store().put(key, step, step)
      } else if (what < 17) {
        open.delete(key)
        store().put(key, null, step)
      } else if (what < 33) {
        const expected = open.get(key)
        if (expected !== undefined) use(key, expected)
        if (store().get(key)?.value !== expected) t.fail(`step ${step}: ${key} should be ${expected}`)
      } else if (what < 37) {
        commit(life)
        log.push(...put)
        put = new Set()
        committed = new Map(open)
        if (random.int(2) === 0) await life.state.maybeFlush(true)
      } else {
        if (what === 39) {
          await life.crash()
          const keys = [...committed.keys()].sort((a, b) => log.lastIndexOf(a) - log.lastIndexOf(b))
          committed = new Map(keys.map((key) => [key, committed.get(key)!]))
        } else {
          if (random.int(2) === 0) life.send()
          life.abort()
        }
        put = new Set()
        open = new Map(committed)
        if ((await rows(life)).join() !== [...committed.keys()].sort().join()) t.fail(`step ${step}: going back`)
      }
    }
    if (ordered)
      t.same(
        [...store().all()].map(({ key }) => key),
        [...open.keys()].sort(),
      )
    t.ok(open.size <= maxEntries && log.length > 20)
    t.same(await rows(life), [...committed.keys()].sort())
    await life.state.close({ flush: false })
  })
}

t.test('an aggregation in such a store begins anew for a key it had to forget, and says nothing of it', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts', maxEntries: 2 } })
    .toStream()
    .to('out', { key: string, value: int64 })
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', string, string)
  for (const [n, key] of ['a', 'b', 'a', 'c', 'b', 'a', 'c'].entries()) input.pipe(key, 'x', n)
  const out = driver.createOutputTopic('out', string, int64).readAll()
  t.same(
    out.map(({ key, value }) => `${key}=${value}`),
    ['a=1', 'b=1', 'a=2', 'c=1', 'b=1', 'a=1', 'c=1'],
  )
  const windowed = () =>
    new StreamsBuilder()
      .stream('in', { key: string, value: string })
      .groupByKey()
      .windowedBy(tumbling({ sizeMs: 10 }))
      .count({ store: { maxEntries: 2 } })
  t.throws(windowed, { code: 'CONFIG_INVALID', message: /of kind window: omit maxEntries/ })
})

t.test('a global table may be one: what it forgets is not joined', async (t) => {
  const text = { key: string, value: string }
  const builder = new StreamsBuilder()
  const names = builder.globalTable('names', { ...text, store: { name: 'names', maxEntries: 2 } })
  builder
    .stream('in', text)
    .leftJoin(names, { keySelector: (key) => key, joiner: (_value, name) => name ?? '-' })
    .to('out', text)
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('names', string, string)
  for (const [n, key] of ['a', 'b'].entries()) input.pipe(key, key.toUpperCase(), n)
  const lines = driver.createInputTopic('in', string, string)
  lines.pipe('a', 'x', 10)
  input.pipe('c', 'C', 11)
  for (const [n, key] of ['a', 'b', 'c'].entries()) lines.pipe(key, 'x', 12 + n)
  t.same(
    driver
      .createOutputTopic('out', string, string)
      .readAll()
      .map(({ value }) => value),
    ['A', 'A', '-', 'C'],
  )
})

t.test('refused where it means nothing', async (t) => {
  const serdes = { key: string, value: int64 }
  const wrong: [object, RegExp][] = [
    [{ kind: 'window', retentionMs: 9, windowSizeMs: 3, maxEntries: 5 }, /is of kind window/],
    [{ kind: 'versioned', retentionMs: 9, maxEntries: 5 }, /is of kind versioned/],
    [{ maxEntries: 0 }, /whole number >= 1/],
    [{ maxEntries: 1.5 }, /whole number >= 1/],
    [{ maxEntries: 5, engine: 'level' }, /omit engine/],
    [{ maxEntries: 5, cached: true }, /omit one of the two/],
    [{ maxEntries: 5, ttlMs: 5 }, /choose one/],
  ]
  for (const [options, message] of wrong) {
    t.throws(() => storeDefinition({ name: 's', ...serdes, ...options }), { code: 'CONFIG_INVALID', message })
  }
  t.equal(definition(5).engine, 'memory')
})
