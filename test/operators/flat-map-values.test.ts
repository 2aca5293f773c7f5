/** `flatMapValues`: any number of values for one, under the same key. */
import { operatorCases } from './operate.js'

operatorCases({
  name: 'none, one, several; any iterable will do',
  node: { kind: 'flatMapValues', mapper: (value) => new Set(String(value)) },
  records: [
    ['k', 'aba', 7],
    ['k', '', 8],
    [null, 'c', 9],
  ],
  out: [
    ['k', 'a', 7],
    ['k', 'b', 7],
    [null, 'c', 9],
  ],
})
