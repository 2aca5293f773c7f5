/** Removes unused state from the disk: of tasks that have moved, and old state that was set aside. */
import type { StreamsConfig } from '../config.js'
import { MillraceError } from '../errors.js'
import type { Random } from '../record/random.js'
import { parseTaskId, type TaskId } from '../record/task-id.js'
import type { StateEngines } from '../state/engine/engine.js'
import type { Log } from '../telemetry/log.js'
import { periodically } from './periodic.js'
import { openProcess } from './process-identity.js'

/** State that was set aside is kept so long for whoever wants to know why. */
const SET_ASIDE_MS = 7 * 24 * 60 * 60 * 1000

/** A task's state goes at most a tenth of the delay late, and a minute. */
const LOOKS = 10
const LONGEST_INTERVAL_MS = 60_000

export interface StateCleaningOptions {
  readonly config: Pick<StreamsConfig, 'stateCleanupDelayMs' | 'clock' | 'log'>
  readonly engines: StateEngines
  /** Tasks that run here. Those being opened are known to the engines. */
  readonly runs: (taskId: TaskId) => boolean
  readonly onRemoved: (taskId: TaskId) => void
}

/**
 * Removes the state of each task that this process has not had for `stateCleanupDelayMs`, counted from when it last had it
 * or started, until the returned function is called. A task that comes back earlier finds its state.
 */
export function cleanState({ config, engines, runs, onRemoved }: StateCleaningOptions): () => Promise<void> {
  const { stateCleanupDelayMs, clock, log } = config
  if (stateCleanupDelayMs === 0 || engines.remove === undefined) return async () => {}
  const idleSinceMs = new Map<string, number>()
  const look = async () => {
    const nowMs = clock.monotonicMs()
    for (const name of await engines.list()) {
      const taskId = parseTaskId(name)
      if (taskId !== null && runs(taskId)) {
        idleSinceMs.delete(name)
        continue
      }
      const sinceMs = idleSinceMs.get(name) ?? nowMs
      idleSinceMs.set(name, sinceMs)
      if (nowMs - sinceMs < stateCleanupDelayMs) continue
      idleSinceMs.delete(name)
      if (!(await engines.remove!(name))) continue
      if (taskId !== null) onRemoved(taskId)
      log.info({ taskId: name }, 'local state of a task that has moved to another instance was removed')
    }
    await engines.removeSetAside?.(clock.now() - SET_ASIDE_MS)
  }
  const intervalMs = Math.min(LONGEST_INTERVAL_MS, Math.ceil(stateCleanupDelayMs / LOOKS))
  const cleaning = periodically(clock, { firstMs: 0, intervalMs }, look, (error) =>
    log.warn({ error: String(error) }, 'unused local state was not removed'),
  )
  return () => cleaning.stop()
}

/**
 * Removes all local state but the identity of the process, under its lock.
 * @throws MillraceError STATE_LOCKED when a process runs on the folder
 */
export async function removeAllState(
  processEngines: StateEngines,
  engines: StateEngines,
  random: Random,
  log: Log,
): Promise<void> {
  const process = await openProcess(processEngines, random, log)
  try {
    for (const taskId of await engines.list()) {
      if (engines.remove === undefined) await engines.setAside(taskId, 'clean-up')
      else if (!(await engines.remove(taskId))) {
        throw new MillraceError('STATE_LOCKED', `the state of task ${taskId} is in use`, { taskId })
      }
    }
    await engines.removeSetAside?.(Number.POSITIVE_INFINITY)
  } finally {
    await process.close()
  }
}
