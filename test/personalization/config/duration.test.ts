import t from 'tap'
import { duration } from '../../../lib/personalization/config/duration.js'

t.test('a text with a unit, a text of milliseconds, a number of milliseconds', async (t) => {
  const rows: [unknown, number][] = [
    ['200ms', 200],
    ['30s', 30_000],
    ['5m', 300_000],
    ['4h', 14_400_000],
    ['1d', 86_400_000],
    ['0s', 0],
    ['500', 500],
    [0, 0],
    [1, 1],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ['104249991d', 104_249_991 * 86_400_000],
  ]
  for (const [value, ms] of rows) t.equal(duration(value), ms, String(value))
})

t.test('anything else is undefined', async (t) => {
  const rows = [
    '',
    ' 5m',
    '5 m',
    '5M',
    '5min',
    'm',
    '-5m',
    '1.5h',
    '1h30m',
    '1e3',
    '0x10',
    '٣s',
    '5m\n',
    '104249992d',
    '1234567890123',
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.MAX_SAFE_INTEGER + 1,
    5n,
    null,
    undefined,
    true,
    ['5m'],
    { ms: 5 },
    new Date(5),
  ]
  for (const value of rows) t.equal(duration(value), undefined, String(value))
})
