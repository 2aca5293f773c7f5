/** The membership decision as a table: what happened so far, the event, and what follows. */
import t from 'tap'
import {
  decideMembership,
  type MembershipAction,
  type MembershipEvent,
} from '../../../lib/runtime/membership/membership.js'
import { isComplete, isOver, type MembershipState, OUTSIDE } from '../../../lib/runtime/membership/membership-state.js'
import { id } from '../task-ids.js'
import {
  assigned,
  begins,
  broken,
  closed,
  failed,
  joinFailed,
  leave,
  lost,
  notOpened,
  opened,
  producerLost,
  rebalance,
  retryWanted,
  stale,
  stop,
  taskLost,
  turn,
} from './events.js'

/** `join`, `open 0_0#1`, ... of the last event. */
function after(events: readonly MembershipEvent[]): { state: MembershipState; last: string[] } {
  let state = OUTSIDE
  let actions: readonly MembershipAction[] = []
  for (const event of events) ({ state, actions } = decideMembership(state, event))
  return { state, last: actions.map(inWords) }
}

function inWords(action: MembershipAction): string {
  if (action.kind === 'open') return `open ${action.tasks.map(({ taskId, number }) => `${taskId}#${number}`).join(' ')}`
  if (action.kind === 'close') return `close ${action.taskIds.join(' ')}`
  if (action.kind === 'retry') return `retry ${action.taskId}, attempt ${action.attempt}`
  if (action.kind === 'end') return `end: ${(action.error as Error).message}`
  return 'taskId' in action ? `${action.kind} ${action.taskId}#${action.number}` : action.kind
}

/** A member of generation 1 that runs 0_0 and 0_1, as numbers 1 and 2. */
const RUNNING = [turn(), assigned(1, ['0_0', '0_1']), turn(), opened('0_0', 1), opened('0_1', 2)]
/** It has sent its next join. */
const JOINING = [...RUNNING, rebalance, turn()]

const rows: [name: string, events: MembershipEvent[], expected: string[]][] = [
  ['it joins at first', [turn()], ['join']],
  ['it joins once', [turn(), turn()], []],
  ['what is assigned is opened', [turn(), assigned(1, ['0_0']), turn()], ['settled', 'open 0_0#1']],
  ['and started when it is open', [turn(), assigned(1, ['0_0']), turn(), opened('0_0', 1)], ['start 0_0#1']],
  [
    'a failed take-over is begun again',
    [turn(), assigned(1, ['0_0']), turn(), notOpened('0_0', 1), turn()],
    ['open 0_0#1'],
  ],

  ['a rebalance without work joins at once', [...RUNNING, rebalance, turn()], ['join']],
  ['with work it commits first', [...RUNNING, rebalance, turn({ pending: true })], ['commit']],
  ['a commit in flight comes first', [...RUNNING, rebalance, turn({ inFlight: true, pending: true })], []],
  [
    'then one more',
    [...RUNNING, rebalance, turn({ inFlight: true, pending: true }), turn({ pending: true })],
    ['commit'],
  ],
  [
    'and no other, however much there is to process',
    [...RUNNING, rebalance, turn({ pending: true }), turn({ inFlight: true, pending: true }), turn({ pending: true })],
    ['join'],
  ],
  [
    'a commit with nothing to collect does not hold up the join',
    [...RUNNING, rebalance, turn({ pending: true }), turn({ pending: true })],
    ['join'],
  ],
  ['two rebalances are one', [...RUNNING, rebalance, rebalance, turn(), turn()], []],
  [
    'one that comes while we join is joined next',
    [...JOINING, rebalance, assigned(2, ['0_0', '0_1']), turn()],
    ['settled', 'join'],
  ],

  ['tasks that stay go on', [...JOINING, assigned(2, ['0_0', '0_1']), turn()], ['settled']],
  ['tasks that leave are closed', [...JOINING, assigned(2, ['0_0']), turn()], ['close 0_1', 'settled']],
  ['an assignment waits for the commit in flight', [...JOINING, assigned(2, ['0_0']), turn({ inFlight: true })], []],
  ['the same generation goes on, too', [...JOINING, assigned(1, ['0_0', '0_1']), turn()], ['settled']],
  [
    'in a missed generation others may have run our tasks',
    [...JOINING, assigned(3, ['0_0', '0_1']), turn()],
    ['close 0_0 0_1', 'settled'],
  ],
  [
    'an older generation is a group created again',
    [...JOINING, assigned(0, ['0_0']), turn()],
    ['close 0_0 0_1', 'settled'],
  ],
  [
    'another member id means that we were dropped in between',
    [...JOINING, assigned(2, ['0_0', '0_1'], 'other'), turn()],
    ['close 0_0 0_1', 'settled'],
  ],
  [
    'after a lost session nothing is trusted',
    [...RUNNING, lost, turn(), assigned(2, ['0_0', '0_1']), turn()],
    ['close 0_0 0_1', 'settled'],
  ],
  [
    'a session lost while we join counts, too',
    [...JOINING, lost, assigned(2, ['0_0', '0_1']), turn()],
    ['close 0_0 0_1', 'settled', 'join'],
  ],
  [
    'a task whose sources have changed is taken over again',
    [...JOINING, assigned(2, ['0_0', '0_1']), turn({ changed: [id('0_1')] })],
    ['close 0_1', 'settled'],
  ],
  [
    'once it is closed',
    [...JOINING, assigned(2, ['0_0', '0_1']), turn({ changed: [id('0_1')] }), closed('0_1'), turn()],
    ['open 0_1#3'],
  ],

  [
    'a store that is still being closed is not opened',
    [...JOINING, assigned(2, ['0_0']), turn(), rebalance, turn(), assigned(3, ['0_0', '0_1']), turn()],
    ['settled'],
  ],
  [
    'and is opened under a new number when it is closed',
    [
      ...JOINING,
      assigned(2, ['0_0']),
      turn(),
      rebalance,
      turn(),
      assigned(3, ['0_0', '0_1']),
      turn(),
      closed('0_1'),
      turn(),
    ],
    ['open 0_1#3'],
  ],
  [
    'a task that leaves during its take-over and comes back is another ownership',
    [
      turn(),
      assigned(1, ['0_0']),
      turn(),
      rebalance,
      turn(),
      assigned(2, []),
      turn(),
      rebalance,
      turn(),
      assigned(3, ['0_0']),
      turn(),
      opened('0_0', 1),
    ],
    ['discard 0_0#1'],
  ],
  [
    'and is opened again once the first is closed',
    [
      turn(),
      assigned(1, ['0_0']),
      turn(),
      rebalance,
      turn(),
      assigned(2, []),
      turn(),
      rebalance,
      turn(),
      assigned(3, ['0_0']),
      turn(),
      opened('0_0', 1),
      turn(),
      closed('0_0'),
      turn(),
    ],
    ['open 0_0#2'],
  ],
  [
    'a task that stays during its take-over is started',
    [turn(), assigned(1, ['0_0']), turn(), rebalance, turn(), assigned(2, ['0_0']), turn(), opened('0_0', 1)],
    ['start 0_0#1'],
  ],
  ['also while we join', [turn(), assigned(1, ['0_0']), turn(), rebalance, turn(), opened('0_0', 1)], ['start 0_0#1']],
  ['nothing is opened while we join', [...RUNNING, taskLost('0_0'), rebalance, turn(), closed('0_0'), turn()], []],

  [
    'a task lost while a commit that has it is in flight is not taken over before the outcome',
    [...RUNNING, taskLost('0_0'), closed('0_0'), turn({ inFlight: true })],
    [],
  ],
  ['and then it is', [...RUNNING, taskLost('0_0'), closed('0_0'), turn({ inFlight: true }), turn()], ['open 0_0#3']],

  ['a stale generation joins again without a commit', [...RUNNING, stale, turn({ pending: true })], ['join']],
  ['a stale generation while we join changes nothing', [...JOINING, stale, turn()], []],
  [
    'and the assignment settles it',
    [...JOINING, stale, assigned(2, ['0_0', '0_1']), turn({ pending: true })],
    ['settled'],
  ],

  ['a commit that is refused is taken back', [...RUNNING, failed('rewind')], ['forget', 'rewind']],
  ['also if its generation is over', [...RUNNING, stale], ['forget', 'rewind']],
  ['and asks for no join otherwise', [...RUNNING, failed('rewind'), turn()], []],
  ['nor for another than the one under way', [...JOINING, stale, assigned(2, ['0_0', '0_1']), turn(), turn()], []],
  [
    'one that never goes through ends the instance',
    [...RUNNING, { ...failed('rewind'), next: { kind: 'end', error: broken } }],
    ['end: broken'],
  ],

  [
    'a record is tried again once no commit is in flight',
    [...RUNNING, retryWanted, begins()],
    ['retry 0_1, attempt 2'],
  ],
  ['not before', [...RUNNING, retryWanted, begins(true)], []],
  ['but then', [...RUNNING, retryWanted, begins(true), turn({ inFlight: true }), begins()], ['retry 0_1, attempt 2']],
  ['once', [...RUNNING, retryWanted, begins(), begins()], []],
  ['until then, no commit and no join', [...RUNNING, retryWanted, rebalance, turn({ pending: true })], []],
  ['and no assignment', [...JOINING, retryWanted, assigned(2, ['0_0']), turn()], []],
  ['and nobody retires', [...RUNNING, retryWanted, stop, turn()], []],
  ['then the assignment', [...JOINING, retryWanted, assigned(2, ['0_0']), begins(), turn()], ['close 0_1', 'settled']],

  ['a lost producer takes every task over', [...RUNNING, producerLost], ['forget', 'close 0_0 0_1', 'initProducer']],
  ['not before it is initialised', [...RUNNING, producerLost, closed('0_0'), closed('0_1'), turn()], []],
  [
    'then under new numbers',
    [...RUNNING, producerLost, closed('0_0'), closed('0_1'), { kind: 'producerReady' }, turn()],
    ['open 0_0#3 0_1#4'],
  ],
  [
    'a take-over that was under way is worthless then',
    [turn(), assigned(1, ['0_0']), turn(), producerLost, opened('0_0', 1)],
    ['discard 0_0#1'],
  ],
  ['a damaged task alone is closed', [...RUNNING, taskLost('0_1')], ['close 0_1']],
  ['and taken over again', [...RUNNING, taskLost('0_1'), closed('0_1'), turn()], ['open 0_1#3']],
  ['a task we do not have cannot be lost', [...RUNNING, taskLost('9_9')], []],

  ['who stops does not join', [...RUNNING, stop, rebalance, turn({ pending: true })], []],
  ['does not open', [turn(), assigned(1, ['0_0']), stop, turn()], ['settled']],
  [
    'and closes what was opened for it',
    [turn(), assigned(1, ['0_0']), turn(), stop, opened('0_0', 1)],
    ['discard 0_0#1'],
  ],
  ['who has stopped gives its tasks up when everything is committed', [...RUNNING, stop, turn()], ['close 0_0 0_1']],
  ['not before the commit in flight has its outcome', [...RUNNING, stop, turn({ inFlight: true })], []],
  ['nor while asynchronous handlers work', [...RUNNING, stop, turn({ busy: true })], []],
  ['once', [...RUNNING, stop, turn(), turn()], []],
  ['who leaves says so then, however long its stores take', [...RUNNING, leave, turn()], ['close 0_0 0_1', 'leave']],
  ['a second stop may say it', [...RUNNING, stop, leave, turn()], ['close 0_0 0_1', 'leave']],
  ['also while it joins', [...JOINING, leave, turn()], ['close 0_0 0_1', 'leave']],
  ['and while its first tasks are being opened', [turn(), assigned(1, ['0_0']), turn(), leave, turn()], ['leave']],
  ['then it follows no rebalance', [...RUNNING, leave, turn(), rebalance, turn()], []],
  ['who keeps its place does: the others would wait for it', [...RUNNING, stop, turn(), rebalance, turn()], ['join']],
  ['also one that was there before the stop', [...RUNNING, rebalance, stop, turn()], ['close 0_0 0_1', 'join']],
  [
    'after the commit that was begun for it',
    [...RUNNING, rebalance, turn({ pending: true }), stop, turn({ inFlight: true }), turn()],
    ['close 0_0 0_1', 'join'],
  ],
  [
    'while its first tasks are being opened',
    [turn(), assigned(1, ['0_0']), turn(), stop, turn(), rebalance, turn()],
    ['join'],
  ],
  [
    'and opens nothing of what it is given',
    [...RUNNING, stop, turn(), rebalance, turn(), assigned(2, ['0_0', '0_1', '1_0']), turn()],
    ['settled'],
  ],
  ['a join that fails ends it', [...JOINING, joinFailed], ['end: broken']],
  ['also while its last commit is on its way', [...JOINING, stop, joinFailed], ['end: broken']],
  ['who has retired does not mind', [...JOINING, stop, turn(), joinFailed], []],
  ['who was dropped does not come back to go', [...RUNNING, stop, turn(), lost, turn()], []],
  ['nor who was never there', [stop, turn()], []],
]

t.test('it is over when everything is committed, and no store is open', async (t) => {
  const over = (events: readonly MembershipEvent[]) => isOver(after(events).state)
  t.equal(over(RUNNING), false)
  t.equal(over([...RUNNING, stop]), false)
  t.equal(over([...RUNNING, stop, turn()]), false, 'stores are being closed')
  t.equal(over([...RUNNING, stop, turn(), closed('0_0'), closed('0_1')]), true)
  t.equal(over([...RUNNING, stop, turn({ pending: true }), closed('0_0'), closed('0_1')]), false, 'work is left')
  t.equal(over([stop, turn()]), true, 'nothing was ever opened')
  const opening = [turn(), assigned(1, ['0_0']), turn(), stop, turn()]
  t.equal(over(opening), false, 'a store is being opened')
  t.equal(over([...opening, opened('0_0', 1)]), false)
  t.equal(over([...opening, opened('0_0', 1), closed('0_0')]), true)
  const lostProducer = [...RUNNING, producerLost, stop, turn(), closed('0_0'), closed('0_1')]
  t.equal(over(lostProducer), false, 'the next life would wait for the transaction')
  t.equal(over([...lostProducer, { kind: 'producerReady' }]), true)
})

t.test('what follows', async (t) => {
  for (const [name, events, expected] of rows) t.same(after(events).last, expected, name)
})

t.test('failures of commits are a row until one goes through, or nothing is left to commit', async (t) => {
  const count = (events: readonly MembershipEvent[]) => after(events).state.failedCommits.count
  t.equal(count([...RUNNING, failed('rewind', { count: 3 })]), 3)
  t.equal(count([...RUNNING, failed('rewind', { count: 3 }), { kind: 'committed' }]), 0)
  t.equal(count([...JOINING, failed('rewind', { count: 3 }), assigned(2, ['0_0']), turn()]), 3, 'others go on')
  t.equal(count([...JOINING, failed('rewind', { count: 3 }), assigned(2, []), turn()]), 0)
  t.equal(after([...RUNNING, failed('rewind', { nowMs: 40 })]).state.pausedUntilMs, 45, 'and a pause')
})

t.test('it is complete when every task runs and no join is under way', async (t) => {
  t.equal(isComplete(after(RUNNING).state), true)
  t.equal(isComplete(after(JOINING).state), false)
  t.equal(isComplete(after([...JOINING, assigned(2, ['0_0', '1_0']), turn()]).state), false)
  t.equal(isComplete(after([...JOINING, assigned(2, []), turn()]).state), true, 'no task is a complete set of tasks')
})
