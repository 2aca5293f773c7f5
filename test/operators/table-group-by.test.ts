/** `groupBy` of a table: what to subtract, then what to add. */
import { change, operatorCases } from './operate.js'

const node = {
  kind: 'tableGroupBy',
  versioned: true,
  mapper: (_key: unknown, value: unknown) => {
    const [group, rest] = String(value).split('/')
    return value === 'pair' ? null : ([group === 'none' ? null : group, rest] as const)
  },
} as const

operatorCases(
  {
    name: 'one record where the group stays; else the old group first',
    node,
    records: [
      ['k', change('g/1'), 1],
      ['k', change('g/2', 'g/1'), 2],
      ['k', change('h/3', 'g/2'), 3],
      ['k', change(null, 'h/3'), 4],
    ],
    out: [
      ['g', change('1'), 1],
      ['g', change('2', '1'), 2],
      ['g', change(null, '2'), 3],
      ['h', change('3'), 3],
      ['h', change(null, '3'), 4],
    ],
  },
  {
    name: 'a row without a group is counted when it comes, not when it goes; an old version changes nothing',
    node,
    records: [
      ['k', change('pair'), 1],
      ['k', change('none/1', 'pair'), 2],
      ['k', change('g', 'none/1'), 3],
      ['k', change('g/1', null, false), 4],
    ],
    out: [],
    drops: ['nullKey', 'nullKey', 'nullValue', 'outOfOrder'],
  },
)
