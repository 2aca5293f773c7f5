import t from 'tap'
import {
  backoffMs,
  type NextStep,
  nextStep,
  type Outcome,
  retryAfterMs,
} from '../../../../lib/personalization/doors/webhooks/next-step.js'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const DAY = 24 * 3_600_000

function answered(status: number, retryAfter: string | null = null): Outcome {
  return { kind: 'answered', status, retryAfter }
}

t.test('every outcome, with the least and the most jitter', async (t) => {
  const again = (fromMs: number, toMs: number, why: string): [NextStep, NextStep] => [
    { kind: 'retry', atMs: NOW + fromMs, why },
    { kind: 'retry', atMs: NOW + toMs, why },
  ]
  const same = (step: NextStep): [NextStep, NextStep] => [step, step]
  const rows: [string, Outcome, attempt: number, [NextStep, NextStep]][] = [
    ['accepted', answered(200), 1, same({ kind: 'done' })],
    ['without content', answered(204), 7, same({ kind: 'done' })],
    ['the last of 2xx', answered(299), 1, same({ kind: 'done' })],
    ['a retry-after of a success says nothing', answered(200, '60'), 1, same({ kind: 'done' })],
    ['moved', answered(301), 1, same({ kind: 'dead', why: 'status 301' })],
    ['moved, until further notice', answered(307), 1, same({ kind: 'dead', why: 'status 307' })],
    ['bad', answered(400), 1, same({ kind: 'dead', why: 'status 400' })],
    ['not allowed', answered(401), 3, same({ kind: 'dead', why: 'status 401' })],
    ['missing', answered(404, '5'), 1, same({ kind: 'dead', why: 'status 404' })],
    ['gone', answered(410), 1, same({ kind: 'disable', why: 'status 410' })],
    ['too large', answered(413), 1, same({ kind: 'dead', why: 'status 413' })],
    ['too many, no word when', answered(429), 1, again(500, 1_000, 'status 429')],
    ['too many, in seconds', answered(429, '120'), 1, again(120_000, 132_000, 'status 429')],
    ['later attempts wait as long', answered(429, '2'), 9, again(2_000, 2_200, 'status 429')],
    ['too many, by date', answered(429, 'Mon, 02 Mar 2026 12:01:00 GMT'), 1, again(60_000, 66_000, 'status 429')],
    ['a date that has passed', answered(503, 'Mon, 02 Mar 2026 11:00:00 GMT'), 4, again(1_000, 1_100, 'status 503')],
    ['at once is not at once', answered(503, '0'), 1, again(1_000, 1_100, 'status 503')],
    ['no time at all', answered(503, 'soon'), 2, again(1_000, 2_000, 'status 503')],
    ['for longer than a day', answered(503, '999999999'), 1, again(DAY, Math.ceil(DAY * 1.1), 'status 503')],
    ['failed', answered(500), 1, again(500, 1_000, 'status 500')],
    ['failed twice', answered(500), 2, again(1_000, 2_000, 'status 500')],
    ['failed often', answered(502), 8, again(64_000, 128_000, 'status 502')],
    ['failed for a day', answered(504), 300, again(150_000, 300_000, 'status 504')],
    ['a status of nobody', answered(700), 1, again(500, 1_000, 'status 700')],
    [
      'no answer',
      { kind: 'failed', why: 'no answer within 15000 ms' },
      3,
      again(2_000, 4_000, 'no answer within 15000 ms'),
    ],
  ]
  for (const [name, outcome, attempt, [least, most]] of rows) {
    t.same(nextStep(outcome, { attempt, nowMs: NOW, draw: 0 }), least, name)
    t.same(nextStep(outcome, { attempt, nowMs: NOW, draw: 1 }), most, `${name}, most jitter`)
  }
})

t.test('retry-after', async (t) => {
  const rows: [string | null, number | null][] = [
    [null, null],
    ['', null],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['-7', null],
    ['1.5', null],
    ['0x10', null],
    ['86401', DAY],
    ['Mon, 02 Mar 2026 12:00:30 GMT', 30_000],
    ['Monday, 02-Mar-26 12:00:30 GMT', 30_000],
    ['Mon Mar  2 12:00:30 2026', 30_000],
    ['Mon, 02 Mar 2026 11:59:59 GMT', 0],
    ['Mon, 99 Mar 2026 12:00:00 GMT', null],
    ['2026-03-02T12:00:30Z', null],
    ['1 hour', null],
  ]
  for (const [header, expected] of rows) t.equal(retryAfterMs(header, NOW), expected, String(header))
})

t.test('back-off only grows, and stays within its limits', async (t) => {
  for (let attempt = 1; attempt < 100; attempt++) {
    t.ok(backoffMs(attempt + 1, 0.5) >= backoffMs(attempt, 0.5))
    t.ok(backoffMs(attempt, 0) >= 500 && backoffMs(attempt, 1) <= 300_000)
  }
})
