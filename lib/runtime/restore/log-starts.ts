/**
 * The start offsets of the changelogs of running tasks. A changelog without retention loses records at its start only
 * if a user deletes them.
 */
import type { Admin } from '../../client/admin.js'
import { formatTopicPartition } from '../../record/record.js'
import type { TaskOwnership } from '../membership/ownership.js'
import type { ResolvedTopology } from '../topics/resolved-topology.js'
import { changelogTrimmed } from '../topics/topic-changes.js'

export interface LogStartsOptions {
  readonly plan: Pick<ResolvedTopology, 'keptChangelogs' | 'changelogs'>
  readonly admin: Pick<Admin, 'listOffsets'>
  readonly tasks: () => readonly TaskOwnership[]
}

export class LogStarts {
  readonly #options: LogStartsOptions
  /** `topic-partition` → where it began under which ownership of its task: whoever takes a task over reads what is left. */
  #seen = new Map<string, { readonly number: number; readonly offset: number }>()

  constructor(options: LogStartsOptions) {
    this.#options = options
  }

  /** @throws MillraceError STREAMS_INTERNAL_TOPIC_CHANGED */
  async look(): Promise<void> {
    const { plan, admin } = this.#options
    const kept = plan.keptChangelogs()
    const changelogs = this.#options.tasks().flatMap(({ taskId, number }) =>
      plan
        .changelogs(taskId)
        .filter(({ topic, isSource }) => !isSource && kept.has(topic))
        .map(({ topic, partition }) => ({ taskId, number, topic, partition })),
    )
    const starts = changelogs.length === 0 ? [] : await admin.listOffsets(changelogs, 'earliest', 'readUncommitted')
    // The answer may be newer than the ownership that it was asked for.
    const numbers = new Map(this.#options.tasks().map(({ taskId, number }) => [taskId, number]))
    const seen = new Map<string, { readonly number: number; readonly offset: number }>()
    for (const [at, { topic, partition, offset }] of starts.entries()) {
      const { taskId, number } = changelogs[at]!
      if (numbers.get(taskId) !== number) continue
      const name = formatTopicPartition(topic, partition)
      const before = this.#seen.get(name)
      if (before?.number === number && offset > before.offset) {
        throw changelogTrimmed(topic, partition, before.offset, offset)
      }
      seen.set(name, { number, offset })
    }
    this.#seen = seen
  }
}
