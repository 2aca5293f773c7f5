/**
 * Which tasks a member owns and how far each is, as a value and its moves; nothing here waits, and nothing here knows the group.
 *
 * A task is owned under a number. What was begun under one number (opening it, restoring it, a commit, a pause) is
 * worthless under another: another member may have run the task in between. Numbers only rise.
 */

import type { TaskId } from '../../record/task-id.js'

export interface OwnedTask {
  readonly number: number
  readonly phase: 'waiting' | 'opening' | 'running'
}

export interface TaskOwnership {
  readonly taskId: TaskId
  readonly number: number
}

export interface Ownership {
  readonly tasks: ReadonlyMap<TaskId, OwnedTask>
  /** Stores being opened or closed, under whatever number: a store cannot be open twice. */
  readonly occupied: ReadonlySet<TaskId>
  readonly nextNumber: number
}

/** The running tasks among those that are no longer owned, or owned under another number: their stores are to be closed. */
export interface Closing {
  readonly owned: Ownership
  readonly closing: readonly TaskId[]
}

export const NOTHING_OWNED: Ownership = { tasks: new Map(), occupied: new Set(), nextNumber: 1 }

/** Whether `taskId` is still owned under `number`. */
export function ownsTask({ tasks }: Ownership, taskId: TaskId, number: number): boolean {
  return tasks.get(taskId)?.number === number
}

/** These tasks and no others are owned. Those that `keeps` says yes to keep their number, and with it their memory. */
export function assign(owned: Ownership, assigned: readonly TaskId[], keeps: (taskId: TaskId) => boolean): Closing {
  const tasks = new Map<TaskId, OwnedTask>()
  let { nextNumber } = owned
  for (const taskId of assigned) {
    const before = owned.tasks.get(taskId)
    tasks.set(taskId, before !== undefined && keeps(taskId) ? before : { number: nextNumber++, phase: 'waiting' })
  }
  const closing = running(owned).filter((taskId) => tasks.get(taskId)?.number !== owned.tasks.get(taskId)!.number)
  return { owned: { tasks, occupied: occupy(owned, closing), nextNumber }, closing }
}

/** Those chosen are taken over again, as if another member had run them. */
export function renumber(owned: Ownership, chosen: (taskId: TaskId) => boolean): Closing {
  const closing = running(owned).filter(chosen)
  const tasks = new Map(owned.tasks)
  let { nextNumber } = owned
  for (const taskId of owned.tasks.keys()) {
    if (chosen(taskId)) tasks.set(taskId, { number: nextNumber++, phase: 'waiting' })
  }
  return { owned: { tasks, occupied: occupy(owned, closing), nextNumber }, closing }
}

/** What waits and has a store that nobody uses is opened. */
export function openWaiting(owned: Ownership): {
  readonly owned: Ownership
  readonly opening: readonly TaskOwnership[]
} {
  const opening: TaskOwnership[] = []
  for (const [taskId, { number, phase }] of owned.tasks) {
    if (phase === 'waiting' && !owned.occupied.has(taskId)) opening.push({ taskId, number })
  }
  if (opening.length === 0) return { owned, opening }
  const taskIds = opening.map(({ taskId }) => taskId)
  return { owned: { ...inPhase(owned, opening, 'opening'), occupied: occupy(owned, taskIds) }, opening }
}

/** A take-over has ended. What came too late stays occupied until it is closed again. */
export function opened(owned: Ownership, wanted: readonly TaskOwnership[], late: readonly TaskOwnership[]): Ownership {
  const taskIds = wanted.map(({ taskId }) => taskId)
  return inPhase(vacate(waitAgain(owned, late), taskIds), wanted, 'running')
}

/** A take-over has ended without these: those still owned under the same number wait for another. */
export function notOpened(owned: Ownership, tasks: readonly TaskOwnership[]): Ownership {
  const taskIds = tasks.map(({ taskId }) => taskId)
  return waitAgain(vacate(owned, taskIds), tasks)
}

/** Nobody uses these stores any more. */
export function vacate(owned: Ownership, taskIds: readonly TaskId[]): Ownership {
  if (taskIds.length === 0) return owned
  const occupied = new Set(owned.occupied)
  for (const taskId of taskIds) occupied.delete(taskId)
  return { ...owned, occupied }
}

function waitAgain(owned: Ownership, tasks: readonly TaskOwnership[]): Ownership {
  const still = tasks.filter(({ taskId, number }) => ownsTask(owned, taskId, number))
  return inPhase(owned, still, 'waiting')
}

function inPhase(owned: Ownership, chosen: readonly TaskOwnership[], phase: OwnedTask['phase']): Ownership {
  if (chosen.length === 0) return owned
  const tasks = new Map(owned.tasks)
  for (const { taskId, number } of chosen) tasks.set(taskId, { number, phase })
  return { ...owned, tasks }
}

function running({ tasks }: Ownership): TaskId[] {
  return [...tasks].filter(([, { phase }]) => phase === 'running').map(([taskId]) => taskId)
}

function occupy({ occupied }: Ownership, taskIds: readonly TaskId[]): ReadonlySet<TaskId> {
  return new Set([...occupied, ...taskIds])
}
