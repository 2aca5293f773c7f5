/**
 * What the DSL's types must accept, and what must not compile. Nothing here runs: `types.test.ts` has the compiler look
 * at it, and an error that is expected but does not come is an error.
 */

import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { json } from '../../lib/serde/json.js'
import { int32, int64, string } from '../../lib/serde/primitive.js'
import { session, sliding, tumbling } from '../../lib/windows/definitions.js'
import type { Windowed } from '../../lib/windows/window.js'

interface Click {
  readonly page: string
  readonly user: string
}

interface User {
  readonly name: string
}

/** Compiles only where both types are the same. */
function same<A, B>(_proof: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never): void {}

const click = json<Click>()
const builder = new StreamsBuilder()
export const clicks = builder.stream('clicks', { key: string, value: click }).filterNotNull()
export const users = builder.table('users', { key: string, value: json<User>() })
export const byNumber = builder.table('numbers', { key: int32, value: string })
export const pages = builder.globalTable('pages', { key: int64, value: string })

// K and V come from the serdes and flow through the chain.
same<typeof clicks, KStream<string, Click>>(true)
same<typeof users, KTable<string, User>>(true)
export const counts = clicks.groupBy((_key, value) => value.page).count()
same<typeof counts, KTable<string, number, 'known', never>>(true)
export const windowed = clicks
  .groupByKey()
  .windowedBy(tumbling({ sizeMs: 10 }))
  .count()
same<typeof windowed, KTable<Windowed<string>, number, 'known', never>>(true)
export const joined = clicks.join(users, { joiner: (value, user) => ({ ...value, name: user.name }) })
export const joinedTypes: KStream<string, Click & { name: string }, 'known', 'missing'> = joined
clicks.leftJoin(users, {
  joiner(_value, user) {
    same<typeof user, User | null>(true)
    return ''
  },
})
counts.toStream().to('counts')
windowed.toStream().to('windows')
clicks.filter(() => true).to('same')
clicks.mapValues((value) => ({ page: value.page, user: 'x' }) satisfies Click as Click).to('still clicks')

// A join needs equal keys.
// @ts-expect-error: string key against number key
clicks.join(byNumber, { joiner: (value, row) => `${value.page}${row}` })
// @ts-expect-error: string key against number key
users.join(byNumber, { joiner: (user, row) => `${user.name}${row}` })
// @ts-expect-error: the selector must give the global table's key
clicks.join(pages, { keySelector: (_key, value) => value.page, joiner: (value, row) => `${value.page}${row}` })
clicks.join(pages, { keySelector: (_key, value) => value.page.length, joiner: (value, row) => `${value.page}${row}` })
// @ts-expect-error: merged streams have equal types
clicks.merge(builder.stream('other', { key: string, value: string }))

// A table's changes under another key; a key of another type needs a serde to be written.
same<ReturnType<typeof users.toStream>, KStream<string, User | null>>(true)
users.toStream((key, user) => user?.name ?? key).to('names')
users.toStream((key, user) => (user?.name ?? key).length, { name: 'by-length' }).to('lengths', { key: int32 })
// @ts-expect-error: no serde for the numbers
users.toStream((key) => key.length).to('lengths')
users.toStream().to((key, user, timestamp, { headers, source }) => {
  same<typeof user, User | null>(true)
  return `${key}-${timestamp}-${headers.length}-${source?.partition}`
})
users.toStream().print(() => {}, { mapper: (key, user) => `${key} ${user?.name}` })

// The foreign key is a key of the other table; values of a changed type need a serde on either side.
export const carts = builder.table('carts', { key: string, value: click })
export const owned = carts.join(users, {
  foreignKey: (value) => value.user,
  joiner(value, user, key) {
    same<typeof value, Click>(true)
    same<typeof user, User>(true)
    same<typeof key, string>(true)
    return value
  },
})
same<typeof owned, KTable<string, Click>>(true)
carts.leftJoin(users, {
  foreignKey: (value, key) => (key === '' ? null : value.user),
  joiner(_value, user) {
    same<typeof user, User | null>(true)
    return ''
  },
})
carts.join(byNumber, { foreignKey: (value) => value.page.length, joiner: (value, row) => value.page + row })
// @ts-expect-error: a string against the number key
carts.join(byNumber, { foreignKey: (value) => value.page, joiner: (value, row) => value.page + row })
// @ts-expect-error: no serde for the numbers that are hashed
carts.mapValues((value) => value.page.length).join(byNumber, { foreignKey: (value) => value, joiner: () => '' })
carts
  .mapValues((value) => value.page.length)
  .join(byNumber, { foreignKey: (value) => value, joiner: () => '', value: int32 })
// @ts-expect-error: no serde for the other table's numbers
carts.join(byNumber.mapValues(Number), { foreignKey: (value) => value.page.length, joiner: () => '' })
carts.join(byNumber.mapValues(Number), {
  foreignKey: (value) => value.page.length,
  joiner: () => '',
  otherValue: int64,
})
// @ts-expect-error: there is no outer join by foreign key
carts.outerJoin(users, { foreignKey: (value: Click) => value.user, joiner: () => '' })

// A join whose store has a serde needs no other.
export const named = { name: 'sizes', value: int32 }
export const sizes = {
  inner: carts.join(users, { joiner: (value, user) => value.page.length + user.name.length, store: named }),
  left: carts.leftJoin(users, {
    joiner(_value, user) {
      same<typeof user, User | null>(true)
      return user === null ? 0 : user.name.length
    },
    store: { value: int32 },
  }),
  outer: carts.outerJoin(users, {
    joiner(value, user) {
      same<typeof value, Click | null>(true)
      same<typeof user, User | null>(true)
      return 1
    },
    store: named,
  }),
  owned: carts.join(users, {
    foreignKey: (value) => value.user,
    joiner(value, user, key) {
      same<typeof value, Click>(true)
      same<typeof user, User>(true)
      return key.length
    },
    store: named,
  }),
  maybeOwned: carts.leftJoin(users, {
    foreignKey: (value) => value.user,
    joiner: (_value, user) => (user === null ? null : user.name.length),
    store: named,
  }),
}
same<typeof sizes.inner, KTable<string, number>>(true)
same<typeof sizes.left, KTable<string, number>>(true)
same<typeof sizes.outer, KTable<string, number>>(true)
same<typeof sizes.owned, KTable<string, number>>(true)
for (const table of [sizes.inner, sizes.left, sizes.outer, sizes.owned]) table.toStream().to('sizes')
sizes.maybeOwned.toStream().to('sizes')
// @ts-expect-error: a serde for another type
carts.join(users, { joiner: (value) => value.page.length, store: { value: string } })
// @ts-expect-error: a store without a serde would write the new type with that of the left table
carts.join(users, { joiner: (value) => value.page.length, store: { name: 'lengths' } })
carts.join(users, {
  foreignKey: (value) => value.user,
  joiner: (value) => value.page.length,
  // @ts-expect-error: the same by foreign key
  store: { name: 'lengths' },
})
// @ts-expect-error: the same with nulls
carts.outerJoin(users, { joiner: (value) => value?.page.length ?? 0, store: { name: 'lengths' } })
carts
  .join(users, { joiner: (value) => value, store: { name: 'kept' } })
  .toStream()
  .to('kept')
carts.leftJoin(users, { foreignKey: (value) => value.user, joiner: (value) => value, store: { cached: false } })

// Whatever writes needs a serde for a type that changed.
export const lengths = clicks.mapValues((value) => value.page.length)
// @ts-expect-error: no serde for numbers
lengths.to('lengths')
lengths.to('lengths', { value: int32 })
// @ts-expect-error: a serde for another type
lengths.to('lengths', { value: string })
// @ts-expect-error: no serde for the number to repartition
lengths.repartition()
export const renumbered = clicks.selectKey((_key, value) => value.page.length)
// @ts-expect-error: no serde for the new key
renumbered.groupByKey()
renumbered.groupByKey({ key: int32 }).count()
// @ts-expect-error: no serde for the new key
renumbered.to('renumbered')
// @ts-expect-error: no serde for the new key
renumbered.join(byNumber, { joiner: () => '' })
renumbered.join(byNumber, { joiner: () => '', key: int32 })
// @ts-expect-error: no serde for the new key
clicks.groupBy((_key, value) => value.page.length)
clicks.groupBy((_key, value) => value.page.length, { key: int32 }).count()
// @ts-expect-error: a serde for another type
clicks.groupBy((_key, value) => value.page.length, { key: string })
// @ts-expect-error: no serdes for the new key and value
users.groupBy((_key, user) => [user.name.length, 1])
users.groupBy((_key, user) => [user.name.length, 1], { key: int32, value: int32 })
users.groupBy((_key, user) => [user.name.length, user], { key: int32 })
users.groupBy((_key, user) => [user.name, user])

// A grouping by the key that stayed needs no value serde until a value is stored.
lengths.groupByKey().count()
// @ts-expect-error: a reduce stores the number
lengths.groupByKey().reduce((sum, value) => sum + value)
lengths.groupByKey().reduce((sum, value) => sum + value, { store: { value: int32 } })

// Aggregates of another type need their serde; of the same type they inherit it.
const sum = { initializer: () => 0, adder: (_key: string, value: Click, all: number) => all + value.page.length }
// @ts-expect-error: no serde for the number
clicks.groupByKey().aggregate(sum)
clicks.groupByKey().aggregate({ ...sum, store: { value: int64 } })
// @ts-expect-error: a store of another type
clicks.groupByKey().aggregate({ ...sum, store: { value: string } })
clicks.groupByKey().aggregate({ initializer: (): Click => ({ page: '', user: '' }), adder: (_key, value) => value })
export const sessions = clicks.groupByKey().windowedBy(session({ gapMs: 5 }))
// @ts-expect-error: sessions merge
sessions.aggregate({ ...sum, store: { value: int64 } })
// @ts-expect-error: a count is a number
clicks.groupByKey().count({ store: { value: string } })
// @ts-expect-error: a store keyed by another type
clicks.groupByKey().count({ store: { key: int32 } })
export const slid: KTable<Windowed<string>, number> = clicks
  .groupByKey()
  .windowedBy(sliding({ timeDifferenceMs: 5 }))
  .count()

// Suppression: final results need windows, time limits take any table.
export const final = slid.suppress(untilWindowCloses())
same<typeof final, KTable<Windowed<string>, number>>(true)
users.suppress(untilTimeLimit(10, { maxRecords: 5, onFull: 'shutDown' }))
// @ts-expect-error: a table without windows
users.suppress(untilWindowCloses())
// @ts-expect-error: a final result never goes out early
untilWindowCloses({ maxRecords: 5, onFull: 'emitEarly' })

// Cogroup: each adder takes its own stream's values; a store is needed, sessions need a merger.
const visits = users.toStream().groupByKey()
const cogroup = clicks
  .groupByKey()
  .cogroup((_key, click, pages: number) => pages + click.page.length)
  .cogroup(visits, (_key, user, pages) => pages + (user?.name.length ?? 0))
export const cogrouped = cogroup.aggregate({ initializer: () => 0, store: { value: int64 } })
same<typeof cogrouped, KTable<string, number, 'known', never>>(true)
export const inWindows = cogroup
  .windowedBy(sliding({ timeDifferenceMs: 5 }))
  .aggregate({ initializer: () => 0, store: { value: int64 } })
same<typeof inWindows, KTable<Windowed<string>, number, 'known', never>>(true)
// @ts-expect-error: no serde for what is stored
cogroup.aggregate({ initializer: () => 0 })
// @ts-expect-error: another key type
cogroup.cogroup(byNumber.toStream().groupByKey(), (_key, _value, pages) => pages)
// @ts-expect-error: sessions merge
cogroup.windowedBy(session({ gapMs: 5 })).aggregate({ initializer: () => 0, store: { value: int64 } })

// Stores of tables.
// @ts-expect-error: no serde for what is stored
users.mapValues((user) => user.name.length, { store: { name: 'lengths' } })
users
  .mapValues((user) => user.name.length, { store: { name: 'lengths', value: int32 } })
  .toStream()
  .to('x')
// @ts-expect-error: a serde for another type
users.filter(() => true, { store: { name: 'some', value: string } })

// Sources need both serdes.
// @ts-expect-error: no value serde
builder.stream('in', { key: string })
// @ts-expect-error: unknown option
builder.stream('in', { key: string, value: string, offset: 'earliest' })

// Processors are typed at both ends.
clicks.process<string, number>(() => ({
  process(record) {
    same<typeof record.value, Click>(true)
  },
}))
clicks.processValues<string>(() => ({
  init(context) {
    // @ts-expect-error: only strings leave this processor
    context.forward({ key: 'k', value: 5, timestamp: 0, headers: [] })
  },
  process() {},
}))
