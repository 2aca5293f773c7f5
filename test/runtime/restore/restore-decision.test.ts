/** Whether a store rolls forward, and when a restore begins anew: one row a case. */
import t from 'tap'
import { decideRestore, type RestoreFacts, whyAnew } from '../../../lib/runtime/restore/restore-decision.js'

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
