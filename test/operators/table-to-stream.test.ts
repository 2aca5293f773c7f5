/** `toStream`: each change is a record with the new value. */
import { change, operatorCases } from './operate.js'

operatorCases(
  {
    name: 'a deletion has value null',
    node: { kind: 'tableToStream', mapper: null },
    records: [
      ['k', change('a', 'b'), 1],
      ['k', change(null, 'a'), 2],
    ],
    out: [
      ['k', 'a', 1],
      ['k', null, 2],
    ],
  },
  {
    name: 'the mapper chooses the key',
    node: { kind: 'tableToStream', mapper: (key, value) => `${key}/${value}` },
    records: [['k', change('a'), 1]],
    out: [['k/a', 'a', 1]],
  },
)
