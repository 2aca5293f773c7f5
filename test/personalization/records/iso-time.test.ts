import t from 'tap'
import { isoMs, utcMs } from '../../../lib/personalization/records/iso-time.js'

t.test('civil times in UTC', async (t) => {
  const rows: [string, number | undefined][] = [
    ['1970-01-01 00:00:00', 0],
    ['2019-10-01T02:50:00', 1_569_898_200_000],
    ['2020-02-29 23:59:59', 1_583_020_799_000],
    ['2019-02-29 00:00:00', undefined],
    ['1900-02-29 00:00:00', undefined],
    ['2019-13-01 00:00:00', undefined],
    ['2019-00-10 00:00:00', undefined],
    ['2019-01-00 00:00:00', undefined],
    ['2019-01-01 24:00:00', undefined],
    ['2019-01-01 00:00', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of rows) t.equal(utcMs(text), expected, text)
})

t.test('ISO 8601', async (t) => {
  const noon = Date.UTC(2026, 0, 5, 12)
  const rows: [string, number | undefined][] = [
    ['2026-01-05T12:00:00Z', noon],
    ['2026-01-05t12:00:00z', noon],
    ['2026-01-05 12:00:00', noon],
    ['2026-01-05 12:00:00 Z', noon],
    ['2026-01-05T12:00Z', noon],
    ['2026-01-05', noon - 12 * 3_600_000],
    ['2026-01-05T12:00:00.267Z', noon + 267],
    ['2026-01-05T12:00:00,5Z', noon + 500],
    ['2026-01-05T12:00:00.1239999Z', noon + 123],
    ['2026-01-05T14:00:00+02:00', noon],
    ['2026-01-05T14:00:00+0200', noon],
    ['2026-01-05T14:00:00+02', noon],
    ['2026-01-05T06:30:00-05:30', noon],
    ['2026-01-05T12:00:00+15:00', undefined],
    ['2026-01-05T12:00:00+02:60', undefined],
    ['2026-02-30T12:00:00Z', undefined],
    ['2026-01-05T25:00:00Z', undefined],
    ['2026-01-05T12:60:00Z', undefined],
    ['05.01.2026', undefined],
    ['Mon Jan 05 2026', undefined],
    ['1767614400000', undefined],
    ['', undefined],
  ]
  for (const [text, expected] of rows) t.equal(isoMs(text), expected, text)
})
