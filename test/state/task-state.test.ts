/** TaskState by example: layers, record cache, faults between writes, hostile keys, layout version. */
import t from 'tap'
import { json as jsonOf } from '../../lib/serde/json.js'
import { bytes, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { CommittedKeyValue, CommittedWindows } from '../../lib/state/committed/view.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import type { TaskStateOptions } from '../../lib/state/state-options.js'
import { METADATA_KEY } from '../../lib/state/task-metadata.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { Life } from './life.js'
import { store, targets } from './targets.js'

const json: Serde<unknown> = {
  name: 'json',
  serialize: (value) => Buffer.from(JSON.stringify(value)),
  deserialize: (payload) => JSON.parse(payload.toString()),
}

function opened(
  stores: TaskStateOptions['stores'],
  more: Partial<TaskStateOptions> = {},
  engines = new MemoryEngines(),
) {
  const engine = engines.openSync('0_0')
  return TaskState.openSync({ taskId: '0_0', stores, clock: new ManualClock(), ...more, engine })
}

function commit(state: TaskState): string[] {
  const sent: string[] = []
  state.flushListeners()
  state.beginCommit(({ name }, key, value, timestamp) => {
    sent.push(`${name} ${key.toString('hex')}=${value === null ? 'null' : value.toString('hex')}@${timestamp}`)
  })
  state.commitSucceeded(new Map())
  return sent
}

t.test('changelog records have Kafka Streams keys and values without timestamp', async (t) => {
  const state = opened([
    store({ name: 'table' }),
    store({ name: 'windows', kind: 'window', retentionMs: 1000, windowSizeMs: 10 }),
    store({ name: 'sessions', kind: 'session', retentionMs: 1000 }),
    store({ name: 'unlogged', logged: false }),
    store({ name: 'source', changelogTopic: 'input' }),
  ])
  state.store<KeyValueStore<string, number>>('table').put('a', 1, 7)
  state.store<KeyValueStore<string, number>>('table').put('b', null, 8)
  state.store<KeyValueStore<string, number>>('unlogged').put('a', 1, 7)
  state.store<KeyValueStore<string, number>>('source').put('a', 1, 7)
  state.store<{ put(...args: unknown[]): void }>('windows').put('a', 256, 2, 300)
  state.store<{ put(...args: unknown[]): void }>('sessions').put('a', 1, 2, 3)
  t.same(commit(state), [
    'table 61=0000000000000001@7',
    'table 62=null@8',
    'windows 61000000000000010000000000=0000000000000002@300',
    'sessions 6100000000000000020000000000000001=0000000000000003@2',
  ])
})

t.test('a caller who changes its object later does not reach the store', async (t) => {
  const state = opened([
    store({ name: 'objects', valueSerde: json }),
    store({ name: 'raw', valueSerde: bytes as Serde<unknown> }),
  ])
  const object = { list: [1] }
  const raw = Buffer.from('abc')
  const objects = state.store<KeyValueStore<string, typeof object>>('objects')
  const raws = state.store<KeyValueStore<string, Buffer>>('raw')
  objects.put('a', object, 1)
  raws.put('a', raw, 1)
  object.list.push(2)
  raw.fill(0)
  t.same(objects.get('a')?.value, { list: [1] })
  t.equal(raws.get('a')?.value.toString(), 'abc')
  objects.get('a')?.value.list.push(3)
  raws.get('a')?.value.fill(0)
  t.same(objects.get('a')?.value, { list: [1] })
  t.equal(raws.get('a')?.value.toString(), 'abc')
})

t.test('putIfAbsent and delete say what stood, before and after a commit', async (t) => {
  const state = opened([store({ name: 'table' })])
  const table = state.store<KeyValueStore<string, number>>('table')
  const logged: string[] = []
  const commitLogged = () => {
    state.beginCommit((_store, key, value, timestampMs) => {
      logged.push(`${key} ${value === null ? null : value.length} ${timestampMs}`)
    })
    state.commitSucceeded(new Map())
  }
  t.equal(table.delete('a'), null)
  t.equal(table.putIfAbsent('a', 1, 5), null)
  t.same(table.putIfAbsent('a', 2, 6), { value: 1, timestamp: 5 })
  commitLogged()
  t.match(logged.splice(0), [/^a \d+ 5$/])
  t.same(table.putIfAbsent('a', 2, 6), { value: 1, timestamp: 5 })
  t.same(table.delete('a'), { value: 1, timestamp: 5 })
  t.equal(table.delete('a'), null)
  t.equal(table.get('a'), null)
  commitLogged()
  t.same(logged.splice(0), ['a null 5'])
  t.equal(table.putIfAbsent('a', 0, 7), null)
  t.same(table.putIfAbsent('a', 2, 8), { value: 0, timestamp: 7 }, 'zero is a value')
  commitLogged()
  commitLogged()
  t.equal(logged.length, 1, 'nothing is logged where nothing changed')
})

t.test('the record cache tells each changed key once, in order of last change, with what it told before', async (t) => {
  const state = opened([store({ name: 'table', cached: true })])
  const table = state.store<KeyValueStore<string, number>>('table')
  const told: string[] = []
  table.onFlush((key, newValue, oldValue, timestamp) => told.push(`${key} ${oldValue}>${newValue}@${timestamp}`))
  const rounds: [string, (() => void)[], string[]][] = [
    [
      'first',
      [() => table.put('a', 1, 1), () => table.put('b', 2, 2), () => table.put('a', 3, 3)],
      ['b null>2@2', 'a null>3@3'],
    ],
    ['nothing new', [], []],
    ['came and went', [() => table.put('c', 1, 4), () => table.put('c', null, 5)], []],
    ['deleted', [() => table.put('a', 4, 6), () => table.put('a', null, 7)], ['a 3>null@7']],
    ['back', [() => table.put('a', 5, 8)], ['a null>5@8']],
  ]
  for (const [name, writes, expected] of rounds) {
    for (const write of writes) write()
    state.flushListeners()
    t.same(told.splice(0), expected, name)
    if (name === 'deleted') commit(state)
  }
  table.put('a', 9, 9)
  state.commitAborted()
  state.flushListeners()
  t.same(told, [], 'nobody hears of what was aborted')
})

t.test('the record cache keeps the headers of the last change', async (t) => {
  const state = opened([store({ name: 'table', cached: true })], { cacheBytes: 1_000 })
  const table = state.store<KeyValueStore<string, number>>('table')
  const told: string[] = []
  table.onFlush((key, newValue, _old, _timestamp, headers) => {
    told.push([key, newValue, ...headers.map(({ key, value }) => `${key}=${value}`)].join(' '))
  })
  const header = (key: string, value: Buffer | null = null) => [{ key, value }]
  const bytes = Buffer.from('1')
  table.put('a', 1, 1, header('x'))
  table.put('b', 1, 1, header('y'))
  table.put('b', 2, 2)
  table.put('a', 2, 2, header('trace', bytes))
  bytes.fill('0')
  state.flushListeners()
  t.same(told.splice(0), ['b 2', 'a 2 trace=1'], 'and a copy of them')
  table.put('a', 3, 3)
  state.flushListeners()
  t.same(told.splice(0), ['a 3'], 'told once')
  table.put('a', null, 4, header('why'))
  state.flushListeners()
  t.same(told.splice(0), ['a  why=null'], 'a deletion has them too')
  table.put('a', 5, 5, header('x'))
  state.commitAborted()
  table.put('a', 6, 6)
  state.flushListeners()
  t.same(told.splice(0), ['a 6'], 'an abort takes them away')
  table.put('c', 7, 7, header('z', Buffer.alloc(1_000, 'z')))
  t.match(told, [/^c 7 z=z{1000}$/], 'they count towards what the cache holds')
})

t.test('a full record cache forwards early, with exact old values', async (t) => {
  const state = opened([store({ name: 'table', cached: true })], { cacheBytes: 1_000 })
  const table = state.store<KeyValueStore<string, number>>('table')
  const told = new Map<string, number | null>()
  let early = 0
  table.onFlush((key, newValue, oldValue) => {
    early++
    t.equal(oldValue, told.get(key) ?? null)
    told.set(key, newValue)
  })
  for (let n = 0; n < 500; n++) table.put(`key-${n % 70}`, n, n)
  t.ok(early > 100)
  state.flushListeners()
  for (let n = 430; n < 500; n++) t.equal(told.get(`key-${n % 70}`), n)
})

t.test('one commit in flight at a time', async (t) => {
  const state = opened([store({ name: 'table' })])
  state.store<KeyValueStore<string, number>>('table').put('a', 1, 1)
  state.beginCommit(() => {})
  t.throws(() => state.beginCommit(() => {}), { code: 'STATE_COMMIT_IN_FLIGHT' })
})

t.test('queries see neither open nor in-flight versions', async (t) => {
  const state = opened([store({ name: 'table' })])
  const table = state.store<KeyValueStore<string, number>>('table')
  const view = state.committed('table') as CommittedKeyValue<string, number>
  table.put('a', 1, 1)
  commit(state)
  table.put('a', 2, 2)
  state.beginCommit(() => {})
  table.put('a', 3, 3)
  t.equal((await view.get('a'))?.value, 1)
  t.equal(table.get('a')?.value, 3)
  state.commitSucceeded(new Map())
  t.equal((await view.get('a'))?.value, 2)
})

for (const target of targets) {
  t.test(`hostile keys never meet metadata: ${target.name}`, { skip: target.skip }, async (t) => {
    const { engines, done } = await target.fresh()
    t.teardown(done)
    const engine = await engines.open('0_0')
    const stores = [
      store({ name: 'raw', keySerde: bytes as Serde<unknown> }),
      store({
        name: 'windows',
        kind: 'window',
        retentionMs: 10_000,
        windowSizeMs: 10,
        keySerde: bytes as Serde<unknown>,
      }),
    ]
    const keys = [METADATA_KEY, Buffer.alloc(0), Buffer.from([0]), Buffer.from([0, 1, 0x64]), Buffer.from([0, 2, 0x69])]
    keys.push(Buffer.from([0xff]), Buffer.alloc(9, 0xff), Buffer.from([0, 0, 0x6d, 0]))
    const sorted = [...keys].sort(Buffer.compare)
    const state = await TaskState.open({ taskId: '0_0', stores, engine, clock: new ManualClock() })
    keys.forEach((key, n) => {
      state.store<KeyValueStore<Buffer, number>>('raw').put(key, n, n)
      state.store<{ put(...args: unknown[]): void }>('windows').put(key, 5, n, n)
    })
    const view = state.committed('raw') as CommittedKeyValue<Buffer, number>
    const windows = state.committed('windows') as CommittedWindows<Buffer, number>
    const seen = async (entries: AsyncIterable<{ key: Buffer }>) => {
      const found: string[] = []
      for await (const { key } of entries) found.push(key.toString('hex'))
      return found
    }
    const hex = (list: readonly Buffer[]) => list.map((key) => key.toString('hex'))
    commit(state)
    for (const phase of ['in memory', 'on disk']) {
      t.same(await seen(view.all()), hex(sorted), `all, ${phase}`)
      t.same(await seen(view.all({ reverse: true })), hex([...sorted].reverse()), `reverse, ${phase}`)
      const zero = Buffer.from([0])
      t.same(await seen(view.prefixScan(zero)), hex(sorted.filter((key) => key[0] === 0)), `prefix, ${phase}`)
      t.same(
        await seen(view.prefixScan(Buffer.from([0xff]))),
        hex(sorted.filter((key) => key[0] === 0xff)),
        `last prefix`,
      )
      t.same(await seen(view.range(sorted[1]!, sorted[3]!)), hex(sorted.slice(1, 4)), `range, ${phase}`)
      t.same(await seen(windows.fetchAll(0, 100)), hex(sorted), `windows, ${phase}`)
      await state.maybeFlush(true)
    }
    await state.close({ flush: true })
  })

  t.test(
    `a crash at any write leaves what some commit left, and converges: ${target.name}`,
    { skip: target.skip },
    async (t) => {
      for (let write = 1; write <= 6; write++) {
        for (const applied of [false, true]) {
          const { engines, done } = await target.fresh()
          t.teardown(done)
          const life = new Life(engines, [store({ name: 'one' }), store({ name: 'two' })])
          await life.start()
          life.engine.failAt = { write, applied }
          let failures = 0
          for (let round = 1; round <= 6; round++) {
            life.table('one').put('sum', (life.table('one').get('sum')?.value ?? 0) + round, round)
            life.table('two').put(`key-${round}`, round, round)
            life.send()
            life.succeed()
            const before = life.engine.writes
            await life.state.maybeFlush(true).catch(() => failures++)
            t.equal(life.engine.writes, before + 1, 'one batch per flush')
            if (failures === 1 && write % 2 === 0) break
          }
          t.equal(failures, 1)
          const rounds = write % 2 === 0 ? write : 6
          for (let crash = 0; crash < 3; crash++) {
            await life.crash()
            t.equal(life.table('one').get('sum')?.value, (rounds * (rounds + 1)) / 2)
            for (let n = 1; n <= rounds; n++) t.equal(life.table('two').get(`key-${n}`)?.value, n)
            if (rounds === 6 && write < 6)
              t.equal(life.rolledForward, 0, 'a failed batch is written again with the next')
            await life.state.maybeFlush(true)
          }
          t.equal(life.rolledForward, 0, 'nothing is restored twice')
          await life.state.close({ flush: false })
        }
      }
    },
  )
}

t.test('another layout is refused with a code, a store keeps its number, a changed kind is refused', async (t) => {
  const engines = new MemoryEngines()
  const first = opened([store({ name: 'a' }), store({ name: 'b' })], {}, engines)
  first.store<KeyValueStore<string, number>>('b').put('k', 2, 1)
  commit(first)
  await first.close({ flush: true })
  const second = opened([store({ name: 'c' }), store({ name: 'b' })], {}, engines)
  t.equal(second.store<KeyValueStore<string, number>>('b').get('k')?.value, 2)
  t.equal(second.store<KeyValueStore<string, number>>('c').get('k'), null)
  await second.close({ flush: true })
  t.throws(() => opened([store({ name: 'b', kind: 'session', retentionMs: 1 })], {}, engines), {
    code: 'STATE_LAYOUT_UNSUPPORTED',
  })
  const rows: [string, string][] = [
    ['{"version":99,"stores":{}}', 'STATE_LAYOUT_UNSUPPORTED'],
    ['not json', 'STATE_DAMAGED'],
  ]
  for (const [text, code] of rows) {
    const damaged = new MemoryEngines()
    damaged.openSync('0_0').writeSync([{ type: 'put', key: METADATA_KEY, value: Buffer.from(text) }])
    const engine = (await damaged.open('0_1')) as ReturnType<MemoryEngines['openSync']>
    engine.writeSync([{ type: 'put', key: METADATA_KEY, value: Buffer.from(text) }])
    t.throws(() => TaskState.openSync({ taskId: '0_1', stores: [], clock: new ManualClock(), engine }), { code })
  }
})

t.test('retention takes entries off the disk, and the directory with them', async (t) => {
  for (const target of targets.filter(({ skip }) => skip === false)) {
    const { engines, done } = await target.fresh()
    t.teardown(done)
    const engine = await engines.open('0_0')
    const stores = [
      store({ name: 'windows', kind: 'window', retentionMs: 120_000, windowSizeMs: 1_000 }),
      store({ name: 'sessions', kind: 'session', retentionMs: 120_000 }),
    ]
    const state = await TaskState.open({ taskId: '0_0', stores, engine, clock: new ManualClock() })
    let most = 0
    for (let minute = 0; minute < 60; minute++) {
      for (const name of ['windows', 'sessions']) {
        const at = minute * 60_000
        if (name === 'windows') state.store<{ put(...args: unknown[]): void }>(name).put(`k${minute}`, at, 1, at)
        else state.store<{ put(...args: unknown[]): void }>(name).put(`k${minute}`, at, at, 1)
      }
      commit(state)
      await state.maybeFlush(true)
      let entries = 0
      for await (const _ of engine.entries({})) entries++
      most = Math.max(most, entries)
    }
    t.ok(most <= 2 * (4 + 4) + 1, `${target.name}: at most ${most} entries`)
    await state.close({ flush: true })
  }
})

t.test('stores of unknown name, writes to read-only stores', async (t) => {
  const state = opened([store({ name: 'table', keySerde: string as Serde<unknown> })])
  t.throws(() => state.store('nowhere'), { code: 'STATE_STORE_UNKNOWN', taskId: '0_0' })
  state.restore('table', Buffer.from('a'), Buffer.from([0, 0, 0, 0, 0, 0, 0, 5]), 9)
  const global = state.readOnlyStore<KeyValueStore<string, number>>('table')
  t.same(global.get('a'), { value: 5, timestamp: 9 })
  t.equal(global.name, 'table')
  t.throws(() => global.put('a', 1, 1), { code: 'STATE_READ_ONLY' })
  t.throws(() => global.putIfAbsent('a', 1, 1), { code: 'STATE_READ_ONLY' })
  t.throws(() => global.delete('a'), { code: 'STATE_READ_ONLY' })
})

t.test('a store answers what a restart would read, however much of a value its serde keeps', async (t) => {
  const cents: Serde<unknown> = {
    name: 'cents',
    serialize: (value) => Buffer.from((value as number).toFixed(2)),
    deserialize: (payload) => Number(payload),
  }
  const rows: readonly (readonly [serde: Serde<unknown>, put: unknown, read: unknown])[] = [
    [cents, 1.239, 1.24],
    [string as Serde<unknown>, 'x\ud800', 'x\ufffd'],
    [string as Serde<unknown>, 'xé', 'xé'],
    [jsonOf(undefined, { longs: 'bigint' }), 5n, 5],
    [jsonOf(undefined, { longs: 'bigint' }), 2n ** 60n, 2n ** 60n],
    [jsonOf((value) => (value as number) + 1), 1, 2],
    [jsonOf(), 0.5, 0.5],
  ]
  for (const [valueSerde, put, read] of rows) {
    const state = opened([store({ name: 'table', valueSerde: valueSerde as never })])
    const table = state.store<KeyValueStore<string, unknown>>('table')
    table.put('a', put, 7)
    t.strictSame(table.get('a')?.value, read, `${valueSerde.name} before the commit`)
    commit(state)
    t.strictSame(table.get('a')?.value, read, `${valueSerde.name} behind it`)
  }
})
