/**
 * Where a value may be null: tombstones of a topic, deletes of a table, and what drops them. Compiled by `types.test.ts`,
 * never run.
 */
import {
  int64,
  joinWindow,
  json,
  type KStream,
  type KTable,
  type NotNull,
  StreamsBuilder,
  session,
  sliding,
  string,
  tumbling,
  untilWindowCloses,
  type Windowed,
} from '../../lib/index.js'

interface User {
  readonly name: string
}

function same<A, B>(_proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void {}

const builder = new StreamsBuilder()
const source = builder.stream('users', { key: string, value: json<User>() })
const users = builder.table('users', { key: string, value: json<User>() })
const whole = source.filterNotNull()
const window = joinWindow({ beforeMs: 1, afterMs: 1 })

// A topic may hold tombstones, and they reach the operators.
same<typeof source, KStream<string, User | null>>(true)
same<typeof whole, KStream<string, User>>(true)
// @ts-expect-error: a tombstone has no name
source.mapValues((user) => user.name)
// @ts-expect-error: nor for a new key
source.groupBy((_key, user) => user.name)
whole.mapValues((user) => user.name).to('names', { value: string })
whole.groupBy((_key, user) => user.name).count()
// A condition does the same.
source.filter((_key, user) => user !== null).mapValues((user) => user.name)
source.to('copy')
source.process<string, User | null>((context) => ({
  process(record) {
    same<typeof record.value, User | null>(true)
    context.forward(record)
  },
}))

// A filter of a table makes deletes, and so does whatever may answer null.
// @ts-expect-error: the row may be deleted
users.toStream().mapValues((user) => user.name)
const named = users.filter((_key, user) => user.name !== '')
// @ts-expect-error: a row that does not pass the filter is a delete
named.toStream().mapValues((user) => user.name)
named
  .toStream()
  .filterNotNull()
  .mapValues((user) => user.name)
const short = users.mapValues((user) => (user.name.length > 9 ? null : user.name), { store: { value: string } })
same<typeof short, KTable<string, string>>(true)
short.filter((_key, name) => name.length > 1)
const pairs = users.outerJoin(named, { joiner: (left, right) => left ?? right })
same<typeof pairs, KTable<string, User>>(true)
// @ts-expect-error: a row of a join goes when its rows go
pairs.toStream().mapValues((user) => user.name)

// Counts and sums of a stream have no deletes; what is filtered from them does.
const counts = source.groupByKey().count()
counts.toStream().mapValues((count) => count + 1)
counts.mapValues((count) => count * 2, { store: { value: int64 } }).toStream((_key, count) => count + 1)
// @ts-expect-error: now there are
counts.filter((_key, count) => count > 1).toStream((_key, count) => count + 1)
// @ts-expect-error: now there are
counts.mapValues((count) => (count > 1 ? count : null)).toStream((_key, count) => count + 1)
const anyCount: KTable<string, number> = counts
same<ReturnType<typeof anyCount.toStream>, KStream<string, number | null>>(true)
const total = { initializer: () => 0, store: { value: int64 } }
const sums = source.groupByKey().aggregate({ ...total, adder: (_key, user, sum) => sum + user.name.length })
sums.toStream().mapValues((sum) => sum + 1)
const gone = source.groupByKey().aggregate({
  initializer: () => null as number | null,
  adder: (_key, user, sum) => (user.name === '' ? null : (sum ?? 0) + 1),
  store: { value: int64 },
})
gone.filter((_key, sum) => sum > 5)
// @ts-expect-error: an answer of null is a delete
gone.toStream().mapValues((sum) => sum + 1)

// Null values reach tumbling, hopping and session windows, as in Kafka Streams, and no sliding ones.
const grouped = source.groupByKey()
// @ts-expect-error: a null value
grouped.windowedBy(tumbling({ sizeMs: 5 })).aggregate({ ...total, adder: (_key, user, sum) => sum + user.name.length })
grouped
  .windowedBy(sliding({ timeDifferenceMs: 5 }))
  .aggregate({ ...total, adder: (_key, user, sum) => sum + user.name.length })
whole
  .groupByKey()
  .windowedBy(tumbling({ sizeMs: 5 }))
  .aggregate({ ...total, adder: (_key, user, sum) => sum + user.name.length })
const inWindows = grouped.windowedBy(tumbling({ sizeMs: 5 })).count()
inWindows.toStream().mapValues((count) => count + 1)
inWindows
  .suppress(untilWindowCloses())
  .toStream()
  .mapValues((count) => count + 1)
// Sessions that a record brings together are deleted.
same<ReturnType<typeof sessions.toStream>, KStream<Windowed<string>, number | null>>(true)
const sessions = grouped.windowedBy(session({ gapMs: 5 })).count()

// Joins of a stream drop its null values.
source.join(users, { joiner: (user, row) => user.name + row.name })
source.join(source, { window, joiner: (left, right) => left.name + right.name })
source.leftJoin(source, {
  window,
  joiner(left, right) {
    same<typeof left, User>(true)
    same<typeof right, User | null>(true)
    return left
  },
})
const table = source.toTable()
same<typeof table, KTable<string, User>>(true)

// Merged streams hold what either holds.
same<ReturnType<typeof whole.filterNotNull>, KStream<string, User>>(true)
const both = whole.merge(source)
same<typeof both, KStream<string, User | null>>(true)
const one = whole.merge(whole)
same<typeof one, KStream<string, User>>(true)

// Code for any types of keys and values.
export const changes = <K, V>(rows: KTable<K, V>): KStream<K, V> => rows.toStream().filterNotNull()
export const latest = <K, V>(stream: KStream<K, V>): KTable<K, NotNull<V>> =>
  stream.groupByKey().reduce((_before, value) => value)
export const twice = <K, V>(stream: KStream<K, V>): KStream<K, V> => stream.merge(stream)
export const nullable = <K, V>(stream: KStream<K, V>): KStream<K, V | null> => stream
export const rowsOf = <K>(table: KTable<K, number, 'known', never>): KTable<K, number> => table
export const used = [changes(users), latest(whole), changes(counts), nullable(whole), rowsOf(counts)]
