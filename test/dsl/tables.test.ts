/** What a table needs is decided by what is made of it: its store, old values, and how others look into it. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import { string } from '../../lib/serde/primitive.js'
import type { Node } from '../../lib/topology/node.js'
import type { TableView } from '../../lib/topology/table-nodes.js'

const text = { key: string, value: string }
const joiner = (left: string | null, right: string | null) => `${left}${right}`
const yes = () => true
const same = (value: string) => value

type Table = KTable<string, string>

/** Node name → the store it has and whether it sends old values. */
function facts(describe: (builder: StreamsBuilder) => unknown): Record<string, string> {
  const builder = new StreamsBuilder()
  describe(builder)
  const found: Record<string, string> = {}
  for (const node of builder.build().nodes) {
    if (!('sendOldValues' in node)) continue
    const store = 'store' in node ? node.store : null
    found[node.name] = `${store ?? '-'} ${node.sendOldValues ? 'old' : 'new'}`
  }
  return found
}

const named = (b: StreamsBuilder, name: string): Table => b.table(name, { ...text, name, store: {} })
const plain = (b: StreamsBuilder, name: string): Table => b.table(name, { ...text, name })

const store = (name: string, index: number) => `${name}-STATE-STORE-${String(index).padStart(10, '0')}`

const ROWS: [what: string, describe: (b: StreamsBuilder) => unknown, facts: Record<string, string>][] = [
  ['nothing looks into it: no store', (b) => plain(b, 't').toStream().to('x'), { t: '- new' }],
  ['store options without a name: no store', (b) => named(b, 't').toStream().to('x'), { t: '- new' }],
  ['a named store', (b) => b.table('t', { ...text, name: 't', store: { name: 's' } }), { t: 's new' }],
  [
    'a filter alone needs nothing',
    (b) => plain(b, 't').filter(yes, { name: 'f' }).toStream().to('x'),
    { t: '- new', f: '- new' },
  ],
  [
    'a group needs old values all the way up, and the source a store',
    (b) =>
      plain(b, 't')
        .filter(yes, { name: 'f' })
        .groupBy((k, v) => [v, k])
        .count({ name: 'c', store: { name: 'n' } }),
    { t: `${store('t', 0)} old`, f: '- old', c: 'n new' },
  ],
  [
    'but not above a store of its own',
    (b) =>
      plain(b, 't')
        .mapValues(same, { name: 'm', store: { name: 's', value: string } })
        .groupBy((k, v) => [v, k])
        .count({ name: 'c', store: { name: 'n' } }),
    { t: '- new', m: 's old', c: 'n new' },
  ],
  [
    'an inner join asks for stores, not for old values',
    (b) => plain(b, 'l').join(plain(b, 'r'), { joiner, name: 'j' }),
    {
      l: `${store('l', 0)} new`,
      r: `${store('r', 3)} new`,
      'j-join-this': '- new',
      'j-join-other': '- new',
      j: '- new',
    },
  ],
  [
    'a left join asks the left side for old values',
    (b) => plain(b, 'l').leftJoin(plain(b, 'r'), { joiner, name: 'j' }),
    {
      l: `${store('l', 0)} old`,
      r: `${store('r', 3)} new`,
      'j-join-this': '- new',
      'j-join-other': '- new',
      j: '- new',
    },
  ],
  [
    'an outer join asks both; a group behind it asks the join',
    (b) =>
      plain(b, 'l')
        .outerJoin(plain(b, 'r'), { joiner, name: 'j', store: { name: 'rows' } })
        .groupBy((k, v) => [v, k])
        .count({ name: 'c', store: { name: 'n' } }),
    {
      l: `${store('l', 0)} old`,
      r: `${store('r', 3)} old`,
      'j-join-this': '- old',
      'j-join-other': '- old',
      j: 'rows old',
      c: 'n new',
    },
  ],
]

for (const [what, describe, expected] of ROWS) {
  t.test(what, async (t) => t.same(facts(describe), expected))
}

function words(view: TableView): string {
  if (view.kind === 'store') return view.store
  if (view.kind === 'join') return `${view.join}(${words(view.left)}, ${words(view.right)})`
  return `${view.kind}(${words(view.of)})`
}

t.test('a table without a store is looked into through the tables it was made of', async (t) => {
  const builder = new StreamsBuilder()
  const rows = builder.table('t', { ...text, store: { name: 't' } })
  const others = builder.table('u', { ...text, store: { name: 'u' } })
  const made = rows.filter(yes).mapValues(same).leftJoin(others.filterNot(yes), { joiner })
  builder.stream('in', text).join(made, { joiner, name: 'j' }).to('out')
  const node = builder
    .build()
    .nodes.find((found): found is Extract<Node, { kind: 'streamTableJoin' }> => found.name === 'j')!
  t.equal(words(node.table), 'left(mapValues(filter(t)), filter(u))')
  t.same(node.stores, ['t', 'u'])
})
