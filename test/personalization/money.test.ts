import t from 'tap'
import { formatMicros, MAX_MICROS, parseMicros, timesQuantity } from '../../lib/personalization/records/money.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('reads decimals exactly, or not at all', async (t) => {
  const rows: [string, number | undefined][] = [
    ['0', 0],
    ['-0.00', 0],
    ['2.55', 2_550_000],
    ['2.', 2_000_000],
    ['0.001', 1_000],
    ['0.0000010', 1],
    ['0.0000001', undefined],
    ['-11062.06', -11_062_060_000],
    ['9007199254.740990', MAX_MICROS],
    ['9007199254.740991', undefined],
    ['10000000000', undefined],
    ['1e3', undefined],
    ['1,5', undefined],
    [' 1', undefined],
    ['.5', undefined],
    ['', undefined],
    ['NaN', undefined],
  ]
  for (const [text, micros] of rows) t.equal(parseMicros(text), micros, text)
})

t.test('writes what it reads', async (t) => {
  for (const [micros, text] of [
    [2_550_000, '2.55'],
    [1_000, '0.001'],
    [-1, '-0.000001'],
    [500_000_000, '500.00'],
    [0, '0.00'],
    [1_200_000, '1.20'],
  ] as const) {
    t.equal(formatMicros(micros), text)
  }
  const random = seededRandom('money')
  for (let i = 0; i < 1_000; i++) {
    const micros = Math.floor((random.next() - 0.5) * 2 ** (1 + random.int(52)))
    t.equal(parseMicros(formatMicros(micros)), micros === 0 ? 0 : micros)
  }
})

t.test('multiplies while that is exact', async (t) => {
  t.equal(timesQuantity(166_670_000, 3), 500_010_000)
  t.equal(timesQuantity(9_000_000_000, 2_000_000), undefined)
})
