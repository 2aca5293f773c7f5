/** Join with a global table, by a key that the selector computes. */
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { type OperatorCase, operatorCases, rows } from './operate.js'

const node = {
  kind: 'streamGlobalTableJoin',
  left: false,
  store: 'global',
  keySelector: (_key: unknown, value: unknown) => (value === 'nobody' ? null : value),
  joiner: (_key: unknown, value: unknown, row: unknown) => `${value}=${row}`,
} as const
const before: OperatorCase['before'] = (operated) =>
  operated.store<KeyValueStore<string, string>>('global').put('g', 'G', 50)
const records = [
  ['k', 'g', 1],
  [null, 'g', 2],
  ['k', 'other', 3],
  ['k', 'nobody', 4],
  ['k', null, 5],
] as const

operatorCases(
  {
    name: 'inner: what finds no row goes no further, what selects no key is counted',
    node,
    stores: { global: rows },
    before,
    records,
    out: [
      ['k', 'g=G', 1],
      [null, 'g=G', 2],
    ],
    drops: ['nullJoinKey', 'nullValue'],
  },
  {
    name: 'left: both are joined with null',
    node: { ...node, left: true },
    stores: { global: rows },
    before,
    records,
    out: [
      ['k', 'g=G', 1],
      [null, 'g=G', 2],
      ['k', 'other=null', 3],
      ['k', 'nobody=null', 4],
    ],
    drops: ['nullValue'],
  },
)
