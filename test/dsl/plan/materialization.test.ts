/** Which tables get a store and which hand on old values, as rows: what is asked, in order, and what follows. */
import t from 'tap'
import { materialize, sendsOldValues, storeOf, type TableNeed } from '../../../lib/dsl/plan/materialization.js'
import type { StoreSettings } from '../../../lib/dsl/plan/store-options.js'
import type {
  AggregateTable,
  DerivedTable,
  JoinedTable,
  SourceTable,
  SuppressedTable,
  TableOrigin,
} from '../../../lib/dsl/plan/table-origin.js'

const source = (name: string, settings?: StoreSettings): SourceTable => ({
  kind: 'source',
  store: { kind: 'timestampedKeyValue', name, key: null, value: null, settings },
})
const filter = (above: TableOrigin, store: string | null = null): DerivedTable => ({
  kind: 'derived',
  above,
  step: { kind: 'filter', negate: false, predicate: () => true },
  store,
  keepsVersions: false,
})
const mapped = (above: TableOrigin, store: string | null = null): DerivedTable => ({
  ...filter(above, store),
  step: { kind: 'mapValues', mapper: (value) => value },
})
const joined = (left: TableOrigin, right: TableOrigin, store: string | null = null): JoinedTable => ({
  kind: 'joined',
  left,
  right,
  how: { join: 'inner', joiner: () => null },
  store,
  keepsVersions: false,
})
const suppressed = (above: TableOrigin): SuppressedTable => ({ kind: 'suppressed', above, buffer: 'buffer' })

const rows = (of: TableOrigin): TableNeed => ({ need: 'rows', of })
const oldValues = (of: TableOrigin): TableNeed => ({ need: 'oldValues', of })
const newFilter = (of: DerivedTable): TableNeed => ({ need: 'oldValuesAtNoCost', of })

const users = source('users')
const orders = source('orders')
const named = source('named', { name: 'named' })
const versioned = source('versioned', { versioned: { historyRetentionMs: 5 } })
const counts: AggregateTable = { kind: 'aggregate', store: 'counts', keepsVersions: false }
const some = filter(users)
const more = mapped(some)
const kept = mapped(some, 'kept')
const ofNamed = filter(named)
const ofCounts = filter(counts)
const both = joined(more, orders)
const bothKept = joined(users, orders, 'both')
const held = suppressed(counts)
const heldSource = suppressed(users)

const NAMES = new Map<TableOrigin, string>([
  [users, 'users'],
  [orders, 'orders'],
  [named, 'named'],
  [versioned, 'versioned'],
  [counts, 'counts'],
  [some, 'some'],
  [more, 'more'],
  [kept, 'kept'],
  [ofNamed, 'ofNamed'],
  [ofCounts, 'ofCounts'],
  [both, 'both'],
  [bothKept, 'bothKept'],
  [held, 'held'],
  [heldSource, 'heldSource'],
])

/** These have a store whatever is asked. */
const ALWAYS = ['named', 'versioned', 'counts', 'kept', 'bothKept']

const ROWS: readonly [name: string, needs: readonly TableNeed[], stored: string[], sending: string[]][] = [
  ['nothing asked: only what the user named, versions and aggregates', [], [], []],
  ['a source looked into', [rows(users)], ['users'], []],
  ['a named source looked into', [rows(named)], [], []],
  ['rows of a mapped table are computed from the source', [rows(more)], ['users'], []],
  ['rows of a table with a store are found there', [rows(kept)], [], []],
  ['rows of a join are computed from both sides', [rows(both)], ['users', 'orders'], []],
  ['rows of a join with a store', [rows(bothKept)], [], []],
  ['rows of an aggregate', [rows(counts)], [], []],
  ['rows through a buffer', [rows(heldSource)], ['users'], []],
  ['old values cost a source its store', [oldValues(users)], ['users'], ['users', 'heldSource']],
  [
    'old values of a mapped table come from the source',
    [oldValues(more)],
    ['users'],
    ['users', 'some', 'more', 'heldSource'],
  ],
  ['a table with a store has its own', [oldValues(kept)], [], ['kept']],
  ['an aggregate has its own', [oldValues(counts)], [], ['counts', 'held']],
  ['a buffer hands on what stands above', [oldValues(heldSource)], ['users'], ['users', 'heldSource']],
  [
    'a join asks both sides, whatever they cost',
    [oldValues(both)],
    ['users', 'orders'],
    ['users', 'orders', 'some', 'more', 'both', 'heldSource'],
  ],
  [
    'a join with a store asks both sides too',
    [oldValues(bothKept)],
    ['users', 'orders'],
    ['users', 'orders', 'bothKept', 'heldSource'],
  ],
  ['a new filter costs a source no store', [newFilter(some)], [], []],
  ['a new filter of a source with a store', [newFilter(ofNamed)], [], ['named', 'ofNamed']],
  ['a new filter of an aggregate', [newFilter(ofCounts)], [], ['counts', 'ofCounts', 'held']],
  [
    'a filter made after a look into its source',
    [rows(users), newFilter(some)],
    ['users'],
    ['users', 'some', 'heldSource'],
  ],
  ['a filter made before it', [newFilter(some), rows(users)], ['users'], []],
  [
    'a filter made before, asked itself later',
    [newFilter(some), rows(users), oldValues(some)],
    ['users'],
    ['users', 'some', 'heldSource'],
  ],
]

t.test('what follows from what is asked', async (t) => {
  for (const [name, needs, stored, sending] of ROWS) {
    const decided = materialize(needs.map((need) => ({ needs: [need] })))
    const origins = [...NAMES.keys()]
    const namesOf = (found: TableOrigin[]) => found.map((origin) => NAMES.get(origin))
    t.same(
      new Set(namesOf(origins.filter((origin) => storeOf(decided, origin) !== null))),
      new Set([...ALWAYS, ...stored]),
      `${name}: stores`,
    )
    const sends = origins.filter((origin) => sendsOldValues(decided, origin))
    t.same(new Set(namesOf(sends)), new Set(sending), `${name}: old values`)
  }
})

t.test('a new filter of a join makes the join ask its sides', async (t) => {
  const plain = joined(users, orders)
  const ofJoin = filter(plain)
  const decided = materialize([{ needs: [newFilter(ofJoin)] }])
  t.equal(storeOf(decided, users), 'users')
  t.equal(storeOf(decided, orders), 'orders')
  t.ok(sendsOldValues(decided, ofJoin))
})
