/** Stores declared `ordered`, as processors see them: walked in punctuations, behind operators, global, with a bound on them. */
import t from 'tap'
import {
  int64,
  type OrderedKeyValueStore,
  type OrderedSessionStore,
  type OrderedWindowStore,
  type ProcessorContext,
  type StreamRecord,
  StreamsBuilder,
  session,
  string,
  TopologyBuilder,
  tumbling,
} from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock, TopologyTestDriver } from '../../lib/testing/index.js'
import { storeDefinition } from '../../lib/topology/store-definition.js'

const serdes = { key: string, value: int64 }
type Store = OrderedKeyValueStore<string, number>
const keysOf = (rows: Iterable<{ readonly key: string }>) => Array.from(rows, ({ key }) => key)

/** A driver whose one processor hands each record to `visit`. */
function visiting(options: object, visit: (record: StreamRecord<string, number>, store: Store) => void) {
  const topology = new TopologyBuilder()
    .addSource({ name: 'in', topics: ['in'], ...serdes })
    .addProcessor({
      name: 'visit',
      parents: ['in'],
      supplier: () => {
        let store: Store
        return {
          init(context: ProcessorContext) {
            store = context.getStateStore('store')
          },
          process: (record: StreamRecord<string, number>) => visit(record, store),
        }
      },
    })
    .addStateStore({ name: 'store', ...serdes, ...options }, 'visit')
    .build()
  const driver = new TopologyTestDriver(topology)
  return { driver, input: driver.createInputTopic('in', string, int64) }
}

t.test('a punctuation walks the store and deletes as it goes', async (t) => {
  const reports: string[] = []
  const topology = new TopologyBuilder()
    .addSource({ name: 'in', topics: ['in'], ...serdes })
    .addProcessor({
      name: 'visit',
      parents: ['in'],
      supplier: () => {
        let store: Store
        return {
          init(context: ProcessorContext) {
            store = context.getStateStore('store')
            context.schedule(100, 'streamTime', () => {
              reports.push(Array.from(store.all(), ({ key, value }) => `${key}${value}`).join(' '))
              for (const { key, value } of store.reverseAll()) if (value > 1) store.delete(key)
            })
          },
          process: ({ key, timestamp }: StreamRecord<string, number>) =>
            store.put(key, (store.get(key)?.value ?? 0) + 1, timestamp),
        }
      },
    })
    .addStateStore({ name: 'store', ...serdes, ordered: true }, 'visit')
    .build()
  const driver = new TopologyTestDriver(topology)
  const input = driver.createInputTopic('in', string, int64)
  for (const [key, at] of [
    ['b', 1],
    ['a', 2],
    ['b', 3],
    ['c', 150],
    ['d', 250],
  ] as const)
    input.pipe(key, 0, at)
  t.same(reports, ['b1', 'a1 b2 c1', 'a1 c1 d1'])
})

t.test('stores of operators, walked by a processor beside them', async (t) => {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', serdes)
  const grouped = input.groupByKey()
  grouped.count({ store: { name: 'counts', ordered: true } })
  grouped.windowedBy(tumbling({ sizeMs: 10 })).count({ store: { name: 'windows', ordered: true, retentionMs: 1_000 } })
  grouped
    .windowedBy(tumbling({ sizeMs: 10 }))
    .emitStrategy('onWindowClose')
    .count({ store: { name: 'final', ordered: true, retentionMs: 1_000 } })
  grouped.windowedBy(session({ gapMs: 5 })).count({ store: { name: 'sessions', ordered: true, retentionMs: 1_000 } })
  builder.table('rows', { ...serdes, store: { name: 'rows', ordered: true } })
  builder.globalTable('everywhere', { ...serdes, store: { name: 'everywhere', ordered: true } })
  const driver = new TopologyTestDriver(builder.build())
  const topic = driver.createInputTopic('in', string, int64)
  for (const [key, at] of [
    ['b', 1],
    ['a', 2],
    ['b', 12],
    ['b', 13],
  ] as const)
    topic.pipe(key, 0, at)
  const rows = driver.createInputTopic('rows', string, int64)
  const everywhere = driver.createInputTopic('everywhere', string, int64)
  for (const [key, value] of [
    ['x', 1],
    ['w', 2],
    ['x', null],
  ] as const) {
    rows.pipe(key, value, 5)
    everywhere.pipe(key, value, 5)
  }
  t.same(
    Array.from(driver.store<Store>('counts').all(), ({ key, value }) => [key, value]),
    [
      ['a', 1],
      ['b', 3],
    ],
  )
  for (const name of ['windows', 'final']) {
    const windows = driver.store<OrderedWindowStore<string, number>>(name)
    t.same(
      Array.from(windows.fetchAll(0, 100), ({ key, startMs, value }) => [key, startMs, value]),
      [
        ['a', 0, 1],
        ['b', 0, 1],
        ['b', 10, 2],
      ],
      name,
    )
    t.same(
      Array.from(windows.backwardFetchRange('b', null, 0, 9), ({ key, startMs }) => [key, startMs]),
      [['b', 0]],
    )
  }
  const sessions = driver.store<OrderedSessionStore<string, number>>('sessions')
  t.same(
    Array.from(sessions.backwardAll(), ({ key, startMs, endMs }) => [key, startMs, endMs]),
    [
      ['b', 12, 13],
      ['a', 2, 2],
      ['b', 1, 1],
    ],
  )
  for (const name of ['rows', 'everywhere']) t.same(keysOf(driver.store<Store>(name).all()), ['w'], name)
})

t.test('what is over, or was pushed out, is not met', async (t) => {
  const met: string[] = []
  const visit = (record: StreamRecord<string, number>, store: Store) => {
    store.put(record.key, record.value, record.timestamp)
    met.push(keysOf(store.all()).join(''))
  }
  const short = visiting({ ttlMs: 10, ordered: true }, visit)
  for (const [key, at] of [
    ['b', 1],
    ['a', 9],
    ['c', 11],
    ['d', 18],
    ['e', 100],
  ] as const)
    short.input.pipe(key, 0, at)
  t.same(met.splice(0), ['b', 'ab', 'ac', 'acd', 'e'])
  const small = visiting({ maxEntries: 2, ordered: true }, visit)
  for (const key of ['b', 'a', 'c', 'a', 'd']) small.input.pipe(key, 0, 1)
  t.same(met, ['b', 'ab', 'ac', 'ac', 'ad'])
})

t.test('a store that was not declared ordered says so', async (t) => {
  const scans: ((store: Store) => unknown)[] = [
    (store) => store.all(),
    (store) => store.reverseAll(),
    (store) => store.range('a', null),
    (store) => store.reverseRange(null, 'a'),
    (store) => store.prefixScan('a', string),
    (store) => store.approximateEntries(),
  ]
  let refused = 0
  const { input } = visiting({}, (_record, store) => {
    for (const scan of scans) {
      try {
        scan(store)
      } catch (error) {
        t.match(error, { code: 'STATE_NOT_ORDERED', message: /store store / })
        refused++
      }
    }
  })
  input.pipe('a', 1, 1)
  t.equal(refused, scans.length)
})

t.test('refused for what cannot be walked', async (t) => {
  const options = { name: 's', ...serdes, retentionMs: 5, ordered: true }
  t.throws(() => storeDefinition({ ...options, kind: 'versioned' }), { code: 'CONFIG_INVALID', message: /versioned/ })
  const builder = new StreamsBuilder()
  const store = { name: 's', ordered: true, versioned: { historyRetentionMs: 5 } }
  builder
    .table('t', { ...serdes, store })
    .toStream()
    .to('x')
  t.throws(() => builder.build(), { code: 'CONFIG_INVALID', message: /omit ordered/ })
})

t.test('declared ordered later, opened at once: the order is built from what is there', async (t) => {
  const engines = new MemoryEngines()
  const open = (ordered: boolean) =>
    TaskState.openSync({
      taskId: '0_0',
      stores: [storeDefinition({ name: 's', ...serdes, ordered })],
      engine: engines.openSync('0_0'),
      clock: new ManualClock(0),
    })
  const expected: string[] = []
  for (const [round, ordered] of [false, true, false, true].entries()) {
    const state = open(ordered)
    const store = state.store<Store>('s')
    if (ordered) t.same(keysOf(store.all()), expected)
    for (let n = 0; n < 300; n++) store.put(`${(n * 7) % 300}/${round}`, n, n)
    if (round > 0) store.delete(`5/${round - 1}`)
    for (let n = 0; n < 300; n++) expected.push(`${n}/${round}`)
    if (round > 0) expected.splice(expected.indexOf(`5/${round - 1}`), 1)
    expected.sort()
    if (ordered) t.equal(store.approximateEntries(), expected.length)
    state.beginCommit(() => {})
    state.commitSucceeded(new Map())
    await state.close({ flush: true })
  }
})
