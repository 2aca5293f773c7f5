/** `flatMap`: any number of records for one, in order. */
import { operatorCases } from './operate.js'

operatorCases({
  name: 'none, one, several',
  node: {
    kind: 'flatMap',
    mapper: (key, value) =>
      String(value)
        .split('')
        .map((each) => [each, key] as const),
  },
  records: [
    ['k', 'ab', 7],
    ['k', '', 8],
    ['k', 'c', 9],
  ],
  out: [
    ['a', 'k', 7],
    ['b', 'k', 7],
    ['c', 'k', 9],
  ],
})
