/**
 * Who owns which task, and what a member does next: one pure decision from a state and an event to the next state and
 * actions. Nothing here waits, and nothing here knows Kafka.
 *
 * A task is owned under a number. What was begun under one number (opening it, restoring it, a commit, a pause) is
 * worthless under another: another member may have run the task in between. Numbers only rise.
 */

/** Who we are in the group, and in which generation. */
export interface Generation {
  readonly memberId: string
  readonly generationId: number
}

export interface OwnedTask {
  readonly number: number
  readonly phase: 'waiting' | 'opening' | 'running'
}

export interface TaskOwnership {
  readonly taskId: string
  readonly number: number
}

export interface MembershipState {
  /**
   * `wanted`: join as soon as no commit is in flight. `flushing`: the one commit before the join was begun. `joining`: the
   * group has been asked. `settled`: our tasks are known.
   */
  readonly group: 'wanted' | 'flushing' | 'joining' | 'settled'
  /** A rebalance was asked for while we join. */
  readonly again: boolean
  readonly generation: Generation | null
  /** The assignment that came, not in force before the outcome of the commit in flight is handled. */
  readonly arrived: { readonly generation: Generation; readonly tasks: readonly string[] } | null
  /** The session ended: others may have run our tasks, whatever the generation says. */
  readonly lost: boolean
  /** The group has moved on and we do not know our tasks: work would be thrown away. */
  readonly holding: boolean
  readonly producerReady: boolean
  readonly stopping: boolean
  /** Who stops leaves the group; otherwise its tasks wait for its next life. */
  readonly leaves: boolean
  /** It stops, and its last commit is through: it has given its tasks up. */
  readonly retired: boolean
  readonly tasks: ReadonlyMap<string, OwnedTask>
  /** Stores being opened or closed, under whatever number: a store cannot be open twice. */
  readonly occupied: ReadonlySet<string>
  readonly nextNumber: number
}

export type MembershipEvent =
  /** The group, other topics or another plan ask for a join. */
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'sessionLost' }
  | { readonly kind: 'assigned'; readonly generation: Generation; readonly tasks: readonly string[] }
  /**
   * Once per turn of the loop. `inFlight`: a commit whose outcome is not handled. `pending`: work that no commit has
   * collected. `busy`: asynchronous handlers whose work will be. `changed`: tasks that run or are being opened with sources that are no longer those of the plan.
   */
  | {
      readonly kind: 'turn'
      readonly inFlight: boolean
      readonly pending: boolean
      readonly busy: boolean
      readonly changed: readonly string[]
    }
  | { readonly kind: 'opened'; readonly tasks: readonly TaskOwnership[] }
  /** A take-over ended without the task: cancelled, or failed and its pause is over. */
  | { readonly kind: 'notOpened'; readonly tasks: readonly TaskOwnership[] }
  | { readonly kind: 'closed'; readonly taskId: string }
  /** What this task has in memory or on disk cannot be trusted. */
  | { readonly kind: 'taskLost'; readonly taskId: string }
  /** A commit was refused because its generation is over. */
  | { readonly kind: 'staleGeneration' }
  /** The outcome of a commit is unknown, or another producer took our id. */
  | { readonly kind: 'producerLost' }
  | { readonly kind: 'producerReady' }
  | { readonly kind: 'stop'; readonly leaves: boolean }

export type MembershipAction =
  | { readonly kind: 'commit' }
  | { readonly kind: 'join' }
  | { readonly kind: 'initProducer' }
  | { readonly kind: 'open'; readonly tasks: readonly TaskOwnership[] }
  | { readonly kind: 'start'; readonly taskId: string; readonly number: number }
  /** Close what a take-over opened: it came too late. */
  | { readonly kind: 'discard'; readonly taskId: string; readonly number: number }
  | { readonly kind: 'close'; readonly taskIds: readonly string[] }
  | { readonly kind: 'leave' }
  /** The new assignment is in force. */
  | { readonly kind: 'settled' }

export interface MembershipStep {
  readonly state: MembershipState
  readonly actions: readonly MembershipAction[]
}

export const OUTSIDE: MembershipState = {
  group: 'wanted',
  again: false,
  generation: null,
  arrived: null,
  lost: false,
  holding: false,
  producerReady: true,
  stopping: false,
  leaves: false,
  retired: false,
  tasks: new Map(),
  occupied: new Set(),
  nextNumber: 1,
}

export function decideMembership(state: MembershipState, event: MembershipEvent): MembershipStep {
  switch (event.kind) {
    case 'rebalance':
      return only(wantJoin(state))
    case 'sessionLost':
      return only({ ...wantJoin(state), lost: true })
    case 'assigned':
      return only({ ...state, arrived: { generation: event.generation, tasks: event.tasks } })
    case 'turn':
      return turn(state, event)
    case 'opened':
      return opened(state, event.tasks)
    case 'notOpened':
      return only(
        notOpened(
          vacate(
            state,
            event.tasks.map(({ taskId }) => taskId),
          ),
          event.tasks,
        ),
      )
    case 'closed':
      return only(vacate(state, [event.taskId]))
    case 'taskLost':
      return renumber(state, (taskId) => taskId === event.taskId)
    case 'staleGeneration':
      return only({ ...(state.group === 'joining' ? state : wantJoin(state)), holding: true })
    case 'producerLost': {
      const { state: next, actions } = renumber(state, () => true)
      return { state: { ...next, producerReady: false }, actions: [...actions, { kind: 'initProducer' }] }
    }
    case 'producerReady':
      return only({ ...state, producerReady: true })
    case 'stop':
      return only({ ...state, stopping: true, leaves: state.leaves || event.leaves })
  }
}

function only(state: MembershipState): MembershipStep {
  return { state, actions: [] }
}

function wantJoin(state: MembershipState): MembershipState {
  if (state.group === 'joining') return { ...state, again: true }
  return state.group === 'settled' ? { ...state, group: 'wanted' } : state
}

/**
 * In this order: an assignment comes into force, then at most one commit precedes a join, then tasks are opened. A commit in
 * flight belongs to the generation it began under, so its outcome comes before everything. Who stops commits first; then it
 * keeps nobody waiting, however long its stores take.
 */
function turn(
  before: MembershipState,
  { inFlight, pending, busy, changed }: Extract<MembershipEvent, { kind: 'turn' }>,
): MembershipStep {
  const actions: MembershipAction[] = []
  let state = before
  if (state.arrived !== null && !inFlight) {
    const settled = settle(state, state.arrived, new Set(changed))
    state = settled.state
    actions.push(...settled.actions)
  }
  if (state.stopping && !state.retired && !inFlight && !pending && !busy) {
    const retired = retire(state)
    state = retired.state
    actions.push(...retired.actions)
  }
  if (state.stopping && !mayFollow(state)) return { state, actions }
  if (!inFlight && (state.group === 'wanted' || state.group === 'flushing')) {
    const flush = state.group === 'wanted' && pending && !state.holding
    state = { ...state, group: flush ? 'flushing' : 'joining' }
    actions.push({ kind: flush ? 'commit' : 'join' })
  }
  if (state.stopping) return { state, actions }
  // The offsets that a take-over reads must not be those before a commit that has the task in it.
  if (state.group !== 'settled' || !state.producerReady || inFlight) return { state, actions }
  const opening: TaskOwnership[] = []
  for (const [taskId, { number, phase }] of state.tasks) {
    if (phase === 'waiting' && !state.occupied.has(taskId)) opening.push({ taskId, number })
  }
  if (opening.length === 0) return { state, actions }
  const tasks = new Map(state.tasks)
  for (const { taskId, number } of opening) tasks.set(taskId, { number, phase: 'opening' })
  const occupied = new Set([...state.occupied, ...opening.map(({ taskId }) => taskId)])
  return { state: { ...state, tasks, occupied }, actions: [...actions, { kind: 'open', tasks: opening }] }
}

function retire(state: MembershipState): MembershipStep {
  const closing = running(state)
  const occupied = new Set([...state.occupied, ...closing])
  return {
    state: { ...state, retired: true, tasks: new Map(), occupied },
    actions: [...closeOf(closing), ...(state.leaves ? [{ kind: 'leave' } as const] : [])],
  }
}

/** Whether a member that stops still joins when the others agree anew: it keeps its place, so they would wait for it. */
function mayFollow({ retired, leaves, lost, generation }: MembershipState): boolean {
  return retired && !leaves && !lost && generation !== null
}

/**
 * Tasks that stay keep their number, and with it their memory, only if nobody else can have run them: the same member, in
 * the same generation or the next.
 */
function settle(
  state: MembershipState,
  { generation, tasks: assigned }: NonNullable<MembershipState['arrived']>,
  changed: ReadonlySet<string>,
): MembershipStep {
  const previous = state.generation
  const step = previous === null ? Number.NaN : generation.generationId - previous.generationId
  const continuous = !state.lost && previous?.memberId === generation.memberId && (step === 0 || step === 1)
  const tasks = new Map<string, OwnedTask>()
  let { nextNumber } = state
  for (const taskId of state.retired ? [] : assigned) {
    const owned = state.tasks.get(taskId)
    const kept = continuous && owned !== undefined && !changed.has(taskId)
    tasks.set(taskId, kept ? owned : { number: nextNumber++, phase: 'waiting' })
  }
  const closing = running(state).filter((taskId) => tasks.get(taskId)?.number !== state.tasks.get(taskId)!.number)
  return {
    state: {
      ...state,
      group: state.again ? 'wanted' : 'settled',
      again: false,
      generation,
      arrived: null,
      lost: false,
      holding: false,
      tasks,
      occupied: new Set([...state.occupied, ...closing]),
      nextNumber,
    },
    actions: [...closeOf(closing), { kind: 'settled' }],
  }
}

function opened(before: MembershipState, tasks: readonly TaskOwnership[]): MembershipStep {
  const wanted = tasks.filter(({ taskId, number }) => !before.stopping && owns(before, taskId, number))
  const late = tasks.filter(({ taskId, number }) => before.stopping || !owns(before, taskId, number))
  // What came too late is occupied until it is closed again.
  const state = vacate(
    notOpened(before, late),
    wanted.map(({ taskId }) => taskId),
  )
  const all = new Map(state.tasks)
  for (const { taskId, number } of wanted) all.set(taskId, { number, phase: 'running' })
  return {
    state: { ...state, tasks: all },
    actions: [
      ...late.map((task): MembershipAction => ({ kind: 'discard', ...task })),
      ...wanted.map((task): MembershipAction => ({ kind: 'start', ...task })),
    ],
  }
}

function notOpened(state: MembershipState, tasks: readonly TaskOwnership[]): MembershipState {
  const owned = tasks.filter(({ taskId, number }) => owns(state, taskId, number))
  if (owned.length === 0) return state
  const all = new Map(state.tasks)
  for (const { taskId, number } of owned) all.set(taskId, { number, phase: 'waiting' })
  return { ...state, tasks: all }
}

/** Those chosen are taken over again, as if another member had run them. */
function renumber(state: MembershipState, chosen: (taskId: string) => boolean): MembershipStep {
  const closing = running(state).filter(chosen)
  const tasks = new Map(state.tasks)
  let { nextNumber } = state
  for (const taskId of state.tasks.keys()) {
    if (chosen(taskId)) tasks.set(taskId, { number: nextNumber++, phase: 'waiting' })
  }
  const occupied = new Set([...state.occupied, ...closing])
  return { state: { ...state, tasks, occupied, nextNumber }, actions: closeOf(closing) }
}

function running({ tasks }: MembershipState): string[] {
  return [...tasks].filter(([, { phase }]) => phase === 'running').map(([taskId]) => taskId)
}

function closeOf(taskIds: readonly string[]): MembershipAction[] {
  return taskIds.length === 0 ? [] : [{ kind: 'close', taskIds }]
}

function vacate(state: MembershipState, taskIds: readonly string[]): MembershipState {
  if (taskIds.length === 0) return state
  const occupied = new Set(state.occupied)
  for (const taskId of taskIds) occupied.delete(taskId)
  return { ...state, occupied }
}

/** Whether `taskId` is still owned under `number`. */
export function owns({ tasks }: MembershipState, taskId: string, number: number): boolean {
  return tasks.get(taskId)?.number === number
}

/** Everything is committed, and no store is open. */
export function isOver({ retired, producerReady, occupied }: MembershipState): boolean {
  return retired && producerReady && occupied.size === 0
}

/** Every task that we own runs. */
export function isComplete({ tasks, group }: MembershipState): boolean {
  return group !== 'joining' && [...tasks.values()].every(({ phase }) => phase === 'running')
}
