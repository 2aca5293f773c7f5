/** Queries over the committed state: every kind of store, where it is, how far it is, and bounds. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { Streams, StreamsBuilder, session, string, tumbling } from '../../lib/index.js'
import type { KeyRange, StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { embedded } from './embedded.js'
import { started, until } from './group-rig.js'

const text = { key: string, value: string }

function topology() {
  const builder = new StreamsBuilder()
  builder.table('rows', { ...text, store: { name: 'rows-store' } })
  builder.table('history', { ...text, store: { name: 'versions', versioned: { historyRetentionMs: 1000 } } })
  const grouped = builder.stream('in', text).groupByKey()
  grouped.windowedBy(tumbling({ sizeMs: 10, graceMs: 0 })).count({ store: { name: 'windows', retentionMs: 1000 } })
  grouped.windowedBy(session({ gapMs: 5, graceMs: 500 })).count({ store: { name: 'sessions' } })
  builder.globalTable('everywhere', { ...text, store: { name: 'global' } })
  return builder.build()
}

async function listed<T>(entries: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const entry of entries) found.push(entry)
  return found
}

t.test('reads, positions and bounds', async (t) => {
  const world = await embedded(t, { rows: 2, history: 1, in: 2, everywhere: 1 })
  const streams = new Streams(topology(), { applicationId: 'app', broker: world.broker })
  await streams.start()
  t.teardown(() => streams.close())
  const { queries } = streams
  const row = (topic: string, key: string, value: string, timestamp: number, partition = 0) => ({
    topic,
    key,
    value,
    timestamp,
    partition,
  })
  await world.send([
    row('rows', 'a', '1', 1),
    row('rows', 'b', '2', 2),
    row('rows', 'c', '3', 3, 1),
    row('history', 'k', 'old', 100),
    row('history', 'k', 'new', 200),
    ...[1, 2, 11, 30].map((timestamp) => row('in', 'w', '', timestamp)),
  ])
  const store = queries.keyValue<string, string>('rows-store')
  const reached = (topic: string, offset: number) => async () => {
    for (let i = 0; i < 1000 && (streams.committedOffset(topic, 0) ?? 0) < offset; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await reached('rows', 2)()
  await reached('in', 4)()
  await reached('history', 2)()
  for (let i = 0; i < 1000 && (await store.get('c')) === null; i++) await new Promise((done) => setTimeout(done, 5))

  t.same(await store.get('a'), { value: '1', timestamp: 1 })
  t.equal(await store.get('none'), null)
  t.same(
    (await listed(store.all())).map(({ key }) => key),
    ['a', 'b', 'c'],
  )
  t.same(
    (await listed(store.range('b', null))).map(({ key }) => key),
    ['b', 'c'],
  )
  const keys = async (rows: AsyncIterable<{ readonly key: string }>) => (await listed(rows)).map(({ key }) => key)
  t.same(await keys(store.all({ reverse: true })), ['c', 'b', 'a'])
  t.same(await keys(store.range(null, 'b', { reverse: true })), ['b', 'a'])
  t.same(await keys(store.prefixScan(Buffer.from('b'))), ['b'])
  t.same(await keys(store.prefixScan('', string, { reverse: true })), ['c', 'b', 'a'])
  const second = queries.keyValue<string, string>('rows-store', { partitions: [1] })
  t.same(
    (await listed(second.all())).map(({ key }) => key),
    ['c'],
  )

  const versions = queries.versions<string, string>('versions')
  t.match(await versions.get('k'), { value: 'new', timestamp: 200 })
  t.match(await versions.getAsOf('k', 150), { value: 'old', timestamp: 100, validToMs: 200 })
  t.equal(await versions.getAsOf('k', 99), null)
  const [old, newest] = await versions.history('k')
  t.match(old, { value: 'old', timestamp: 100, validToMs: 200 })
  t.match(newest, { value: 'new', timestamp: 200, validToMs: null })
  t.same(await versions.history('k', { reverse: true }), [newest, old])
  t.same(await versions.history('k', { toMs: 199 }), [old])
  t.same(await versions.history('k', { fromMs: 200 }), [newest])
  t.same(await versions.history('none'), [])

  const windows = queries.windows<string, number>('windows')
  t.same(
    (await windows.fetch('w', 0, 20)).map(({ startMs, value }) => [startMs, value]),
    [
      [0, 2],
      [10, 1],
    ],
  )
  t.match(await windows.get('w', 30), { value: 1 })
  t.same((await listed(windows.fetchAll(0, 100))).length, 3)
  const sessions = queries.sessions<string, number>('sessions')
  t.same(await sessions.fetch('w'), [
    { startMs: 1, endMs: 2, value: 2 },
    { startMs: 11, endMs: 11, value: 1 },
    { startMs: 30, endMs: 30, value: 1 },
  ])

  t.same(
    (await windows.fetch('w', 0, 20, { reverse: true })).map(({ startMs }) => startMs),
    [10, 0],
  )
  t.same(
    (await listed(windows.fetchAll(0, 20, { reverse: true, keyFrom: 'w' }))).map(({ startMs }) => startMs),
    [10, 0],
  )
  t.same(await listed(windows.fetchAll(0, 20, { keyTo: 'v' })), [])
  t.equal(await sessions.get('w', 1, 2), 2)
  t.equal(await sessions.get('w', 1, 3), null)
  t.same(
    (await sessions.find('w', 3, 11, { reverse: true })).map(({ endMs }) => endMs),
    [11],
  )
  t.same(
    (await listed(sessions.fetchAll(0, 11, { reverse: true }))).map(({ endMs }) => endMs),
    [11, 2],
  )

  const metadata = queries.metadata('rows-store')
  t.match(metadata, { store: 'rows-store', global: false })
  t.same(
    metadata.tasks.map(({ partition }) => partition),
    [0, 1],
  )
  const { position } = metadata.tasks[0]!
  t.equal(position['rows-0'], streams.committedOffset('rows', 0))
  t.match(queries.metadata('global'), { global: true, tasks: [] })

  const bounded = (bound: Record<string, number>, partitions?: number[]) =>
    queries.keyValue<string, string>('rows-store', { bound, ...(partitions && { partitions }) })
  t.match(await bounded(position).get('a'), { value: '1' })
  t.match(await bounded({ 'in-0': 999 }).get('a'), { value: '1' }, 'a topic that does not feed the store')
  const ahead = position['rows-0']! + 1
  t.match(await bounded({ 'rows-0': ahead }, [1]).get('c'), { value: '3' }, 'a partition not asked for')
  await t.rejects(bounded({ 'rows-0': ahead }).get('a'), { code: 'QUERY_POSITION_BEHIND', message: /rows-0 offset/ })
  await t.rejects(listed(bounded({ 'rows-7': 1 }).all()), { code: 'QUERY_POSITION_BEHIND', message: /not run here/ })
  const later = bounded({ 'rows-0': ahead })
  await world.send([row('rows', 'a', '4', 4)])
  await reached('rows', ahead)()
  t.match(await later.get('a'), { value: '4' }, 'the same reader, once the store is there')

  await t.rejects(queries.keyValue('unknown').get('x'), { code: 'QUERY_STORE_UNKNOWN' })
  t.throws(() => queries.metadata('unknown'), { code: 'QUERY_STORE_UNKNOWN' })
  await t.rejects(queries.keyValue('windows').get('x'), { code: 'QUERY_STORE_KIND' })
  await t.rejects(queries.versions('rows-store').getAsOf('x', 1), { code: 'QUERY_STORE_KIND' })
  await t.rejects(queries.versions('rows-store').history('x'), { code: 'QUERY_STORE_KIND' })
})

for (const [code, what] of [
  ['STATE_DAMAGED', 'that finds its state damaged'],
  ['STATE_CLOSED', 'whose task goes elsewhere meanwhile'],
] as const) {
  t.test(`a read ${what} can be repeated: that is no error of the reader`, async (t) => {
    const world = await embedded(t, { rows: 1, history: 1, in: 1, everywhere: 1 })
    const memory = new MemoryEngines()
    let hurts = 0
    const meet = (taskId: string) => {
      if (hurts <= 0) return
      hurts--
      const error = new MillraceError(code, 'the state cannot be read', { taskId })
      if (code === 'STATE_DAMAGED') engines.onDamaged?.(error)
      throw error
    }
    const engines: StateEngines = {
      async open(id) {
        const engine = await memory.open(id)
        const { entries, getMany, getSync } = engine
        return Object.assign(engine, {
          getSync(key: Buffer) {
            meet(id)
            return getSync.call(engine, key)
          },
          getMany(keys: readonly Buffer[]) {
            meet(id)
            return getMany.call(engine, keys)
          },
          entries(range: KeyRange) {
            meet(id)
            return entries.call(engine, range)
          },
        })
      },
      list: () => memory.list(),
      setAside: (id, reason) => memory.setAside(id, reason),
    }
    const streams = await started(t, topology(), { applicationId: 'app', broker: world.broker, engines })
    await world.send([
      { topic: 'rows', key: 'a', value: '1', timestamp: 1 },
      { topic: 'history', key: 'k', value: 'v', timestamp: 1 },
      { topic: 'in', key: 'w', value: '', timestamp: 1 },
    ])
    const { queries } = streams
    const rows = queries.keyValue<string, string>('rows-store')
    const versions = queries.versions<string, string>('versions')
    const windows = queries.windows<string, number>('windows')
    const sessions = queries.sessions<string, number>('sessions')
    const reads: Readonly<Record<string, () => Promise<unknown>>> = {
      all: () => listed(rows.all()),
      range: () => listed(rows.range('a', 'b')),
      prefixScan: () => listed(rows.prefixScan('a', string)),
      get: () => rows.get('never read before'),
      history: () => versions.history('never read before'),
      'windows fetchAll': () => listed(windows.fetchAll(0, 1_000)),
      'windows fetch': () => windows.fetch('never read before', 0, 1_000),
      'sessions fetchAll': () => listed(sessions.fetchAll(0, 1_000)),
      'sessions fetch': () => sessions.fetch('never read before'),
    }
    await until(async () => (await listed(sessions.fetchAll(0, 1_000))).length === 1)
    const ready = (read: () => Promise<unknown>) =>
      read().then(
        () => true,
        (error) => {
          t.match(error, { code: 'QUERY_STORE_NOT_READY', retriable: true })
          return false
        },
      )
    for (const [name, read] of Object.entries(reads)) {
      hurts = 1
      await t.rejects(read(), { code: 'QUERY_STORE_NOT_READY', retriable: true, cause: { code } }, name)
      t.ok(await until(() => ready(read)), `${name}, repeated`)
      await until(() => streams.state === 'running' && streams.health().tasks.running === 3)
    }
  })
}
