/** `filter` and `filterNot`, and the filter that counts what it rejects. */
import { operatorCases } from './operate.js'

const predicate = (key: unknown, value: unknown) => key !== 'x' && value !== 'no'
const node = { kind: 'filter', negate: false, predicate } as const
const records = [
  ['a', 'yes', 5],
  ['a', 'no', 4],
  [null, 'yes', 3],
  ['x', 'yes', 9],
] as const

operatorCases(
  { name: 'what passes keeps its order, time and key', node, records, out: [records[0], records[2]] },
  { name: 'negated, the rest', node: { ...node, negate: true }, records, out: [records[1], records[3]] },
  {
    name: 'in front of a repartition, what is rejected is counted',
    node: { ...node, dropReason: 'nullKey' },
    records,
    out: [records[0], records[2]],
    drops: ['nullKey', 'nullKey'],
  },
)
