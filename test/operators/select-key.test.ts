/** `selectKey`: another key, the same value. */
import { operatorCases } from './operate.js'

operatorCases({
  name: 'the mapper gets key and value; undefined counts as null',
  node: { kind: 'selectKey', mapper: (key, value) => (value === 'none' ? undefined : `${key}${value}`) },
  records: [
    ['k', 'v', 7],
    ['k', 'none', 8],
  ],
  out: [
    ['kv', 'v', 7],
    [null, 'none', 8],
  ],
})
