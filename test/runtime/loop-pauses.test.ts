/** How long the loop sleeps: one row a case. */
import t from 'tap'
import { retryPauseMs, type SleepFacts, sleepMs } from '../../lib/runtime/loop-pauses.js'

t.test('how long the loop sleeps', async (t) => {
  const facts: SleepFacts = { commitMs: null, pauseMs: -1, timerMs: null, timersRest: false }
  const rows: [name: string, changes: Partial<SleepFacts>, expected: number | null][] = [
    ['nothing is due', {}, null],
    ['until the commit', { commitMs: 5 }, 5],
    ['until the timer', { commitMs: 5, timerMs: 3 }, 3],
    ['a timer that is due fires at once', { commitMs: 5, timerMs: -2 }, 0],
    ['not while no timer may fire', { timerMs: -2, timersRest: true }, null],
    ['nor before the end of a pause', { timerMs: -2, pauseMs: 7 }, 7],
    ['which ends by itself', { pauseMs: 7, timersRest: true }, 7],
    ['a commit that is due', { commitMs: -1 }, 0],
  ]
  for (const [name, changes, expected] of rows) t.equal(sleepMs({ ...facts, ...changes }), expected, name)
  const pauses = [1, 2, 3, 20].map((attempt) => retryPauseMs(attempt, { retryBackoffMs: 100 }))
  t.same(pauses, [100, 200, 400, 10_000])
  t.equal(retryPauseMs(5, { retryBackoffMs: 60_000 }), 60_000, 'never shorter than asked for')
})
