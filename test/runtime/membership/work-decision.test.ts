/** What a turn may do, as a table: the state of the instance, and what follows. */
import t from 'tap'
import { SETTLED } from '../../../lib/runtime/membership/group-phase.js'
import { type MembershipState, OUTSIDE } from '../../../lib/runtime/membership/membership-state.js'
import { mayCommit, waitsForCommit, workNow } from '../../../lib/runtime/membership/work-decision.js'
import { id } from '../task-ids.js'

const generation = { groupId: 'g', memberId: 'm', generationId: 1, groupInstanceId: null }
const working: MembershipState = { ...OUTSIDE, group: SETTLED, generation }
const doubts = { lost: false, stale: false }
const retry = { taskId: id('0_0'), attempt: 1 }
const NOW_MS = 100

const rows: [
  name: string,
  state: Partial<MembershipState>,
  waits: boolean,
  work: ReturnType<typeof workNow>,
  commits: boolean,
][] = [
  ['a member with its tasks processes and commits', {}, false, 'process', true],
  ['before the first assignment there is nothing to commit', { generation: null }, false, 'process', false],
  ['while a join is wanted it goes on', { group: { phase: 'wanted', ...doubts } }, false, 'process', true],
  ['and while it commits for it', { group: { phase: 'flushing', lost: false } }, false, 'process', true],
  ['and while it joins', { group: { phase: 'joining', again: false, ...doubts } }, false, 'process', true],
  ['also if the session is lost', { group: { phase: 'wanted', lost: true, stale: false } }, false, 'process', true],
  [
    'in a generation that is over it would be thrown away',
    { group: { phase: 'wanted', lost: false, stale: true } },
    false,
    'nothing',
    false,
  ],
  [
    'until the next one is known',
    { group: { phase: 'joining', again: false, lost: false, stale: true } },
    false,
    'nothing',
    false,
  ],
  [
    'and in force',
    { group: { phase: 'arrived', again: false, lost: false, stale: true, generation, tasks: [] } },
    false,
    'nothing',
    false,
  ],
  ['a commit that has to be waited for holds processing up', {}, true, 'nothing', true],
  ['so does the pause after a commit that was refused', { pausedUntilMs: NOW_MS + 1 }, false, 'nothing', true],
  ['no longer than it lasts', { pausedUntilMs: NOW_MS }, false, 'process', true],
  ['a record that is to be tried again holds everything up', { retry }, false, 'nothing', false],
  ['who stops ends its handlers', { life: { kind: 'finishing', leaves: false } }, false, 'finishHandlers', true],
  ['whatever else waits', { life: { kind: 'finishing', leaves: true } }, true, 'finishHandlers', true],
  ['also in a pause', { life: { kind: 'retired', leaves: true }, pausedUntilMs: 900 }, false, 'finishHandlers', true],
  ['but for a record tried again', { life: { kind: 'finishing', leaves: false }, retry }, false, 'nothing', false],
]

t.test('what may be done', async (t) => {
  for (const [name, state, waits, work, commits] of rows) {
    t.equal(workNow({ ...working, ...state }, NOW_MS, waits), work, name)
    t.equal(mayCommit({ ...working, ...state }), commits, `${name}: commits`)
  }
})

t.test('when processing waits for the commit in flight', async (t) => {
  const waits = (inFlight: boolean, slow: boolean, pendingBytes: number, failures = 0) =>
    waitsForCommit(
      { ...working, failedCommits: { count: failures, sinceMs: null, rejected: 0 } },
      { inFlight, slow, pendingBytes: () => pendingBytes, commitBytes: 10 },
    )
  t.equal(waits(true, false, 19), false, 'output gathers for the next one')
  t.equal(waits(true, false, 20), true, 'only')
  t.equal(waits(false, true, 20, 1), false, 'there is none in flight')
  t.equal(waits(true, true, 0), true, 'slow records')
  t.equal(waits(true, false, 0, 1), true, 'the one before did not go through')
})
