/**
 * The reason why the state of a task on disk cannot be used. If state is damaged repeatedly, the disk or the memory is
 * faulty: the pause before each rebuild grows, and finally the instance stops.
 */
import type { StreamsConfig } from '../../config.js'
import { MillraceError } from '../../errors.js'
import type { TaskId } from '../../record/task-id.js'
import { Patience } from '../patience.js'

/** State that was sound for so long is damaged for a new reason. */
const SOUND_MS = 60_000

export class DamagedState {
  readonly #clock: StreamsConfig['clock']
  readonly #patience: Patience
  /** Task → why. */
  readonly #reasons = new Map<TaskId, string>()
  /** Task → when its state was last set aside. */
  readonly #setAsideMs = new Map<TaskId, number>()

  constructor(config: Pick<StreamsConfig, 'clock' | 'log' | 'taskTimeoutMs'>) {
    this.#clock = config.clock
    this.#patience = new Patience(config)
  }

  noticed(taskId: TaskId, reason: string): void {
    this.#reasons.set(taskId, reason)
  }

  /** Why the state of the task is to be set aside; asked once for each damage. */
  take(taskId: TaskId): string | undefined {
    const reason = this.#reasons.get(taskId)
    this.#reasons.delete(taskId)
    return reason
  }

  /**
   * The state of the task was set aside: how long to wait before it is rebuilt.
   * @throws MillraceError STREAMS_TASK_TIMEOUT where it has been damaged again and again for `taskTimeoutMs`
   */
  pauseMs(taskId: TaskId, reason: string): number {
    const what = `the state of task ${taskId}`
    const nowMs = this.#clock.monotonicMs()
    const lastMs = this.#setAsideMs.get(taskId)
    this.#setAsideMs.set(taskId, nowMs)
    if (lastMs === undefined || nowMs - lastMs >= SOUND_MS) this.#patience.succeeded(what)
    return this.#patience.failed(
      what,
      new MillraceError('STATE_DAMAGED', reason, { taskId: taskId.text, kind: 'passing' }),
    )
  }
}
