/** `filter` of a table: a row that does not pass is deleted downstream. */
import { change, operatorCases, rows } from './operate.js'

const node = {
  kind: 'tableFilter',
  negate: false,
  versioned: false,
  store: null,
  sendOldValues: true,
  predicate: (_key: unknown, value: unknown) => value !== 'no',
} as const

operatorCases(
  {
    name: 'with old values: from nothing to nothing is no change',
    node,
    records: [
      ['k', change('a'), 1],
      ['k', change('no', 'a'), 2],
      ['k', change('no', 'no'), 3],
      ['k', change('b', 'no'), 4],
      ['k', change(null, 'b'), 5],
    ],
    out: [
      ['k', change('a'), 1],
      ['k', change(null, 'a'), 2],
      ['k', change('b'), 4],
      ['k', change(null, 'b'), 5],
    ],
  },
  {
    name: 'without old values a tombstone goes out for every row that does not pass',
    node: { ...node, sendOldValues: false },
    records: [['k', change('no'), 3]],
    out: [['k', change(null), 3]],
  },
  {
    name: 'negated, and with a store that remembers what passed',
    node: { ...node, negate: true, store: 'passed' },
    stores: { passed: rows },
    records: [
      ['k', change('no'), 1],
      ['k', change('a'), 2],
    ],
    out: [
      ['k', change('no'), 1],
      ['k', change(null, 'no'), 2],
    ],
  },
)
