/** The engines of an instance. State that is set aside is counted and logged. */
import type { MillraceError } from '../errors.js'
import type { StateEngine, StateEngines } from '../state/engine/engine.js'
import type { Log } from '../telemetry/log.js'

export class WatchedEngines implements StateEngines {
  readonly remove?: (taskId: string) => Promise<boolean>
  readonly removeSetAside?: (beforeMs: number) => Promise<void>
  readonly #engines: StateEngines
  readonly #log: Log
  readonly #onSetAside: (taskId: string) => void

  constructor(engines: StateEngines, log: Log, onSetAside: (taskId: string) => void) {
    this.#engines = engines
    this.#log = log
    this.#onSetAside = onSetAside
    if (engines.remove !== undefined) this.remove = (taskId) => engines.remove!(taskId)
    if (engines.removeSetAside !== undefined) this.removeSetAside = (beforeMs) => engines.removeSetAside!(beforeMs)
  }

  set onDamaged(told: ((error: MillraceError) => void) | null) {
    this.#engines.onDamaged = told
  }

  open(taskId: string): Promise<StateEngine> {
    return this.#engines.open(taskId)
  }

  async setAside(taskId: string, reason: string): Promise<void> {
    await this.#engines.setAside(taskId, reason)
    this.#onSetAside(taskId)
    this.#log.warn({ taskId, reason }, 'local state is set aside and rebuilt from the changelog')
  }

  list(): Promise<string[]> {
    return this.#engines.list()
  }
}
