/** `mapValues` of a table: a deleted row stays deleted. */
import { change, operatorCases, rows } from './operate.js'

const node = {
  kind: 'tableMapValues',
  store: null,
  sendOldValues: true,
  mapper: (value: unknown, key: unknown) => (value === 'none' ? undefined : `${key}:${value}`),
} as const

operatorCases(
  {
    name: 'old and new value are mapped, null is not',
    node,
    records: [
      ['k', change('a'), 1],
      ['k', change('none', 'a'), 2],
      ['k', change(null, 'a', false), 3],
    ],
    out: [
      ['k', change('k:a'), 1],
      ['k', change(null, 'k:a'), 2],
      ['k', change(null, 'k:a', false), 3],
    ],
  },
  {
    name: 'with a store the old value is what was kept',
    node: { ...node, store: 'mapped' },
    stores: { mapped: rows },
    records: [
      ['k', change('a'), 1],
      ['k', change('b'), 2],
    ],
    out: [
      ['k', change('k:a'), 1],
      ['k', change('k:b', 'k:a'), 2],
    ],
  },
)
