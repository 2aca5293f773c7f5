/** Runs the tasks for a slice of a turn. An error of one task affects only that task. */
import type { FetchedBatches, Fetcher } from '../../client/fetcher.js'
import { isMillraceError } from '../../errors.js'
import { parseTaskId, type TaskId } from '../../record/task-id.js'
import type { Log } from '../../telemetry/log.js'
import type { MembershipEvent } from '../membership/membership.js'
import type { MembershipState } from '../membership/membership-state.js'
import type { Work } from '../membership/work-decision.js'
import type { Signal } from '../signal.js'
import { LostOffsets } from './lost-offsets.js'
import type { TaskSet } from './task-set.js'

/** Records a task handles before the loop looks at the others: a few milliseconds at most. */
const SLICE_RECORDS = 1_000
/** So long at most, however slow a record is. */
const SLICE_MS = 10

export interface SlicesOptions {
  readonly tasks: TaskSet
  readonly fetcher: Pick<Fetcher, 'poll'>
  readonly log: Log
  /** Raised so that the next turn comes at once. */
  readonly signal: Pick<Signal, 'raise'>
  readonly state: () => MembershipState
  readonly decide: (event: MembershipEvent) => void
  /** The state of this task is damaged. */
  readonly damaged: (taskId: TaskId, error: unknown) => void
}

export class Slices {
  readonly #options: SlicesOptions
  readonly #lostOffsets = new LostOffsets()

  constructor(options: SlicesOptions) {
    this.#options = options
  }

  /** Returns how many records were processed. */
  run(work: Work): number {
    const { tasks } = this.#options
    switch (work) {
      case 'nothing':
        return 0
      case 'finishHandlers':
        return this.guarded(() => tasks.finishHandlers(SLICE_RECORDS))
      case 'process':
        if (tasks.takesMore()) tasks.deliver(this.#poll())
        return this.guarded(() => tasks.process(SLICE_RECORDS, SLICE_MS))
    }
  }

  /** `step` runs user code of many tasks. Returns what it returns; 1 if it was cut short for one of them. */
  guarded(step: () => number): number {
    try {
      return step()
    } catch (error) {
      // Of other tasks, maybe: what they did stays, and is committed.
      if (!isMillraceError(error, 'STATE_DAMAGED', 'PROCESS_RETRY')) throw error
      const id = parseTaskId(error.taskId ?? '')
      if (id === null) throw error
      if (error.code === 'STATE_DAMAGED') {
        this.#options.damaged(id, error)
        return 1
      }
      const { taskId, node, topic, partition, offset, attempt = 1 } = error
      this.#options.log.warn({ taskId, node, topic, partition, offset, attempt }, 'a record is retried')
      this.#options.decide({ kind: 'retryWanted', taskId: id, attempt })
      this.#options.signal.raise()
      return 1
    }
  }

  /** An offset that is gone may only mean that this member was overtaken: its task is taken over again before it counts. */
  #poll(): readonly FetchedBatches[] {
    try {
      return this.#options.fetcher.poll()
    } catch (error) {
      if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
      const { tasks, state, decide } = this.#options
      const { topic = '', partition = -1 } = error
      const taskId = tasks.readerOf(topic, partition)
      if (taskId === null) return []
      const { number } = state().owned.tasks.get(taskId)!
      if (this.#lostOffsets.isFinal(error, number, tasks.committedOffset(topic, partition))) throw error
      decide({ kind: 'taskLost', taskId })
      return []
    }
  }
}
