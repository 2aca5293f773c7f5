/** Keys and values on their way through windows, tables, processors and stores. Compiled by `types.test.ts`, never run. */

import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { json } from '../../lib/serde/json.js'
import { int32, int64, string } from '../../lib/serde/primitive.js'
import { topic } from '../../lib/serde/topic.js'
import { sessionWindowed, timeWindowed } from '../../lib/serde/windowed.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { session, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import type { Windowed } from '../../lib/windows/window.js'

interface Order {
  readonly customer: string
  readonly cents: number
}

/** Compiles only where both types are the same. */
function same<A, B>(_proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void {}

const order = json<Order>()
const builder = new StreamsBuilder()
const orders = builder.stream('orders', { key: string, value: order }).filterNotNull()
const names = builder.table('names', { key: string, value: string })
const numbered = builder.table('numbered', { key: int32, value: order })

// Windowed keys go through count, suppress, filter and toStream, with their serde.
const windowed = orders
  .groupByKey()
  .windowedBy(tumbling({ sizeMs: 10 }))
  .count()
const final = windowed.suppress(untilWindowCloses()).filter((key, count) => {
  same<typeof key, Windowed<string>>(true)
  same<typeof count, number>(true)
  return key.window.startMs > 0
})
same<typeof final, KTable<Windowed<string>, number>>(true)
const finals = final.toStream()
same<typeof finals, KStream<Windowed<string>, number | null>>(true)
finals.to('finals')
finals.to('finals', { key: timeWindowed(string, 10) })
// @ts-expect-error: a serde for the bare key
finals.to('finals', { key: string })
// @ts-expect-error: a serde for windows of other keys
finals.to('finals', { key: timeWindowed(int32, 10) })
// @ts-expect-error: windowed keys against bare ones
windowed.join(names, { joiner: (count, name) => `${count}${name}` })
// @ts-expect-error: windowed keys against bare ones
finals.join(names, { joiner: (count, name) => `${count}${name}` })
windowed.join(windowed, { joiner: (a, b) => a + b })
const bare = finals.selectKey((key) => key.key)
same<typeof bare, KStream<string, number | null, 'missing', 'known'>>(true)
bare.groupByKey({ key: string }).count()
const inSessions = orders
  .groupByKey()
  .windowedBy(session({ gapMs: 10 }))
  .reduce((_all, value) => value)
same<typeof inSessions, KTable<Windowed<string>, Order>>(true)
inSessions.toStream().to('sessions', { key: sessionWindowed(string) })
inSessions.suppress(untilTimeLimit(5))

// Aggregates: the initialiser, the adder and the store agree on one type.
const total = (_key: string, value: Order, all: number) => all + value.cents
orders.groupByKey().aggregate({ initializer: () => 0, adder: total, store: { value: int64 } })
// @ts-expect-error: it begins as text
orders.groupByKey().aggregate({ initializer: () => '', adder: total, store: { value: int64 } })
const byName = names.toStream().groupByKey()
// @ts-expect-error: the adder takes orders
byName.aggregate({ initializer: () => 0, adder: total, store: { value: int64 } })
// @ts-expect-error: a reducer answers a value of the stream's type
orders.groupByKey().reduce((all, value) => all.cents + value.cents)
const grouped = numbered.groupBy((_id, value) => [value.customer, value.cents], { key: string, value: int32 })
const sums = grouped.aggregate({
  initializer: () => 0,
  adder(key, value, all) {
    same<typeof key, string>(true)
    same<typeof value, number>(true)
    return all + value
  },
  subtractor: (_key, value, all) => all - value,
  store: { value: int64 },
})
same<typeof sums, KTable<string, number, 'known', never>>(true)
// @ts-expect-error: nothing takes a row out again
grouped.aggregate({ initializer: () => 0, adder: (_key, value, all) => all + value, store: { value: int64 } })
// @ts-expect-error: the subtractor answers text
grouped.reduce({ adder: (all, value) => all + value, subtractor: (all, value) => `${all}${value}` })

// Joins by foreign key: the extractor takes the left value and answers the other table's key.
numbered.join(names, {
  foreignKey(value, key) {
    same<typeof value, Order>(true)
    same<typeof key, number>(true)
    return value.customer
  },
  joiner: (value, name) => ({ ...value, customer: name }),
})
numbered.leftJoin(names, { foreignKey: () => null, joiner: (value) => value })
// @ts-expect-error: the other table's keys are text
numbered.join(names, { foreignKey: (value) => value.cents, joiner: (value) => value })
// @ts-expect-error: an order has no such field
numbered.join(names, { foreignKey: (value) => value.buyer, joiner: (value: Order) => value })

// Processors: what they take and hand on is what their stream has.
const sized = orders.processValues<number>(() => ({
  process(record) {
    same<typeof record.key, string>(true)
    same<typeof record.value, Order>(true)
  },
}))
same<typeof sized, KStream<string, number, 'known', 'missing'>>(true)
sized.to('sizes', { value: int32 })
// @ts-expect-error: no serde for the number
sized.to('sizes')
// @ts-expect-error: the processor takes numbers
orders.process<string, string>(() => ({ process(_record: { readonly value: number }) {} }))
const upper = names.transformValues<number>(() => ({
  transform(key, value) {
    same<typeof key, string>(true)
    same<typeof value, string | null>(true)
    return value === null ? null : value.length
  },
}))
// @ts-expect-error: no serde for the number
upper.toStream().to('lengths')
// @ts-expect-error: a transformer of another result
names.transformValues<number>(() => ({ transform: () => 'text' }))

// Stores of processors.
builder.addStateStore({ name: 'rows', key: string, value: order, kind: 'window', retentionMs: 10, windowSizeMs: 5 })
// @ts-expect-error: no such kind of store
builder.addStateStore({ name: 'rows', key: string, value: order, kind: 'list' })
// @ts-expect-error: no value serde
builder.addStateStore({ name: 'rows', key: string })
// @ts-expect-error: no such engine
builder.table('again', { key: string, value: order, store: { engine: 'paper' } })

// Global tables and streams of other streams' kinds.
const places = builder.globalTable('places', { key: int32, value: string })
orders.join(places, {
  keySelector: (_key, value) => value.cents,
  joiner(value, place) {
    same<typeof place, string>(true)
    return value
  },
})
orders.leftJoin(places, {
  keySelector: () => null,
  joiner(_value, place) {
    same<typeof place, string | null>(true)
    return ''
  },
})
// @ts-expect-error: a global table cannot be the left side
places.join(names, { joiner: () => '' })
// @ts-expect-error: a join window is no window to aggregate by
orders.groupByKey().windowedBy(joinWindow({ beforeMs: 1, afterMs: 1 }))
// @ts-expect-error: a window to aggregate by is no join window
orders.join(orders, { window: tumbling({ sizeMs: 5 }), joiner: (a: Order) => a })
// @ts-expect-error: a table where a stream is needed
orders.merge(names)
const sessions = orders.groupByKey().windowedBy(session({ gapMs: 1 }))
sessions.emitStrategy('onWindowClose')
// @ts-expect-error: no emit strategy has this name
sessions.emitStrategy('later')

// Branches keep the type.
const branches = orders
  .split({ name: 'split' })
  .branch((_key, value) => value.cents > 5)
  .defaultBranch()
same<typeof branches, ReadonlyMap<string, KStream<string, Order>>>(true)
// Named ones are known to be there; others may not be.
const named = orders
  .split({ name: 'by-' })
  .branch((_key, value) => value.cents > 5, { name: 'size' })
  .branch((_key, value) => value.cents < 0, { into: (branch) => same<typeof branch, KStream<string, Order>>(true) })
  .defaultBranch({ name: 'rest' })
const [bySize, byRest, byOther] = [named.get('by-size'), named.get('by-rest'), named.get('by-other')]
same<typeof bySize, KStream<string, Order>>(true)
same<typeof byRest, KStream<string, Order>>(true)
same<typeof byOther, KStream<string, Order> | undefined>(true)
const computed = orders
  .split({ name: 'by-' })
  .branch(() => true, { name: ['a', 'b'].join('') })
  .noDefaultBranch()
same<typeof computed, ReadonlyMap<string, KStream<string, Order>>>(true)

// A predicate that tells types apart narrows the stream, and the serde stays.
interface Refund extends Order {
  readonly reason: string
}
const refunds = orders.filter((_key, value): value is Refund => 'reason' in value)
same<typeof refunds, KStream<string, Refund>>(true)
refunds.to('refunds')

// Serdes given to a grouping are those of what it makes.
const cents = orders.mapValues(({ cents }) => cents)
cents.groupByKey({ value: int64 }).reduce((a, b) => a + b)
orders
  .selectKey(({ length }) => length)
  .groupByKey({ key: int64, value: order })
  .reduce((a) => a)
cents
  .selectKey(({ length }) => length)
  .groupByKey({ key: int64, value: int64 })
  .reduce((a, b) => a + b)
// @ts-expect-error: none was given, and a reduce stores values
cents.groupByKey().reduce((a, b) => a + b)

// By hand: the sink's serdes and its topic function agree.
const hand = new TopologyBuilder().addSource({ name: 'in', topics: ['in'], key: string, value: order })
hand.addSink({ name: 'out', parents: ['in'], topic: (_key, value) => value.customer, key: string, value: order })
// @ts-expect-error: an order has no such field
hand.addSink({ name: 'out', parents: ['in'], topic: (_key, value) => value.buyer, key: string, value: order })
// @ts-expect-error: a topic is text
hand.addSink({ name: 'out', parents: ['in'], topic: 5, key: string, value: order })

// A topic brings its serdes, and with them the types.
const words = topic('words', { key: string, value: int64 })
const users = topic('users', { key: string, value: json<{ readonly name: string }>() })
const counted = new StreamsBuilder().stream(words).filterNotNull()
counted.mapValues((count) => count + 1).to(words)
counted.to(words, { name: 'out' })
new StreamsBuilder()
  .stream([words, words])
  .filterNotNull()
  .filter((word, count) => word.length > count)
  .to(words)
new StreamsBuilder()
  .table(users, { store: { name: 'users' } })
  .mapValues((user) => user.name.length)
  .toStream()
  .to(words)
counted.join(new StreamsBuilder().globalTable(users), {
  keySelector: (word) => word,
  joiner: (count, user) => `${user.name} ${count}`,
})
// @ts-expect-error: the values are no numbers
counted.mapValues((count) => `${count}`).to(words)
// @ts-expect-error: the keys are no texts
counted.selectKey((_word, count) => count).to(words)
// @ts-expect-error: the topic has its serdes
counted.to(words, { value: int64 })
// @ts-expect-error: the topic has its serdes
new StreamsBuilder().stream(words, { key: string })
// @ts-expect-error: a serde is missing
topic('words', { key: string })
