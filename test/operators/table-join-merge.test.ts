/** Where the two sides of a table-table join meet. */
import t from 'tap'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { change, Operated, operatorCases, rows } from './operate.js'

operatorCases(
  {
    name: 'without a store: as it comes',
    node: { kind: 'tableJoinMerge', store: null, sendOldValues: true },
    records: [['k', change('a', 'b', false), 1]],
    out: [['k', change('a', 'b', false), 1]],
  },
  {
    name: 'with one: the joined table is kept, and a deletion deletes',
    node: { kind: 'tableJoinMerge', store: 'joined', sendOldValues: true },
    stores: { joined: rows },
    records: [
      ['k', change('a'), 1],
      ['k', change(null, 'a'), 2],
    ],
    out: [
      ['k', change('a'), 1],
      ['k', change(null, 'a'), 2],
    ],
  },
)

t.test('the store holds the last result', async (t) => {
  const operated = new Operated(
    { kind: 'tableJoinMerge', store: 'joined', sendOldValues: true },
    { stores: { joined: rows } },
  )
  operated.push(['k', change('a'), 1])
  t.same(operated.store<KeyValueStore<string, string>>('joined').get('k'), { value: 'a', timestamp: 1 })
})
