/** A table made of a topic or a stream: the last record of a key wins. */
import { change, operatorCases, rows } from './operate.js'

operatorCases(
  {
    name: 'without a store there are no old values; null keys are dropped',
    node: { kind: 'tableSource', store: null, sendOldValues: false },
    records: [
      ['k', 'a', 9],
      [null, 'x', 9],
      ['k', null, 3],
    ],
    out: [
      ['k', change('a'), 9],
      ['k', change(null), 3],
    ],
    drops: ['nullKey'],
  },
  {
    name: 'with a store: the last record wins, also when it is older',
    node: { kind: 'tableSource', store: 'rows', sendOldValues: true },
    stores: { rows },
    records: [
      ['k', 'new', 9],
      ['k', 'old', 1],
      ['k', null, 2],
    ],
    out: [
      ['k', change('new'), 9],
      ['k', change('old', 'new'), 1],
      ['k', change(null, 'old'), 2],
    ],
  },
  {
    name: 'a versioned table says which versions are not the latest, and drops those older than its history',
    node: { kind: 'tableSource', store: 'rows', sendOldValues: true },
    stores: { rows: { kind: 'versioned', retentionMs: 5 } },
    records: [
      ['k', 'new', 9],
      ['k', 'old', 5],
      ['k', 'ancient', 3],
    ],
    out: [
      ['k', change('new'), 9],
      ['k', change('old', 'new', false), 5],
    ],
    drops: ['expired'],
  },
)
