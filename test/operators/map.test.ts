/** `map`: a new key and a new value; undefined counts as null. */
import { operatorCases } from './operate.js'

operatorCases({
  name: 'both change, the time stays',
  node: { kind: 'map', mapper: (key, value) => [value, value === 'v' ? key : undefined] },
  records: [
    ['k', 'v', 7],
    ['k', 'w', 8],
  ],
  out: [
    ['v', 'k', 7],
    ['w', null, 8],
  ],
})
