/**
 * What an instance does next as a group member and after its commits: a pure function from a state and an event to the
 * next state and actions. It does not wait and does not use Kafka.
 */
import type { GroupIdentity } from '../../client/commit.js'
import type { TaskId } from '../../record/task-id.js'
import { type AfterFailedCommit, type FailedCommits, NO_FAILED_COMMITS } from '../commit/failed-commit.js'
import {
  type Arrived,
  answered,
  generationOver,
  isLost,
  SETTLED,
  sessionLost,
  towardsJoin,
  WANTED,
  wantJoin,
} from './group-phase.js'
import { isStopping, type Life, type MembershipState, mayFollow, wants } from './membership-state.js'
import {
  assign,
  type Closing,
  notOpened,
  opened,
  openWaiting,
  renumber,
  type TaskOwnership,
  vacate,
} from './ownership.js'

export type MembershipEvent =
  /** The group, other topics or another plan ask for a join. */
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'sessionLost' }
  | { readonly kind: 'assigned'; readonly generation: GroupIdentity; readonly tasks: readonly TaskId[] }
  | { readonly kind: 'joinFailed'; readonly error: unknown }
  /** Before everything else in a turn of the loop. `inFlight`: a commit whose outcome is not handled. */
  | { readonly kind: 'turnBegins'; readonly inFlight: boolean }
  | TurnEvent
  | { readonly kind: 'opened'; readonly tasks: readonly TaskOwnership[] }
  /** A take-over ended without the task: cancelled, or failed and its pause is over. */
  | { readonly kind: 'notOpened'; readonly tasks: readonly TaskOwnership[] }
  | { readonly kind: 'closed'; readonly taskId: TaskId }
  /** What this task has in memory or on disk cannot be trusted. */
  | { readonly kind: 'taskLost'; readonly taskId: TaskId }
  | { readonly kind: 'retryWanted'; readonly taskId: TaskId; readonly attempt: number }
  | { readonly kind: 'committed' }
  | CommitFailedEvent
  | { readonly kind: 'producerReady' }
  | { readonly kind: 'stop'; readonly leaves: boolean }

/** Once per turn of the loop. */
interface TurnEvent {
  readonly kind: 'turn'
  /** A commit whose outcome is not handled. */
  readonly inFlight: boolean
  /** Work that no commit has collected. */
  readonly pending: boolean
  /** Asynchronous handlers whose work will be. */
  readonly busy: boolean
  /** Tasks that run or are being opened with sources that are no longer those of the plan. */
  readonly changed: readonly TaskId[]
}

interface CommitFailedEvent {
  readonly kind: 'commitFailed'
  /** Failures in a row, with this one. */
  readonly failed: FailedCommits
  readonly next: AfterFailedCommit
  /** It was rejected because its generation is over. */
  readonly stale: boolean
  readonly nowMs: number
}

export type MembershipAction =
  | { readonly kind: 'commit' }
  | { readonly kind: 'join' }
  | { readonly kind: 'initProducer' }
  | { readonly kind: 'open'; readonly tasks: readonly TaskOwnership[] }
  | { readonly kind: 'start'; readonly taskId: TaskId; readonly number: number }
  /** Close what a take-over opened: it came too late. */
  | { readonly kind: 'discard'; readonly taskId: TaskId; readonly number: number }
  | { readonly kind: 'close'; readonly taskIds: readonly TaskId[] }
  | { readonly kind: 'leave' }
  /** The new assignment is in force. */
  | { readonly kind: 'settled' }
  /** This task goes back to its last commit, and rests. */
  | { readonly kind: 'retry'; readonly taskId: TaskId; readonly attempt: number }
  /** Nothing is pending any more: it is read again. */
  | { readonly kind: 'forget' }
  /** Every task goes back to its last commit. */
  | { readonly kind: 'rewind' }
  | { readonly kind: 'end'; readonly error: unknown }

export interface MembershipStep {
  readonly state: MembershipState
  readonly actions: readonly MembershipAction[]
}

export function decideMembership(state: MembershipState, event: MembershipEvent): MembershipStep {
  switch (event.kind) {
    case 'rebalance':
      return only({ ...state, group: wantJoin(state.group) })
    case 'sessionLost':
      return only({ ...state, group: sessionLost(state.group) })
    case 'assigned':
      return only({ ...state, group: answered(state.group, event) })
    case 'joinFailed':
      return state.life.kind === 'retired' ? only(state) : { state, actions: [{ kind: 'end', error: event.error }] }
    case 'turnBegins':
      if (state.retry === null || event.inFlight) return only(state)
      return { state: { ...state, retry: null }, actions: [{ kind: 'retry', ...state.retry }] }
    case 'turn':
      return turn(state, event)
    case 'opened':
      return takenOver(state, event.tasks)
    case 'notOpened':
      return only({ ...state, owned: notOpened(state.owned, event.tasks) })
    case 'closed':
      return only({ ...state, owned: vacate(state.owned, [event.taskId]) })
    case 'taskLost':
      return closing(
        state,
        renumber(state.owned, (taskId) => taskId === event.taskId),
      )
    case 'retryWanted':
      return only({ ...state, retry: { taskId: event.taskId, attempt: event.attempt } })
    case 'committed':
      return only({ ...state, failedCommits: NO_FAILED_COMMITS })
    case 'commitFailed':
      return commitFailed({ ...state, failedCommits: event.failed }, event)
    case 'producerReady':
      return only({ ...state, producer: 'ready' })
    case 'stop':
      return only({ ...state, life: stopped(state.life, event.leaves) })
  }
}

function only(state: MembershipState): MembershipStep {
  return { state, actions: [] }
}

function closing(state: MembershipState, { owned, closing }: Closing): MembershipStep {
  return { state: { ...state, owned }, actions: closing.length === 0 ? [] : [{ kind: 'close', taskIds: closing }] }
}

/**
 * In this order: an assignment comes into force, then at most one commit precedes a join, then tasks are opened. A commit in
 * flight belongs to the generation it began under, so its outcome comes before everything; what a record that is to be tried
 * again left behind must not be committed either. Who stops commits first; then it keeps nobody waiting, however long its
 * stores take.
 */
function turn(before: MembershipState, { inFlight, pending, busy, changed }: TurnEvent): MembershipStep {
  if (inFlight || before.retry !== null) return only(before)
  const actions: MembershipAction[] = []
  let state = before
  const follow = (step: MembershipStep) => {
    state = step.state
    actions.push(...step.actions)
  }
  if (state.group.phase === 'arrived') follow(settle(state, state.group, new Set(changed)))
  if (state.life.kind === 'finishing' && !pending && !busy) follow(retire(state, state.life.leaves))
  if (isStopping(state) && !mayFollow(state)) return { state, actions }
  if (state.group.phase === 'wanted' || state.group.phase === 'flushing') {
    const group = towardsJoin(state.group, pending)
    follow({ state: { ...state, group }, actions: [{ kind: group.phase === 'flushing' ? 'commit' : 'join' }] })
  }
  // The offsets that a take-over reads must not be those before a commit that has the task in it.
  if (isStopping(state) || state.group.phase !== 'settled' || state.producer !== 'ready') return { state, actions }
  const { owned, opening } = openWaiting(state.owned)
  if (opening.length > 0) follow({ state: { ...state, owned }, actions: [{ kind: 'open', tasks: opening }] })
  return { state, actions }
}

function retire(state: MembershipState, leaves: boolean): MembershipStep {
  const given = closing(
    { ...state, life: { kind: 'retired', leaves } },
    assign(state.owned, [], () => false),
  )
  return leaves ? { state: given.state, actions: [...given.actions, { kind: 'leave' }] } : given
}

/**
 * Tasks that stay keep their number, and with it their memory, only if nothing else can have run them: the same member, in
 * the same generation or the next.
 */
function settle(
  state: MembershipState,
  { generation, tasks, again }: Arrived & { readonly again: boolean },
  changed: ReadonlySet<TaskId>,
): MembershipStep {
  const previous = state.generation
  const step = previous === null ? Number.NaN : generation.generationId - previous.generationId
  const successor = previous?.memberId === generation.memberId && (step === 0 || step === 1)
  const continuous = successor && !isLost(state.group)
  const assigned = state.life.kind === 'retired' ? [] : tasks
  const given = closing(
    { ...state, group: again ? WANTED : SETTLED, generation },
    assign(state.owned, assigned, (taskId) => continuous && !changed.has(taskId)),
  )
  // Without a task, nothing is committed that could end the row of failures.
  const failedCommits = assigned.length === 0 ? NO_FAILED_COMMITS : state.failedCommits
  return { state: { ...given.state, failedCommits }, actions: [...given.actions, { kind: 'settled' }] }
}

function takenOver(state: MembershipState, tasks: readonly TaskOwnership[]): MembershipStep {
  const wanted = tasks.filter(({ taskId, number }) => wants(state, taskId, number))
  const late = tasks.filter((task) => !wanted.includes(task))
  return {
    state: { ...state, owned: opened(state.owned, wanted, late) },
    actions: [
      ...late.map((task): MembershipAction => ({ kind: 'discard', ...task })),
      ...wanted.map((task): MembershipAction => ({ kind: 'start', ...task })),
    ],
  }
}

/**
 * The transaction is certainly not visible: back to the committed offsets, with the stores as committed. If nobody knows what
 * became of it, or another producer took our id, every task is taken over as if another member had run it.
 */
function commitFailed(before: MembershipState, { next, stale, nowMs }: CommitFailedEvent): MembershipStep {
  if (next.kind === 'end') return { state: before, actions: [{ kind: 'end', error: next.error }] }
  const state = { ...before, pausedUntilMs: nowMs + next.pauseMs }
  if (next.kind === 'takeOver') {
    const given = closing(
      { ...state, producer: 'initialising' },
      renumber(state.owned, () => true),
    )
    return { state: given.state, actions: [{ kind: 'forget' }, ...given.actions, { kind: 'initProducer' }] }
  }
  const group = stale ? generationOver(state.group) : state.group
  return { state: { ...state, group }, actions: [{ kind: 'forget' }, { kind: 'rewind' }] }
}

function stopped(life: Life, leaves: boolean): Life {
  if (life.kind === 'working') return { kind: 'finishing', leaves }
  return life.leaves || !leaves ? life : { ...life, leaves }
}
