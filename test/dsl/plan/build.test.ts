/** Building decides from what was said: nothing that only asks, or fails, changes what comes out, and no build changes the next. */
import t from 'tap'
import type { KTable } from '../../../lib/dsl/table.js'
import {
  describe,
  int64,
  joinWindow,
  StreamsBuilder,
  session,
  sliding,
  string,
  tumbling,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
} from '../../../lib/index.js'

const serdes = { key: string, value: string }

/** Everything that asks something of tables: stores, old values, final windows. */
function topology(ask: (table: { readonly store: string | null }) => void) {
  const builder = new StreamsBuilder()
  const users = builder.table('users', serdes)
  ask(users)
  const few = users.filter(() => true)
  ask(few)
  const orders = builder.table('orders', serdes)
  const both = few.leftJoin(orders, { joiner: (user, order) => `${user}${order}` })
  ask(orders)
  ask(both)
  both.toStream().to('both')
  const late = orders.filterNot(() => false)
  ask(late)
  late
    .groupBy((_key, value) => [value, value])
    .count()
    .toStream()
    .to('late', { value: int64 })
  const clicks = builder.stream('clicks', serdes).groupByKey()
  const sessions = clicks.windowedBy(session({ gapMs: 5, graceMs: 1 })).count()
  ask(sessions)
  const held: KTable<Windowed<string>, number> = sessions.suppress(untilWindowCloses())
  ask(held)
  clicks.windowedBy(session({ gapMs: 9 })).count()
  return builder
}

function texts(builder: StreamsBuilder): unknown[] {
  return (['none', 'all'] as const).map((optimize) => {
    const { nodes, stores } = builder.build({ optimize })
    return [describe(builder.build({ optimize })), JSON.stringify(nodes), JSON.stringify(stores)]
  })
}

t.test('to ask a table for its store changes nothing', async (t) => {
  const silent = texts(topology(() => {}))
  const asked = texts(
    topology((table) => {
      for (let i = 0; i < 2; i++) if (table.store === undefined) t.fail('a name or null')
    }),
  )
  t.same(asked, silent)
})

t.test('the store of a table is told as it is so far', async (t) => {
  const builder = new StreamsBuilder()
  const users = builder.table('users', serdes)
  t.equal(users.store, null)
  const few = users.filter(() => true)
  builder.stream('clicks', serdes).join(few, { joiner: (click) => click })
  t.match(users.store, /^users-STATE-STORE-/)
  t.equal(few.store, null, 'computed from the table above')
})

t.test('a build changes no later build', async (t) => {
  const builder = topology(() => {})
  const first = texts(builder)
  t.same(texts(builder), first)
})

t.test('a suppression that fails leaves the windows as they were', async (t) => {
  const finals = (builder: StreamsBuilder) =>
    builder.build().nodes.flatMap((node) => (node.kind === 'sessionAggregate' ? node.final : []))
  for (const [name, final, suppress] of [
    ['none', false, () => {}],
    ['one that is made', true, (table) => table.suppress(untilWindowCloses())],
    ['by time: results are not final', false, (table) => table.suppress(untilTimeLimit(5))],
    [
      'one that fails',
      false,
      (table) => t.throws(() => table.suppress(untilWindowCloses(), { logged: 'no' as never })),
    ],
    ['one of wrong shape', false, (table) => t.throws(() => table.suppress({} as never))],
  ] as readonly [string, boolean, (table: KTable<Windowed<string>, number>) => unknown][]) {
    const builder = new StreamsBuilder()
    suppress(
      builder
        .stream('clicks', serdes)
        .groupByKey()
        .windowedBy(session({ gapMs: 5 }))
        .count(),
    )
    t.same(finals(builder), [final], name)
  }
})

t.test('a join that fails asks nothing of its tables', async (t) => {
  const builder = new StreamsBuilder()
  const users = builder.table('users', serdes)
  const orders = builder.table('orders', serdes)
  t.throws(() => users.outerJoin(orders, { joiner: 'none' as never }), { code: 'TOPOLOGY_FUNCTION_MISSING' })
  const wrong = { joiner: () => '', store: { value: string, cached: 'no' as never } }
  t.throws(() => users.outerJoin(orders, wrong), { code: 'CONFIG_INVALID' })
  t.equal(users.store, null)
  t.same(builder.build().stores, [])
})

t.test('suppress waits as long as the windows above take records', async (t) => {
  const waits = (builder: StreamsBuilder) =>
    builder.build().nodes.flatMap((node) => (node.kind === 'suppress' ? node.waitMs : []))
  const clicks = (builder: StreamsBuilder) => builder.stream('clicks', serdes).groupByKey()
  for (const [name, waitMs, count] of [
    [
      'tumbling',
      3,
      (b) =>
        clicks(b)
          .windowedBy(tumbling({ sizeMs: 10, graceMs: 3 }))
          .count(),
    ],
    [
      'sliding',
      4,
      (b) =>
        clicks(b)
          .windowedBy(sliding({ timeDifferenceMs: 10, graceMs: 3 }))
          .count(),
    ],
    [
      'session',
      9,
      (b) =>
        clicks(b)
          .windowedBy(session({ gapMs: 5, graceMs: 3 }))
          .count(),
    ],
  ] as readonly [string, number, (builder: StreamsBuilder) => KTable<Windowed<string>, number>][]) {
    const builder = new StreamsBuilder()
    count(builder).suppress(untilWindowCloses())
    t.same(waits(builder), [waitMs], name)
  }
})

t.test('a stream joined with itself', async (t) => {
  const builder = new StreamsBuilder()
  const clicks = builder.stream('clicks', serdes)
  const window = joinWindow({ beforeMs: 5, afterMs: 5 })
  clicks.join(clicks, { window, joiner: (one, two) => one + two }).to('pairs')
  const plain = texts(builder)[0]
  builder.build({ optimize: 'all' })
  t.same(texts(builder)[0], plain, 'an optimised build leaves the graph as it was')
})
