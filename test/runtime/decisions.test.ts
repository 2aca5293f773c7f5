import t from 'tap'
import { type CommitFacts, decideCommit } from '../../lib/runtime/commit/commit-decision.js'
import { retryPauseMs, type SleepFacts, sleepMs } from '../../lib/runtime/loop-pauses.js'
import { decideRestore, type RestoreFacts, whyAnew } from '../../lib/runtime/restore/restore-decision.js'

t.test('when a commit is due', async (t) => {
  const policy = { commitLatencyMs: 20, commitIntervalMs: 100, commitBytes: 1_000 }
  const facts: CommitFacts = {
    nowMs: 1_000,
    inFlight: false,
    pendingSinceMs: 995,
    hasOutput: true,
    pendingBytes: 10,
    drained: false,
    requested: false,
    lastCommitMs: 4,
    lastCommitStartedMs: 900,
  }
  const rows: [name: string, changes: Partial<CommitFacts>, expected: 'commit' | number | null][] = [
    ['nothing pending', { pendingSinceMs: null }, null],
    ['one is in flight', { inFlight: true, requested: true }, null],
    ['output waits for the latency bound', {}, 1_015],
    ['and is committed when it is reached', { nowMs: 1_015 }, 'commit'],
    ['offsets alone wait for the interval', { hasOutput: false }, 1_095],
    ['a drained input is committed at once', { drained: true }, 'commit'],
    ['but not right after another commit', { drained: true, lastCommitStartedMs: 998 }, 1_014],
    ['nor later than the latency bound', { drained: true, lastCommitStartedMs: 998, lastCommitMs: 500 }, 1_015],
    ['a drained input without output waits', { drained: true, hasOutput: false }, 1_095],
    ['enough bytes', { pendingBytes: 1_000 }, 'commit'],
    ['asked for', { requested: true }, 'commit'],
  ]
  for (const [name, changes, expected] of rows) {
    const decision = decideCommit({ ...facts, ...changes }, policy)
    t.equal(decision.kind === 'commit' ? 'commit' : decision.untilMs, expected, name)
  }
})

t.test('when a store may roll forward', async (t) => {
  const facts: RestoreFacts = {
    checkpoint: { offset: 50, topicId: 'T', writtenAtMs: 1_000, restoredFrom: null },
    topicId: 'T',
    logStart: 10,
    logEnd: 100,
    deleteRetentionMs: 500,
    nowMs: 1_400,
  }
  const at = (offset: number, restoredFrom: number | null = null) => ({
    offset,
    topicId: 'T',
    writtenAtMs: 1_000,
    restoredFrom,
  })
  const rows: [name: string, changes: Partial<RestoreFacts>, expected: number | 'rebuild'][] = [
    ['from its offset', {}, 50],
    ['an empty store from the log start', { checkpoint: null }, 10],
    ['at the log start exactly', { checkpoint: at(10) }, 10],
    ['the records after it are gone', { checkpoint: at(9) }, 'rebuild'],
    ['at the log end exactly', { checkpoint: at(100) }, 100],
    ['the log was cut below it', { checkpoint: at(101) }, 'rebuild'],
    ['the topic was created again', { topicId: 'U' }, 'rebuild'],
    ['a broker without topic ids', { topicId: null }, 50],
    ['tombstones may be gone', { nowMs: 1_501 }, 'rebuild'],
    ['it has seen everything, however old', { nowMs: 9_999, checkpoint: at(100) }, 100],
    ['a restore that was cut short goes on', { checkpoint: at(50, 10) }, 50],
    ['unless the log has lost what it began with', { checkpoint: at(50, 9) }, 'rebuild'],
    ['a log that is not compacted keeps all', { nowMs: 9_999, deleteRetentionMs: null }, 50],
  ]
  for (const [name, changes, expected] of rows) {
    const decision = decideRestore({ ...facts, ...changes })
    t.equal(decision.kind === 'rebuild' ? 'rebuild' : decision.from, expected, name)
  }
})

t.test('when a restore under way begins anew', async (t) => {
  const reading = { topicId: 'T', position: 50, to: 100 }
  const facts = { topicId: 'T', logStart: 0, logEnd: 100 }
  const rows: [name: string, changes: Partial<typeof facts & typeof reading>, expected: RegExp | null][] = [
    ['all as before', {}, null],
    ['more was written', { logEnd: 200 }, null],
    ['trimmed behind it', { logStart: 50 }, null],
    ['trimmed before it', { logStart: 51 }, /begins at 51/],
    ['emptied', { logStart: 100 }, /begins at 100/],
    ['created again', { topicId: 'U' }, /created again/],
    ['created again when all was read', { topicId: 'U', position: 100 }, /created again/],
    ['cut', { logEnd: 99 }, /ends at 99/],
    ['trimmed when all was read', { logStart: 101, position: 100 }, null],
  ]
  for (const [name, changes, expected] of rows) {
    const { topicId, logStart, logEnd, position, to } = { ...facts, ...reading, ...changes }
    const why = whyAnew({ topicId: 'T', position, to }, { topicId, logStart, logEnd })
    if (expected === null) t.equal(why, null, name)
    else t.match(why, expected, name)
  }
})

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
