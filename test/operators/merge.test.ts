/** `merge`: whatever comes goes on. */
import { operatorCases } from './operate.js'

const records = [
  ['k', 'v', 7],
  [null, null, 3],
] as const
operatorCases({ name: 'in order of arrival, untouched', node: { kind: 'merge' }, records, out: records })
