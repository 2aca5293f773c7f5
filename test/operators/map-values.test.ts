/** `mapValues`: the key stays. */
import { operatorCases } from './operate.js'

operatorCases({
  name: 'the mapper gets value and key; undefined counts as null',
  node: { kind: 'mapValues', mapper: (value, key) => (value === 'none' ? undefined : `${key}:${value}`) },
  records: [
    ['k', 'v', 7],
    [null, 'v', 8],
    ['k', 'none', 9],
  ],
  out: [
    ['k', 'k:v', 7],
    [null, 'null:v', 8],
    ['k', null, 9],
  ],
})
