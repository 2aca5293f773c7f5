/** The positions of the stores of this instance, compared with the minimum position of a query. */
import { MillraceError } from '../../errors.js'
import type { TaskId } from '../../record/task-id.js'
import type { CommittedView } from '../../state/committed/view.js'

/** For each `topic-partition` the offset of the next record to read. A position says how far a store is, or must be. */
export type Position = Readonly<Record<string, number>>

/** Options of all reads of a store. */
export interface QueryOptions {
  /**
   * Reads reject with QUERY_POSITION_BEHIND until the store has everything before these offsets. Topics that do not feed the store,
   * and partitions that are not in `partitions`, are ignored. If a partition that feeds the store runs on another instance, reads
   * reject, because its rows are not here.
   */
  readonly bound?: Position
  /** Read only these partitions. Default: all that run here. */
  readonly partitions?: readonly number[]
}

/** A task that has the store. */
export interface StoreHolder {
  readonly taskId: TaskId
  readonly view: CommittedView
  /** Of every partition that feeds the task. */
  readonly position: Position
  /** Real names of the topics that feed the sub-topology, also where this task reads no partition of them. */
  readonly topics: ReadonlySet<string>
}

/** What this instance has of a store. */
export interface StoreMetadata {
  readonly store: string
  /** Whether it is a global store, which every instance has completely. */
  readonly global: boolean
  /** The tasks that have the store, with their partition and position. */
  readonly tasks: readonly {
    /** `subtopology_partition`. */
    readonly taskId: string
    readonly partition: number
    readonly position: Position
  }[]
}

function topicOf(topicPartition: string): string {
  return topicPartition.slice(0, topicPartition.lastIndexOf('-'))
}

/** @throws MillraceError QUERY_POSITION_BEHIND */
export function requirePosition(
  store: string,
  holders: readonly StoreHolder[],
  { bound = {}, partitions }: QueryOptions,
): void {
  const topics = new Set(holders.flatMap((holder) => [...holder.topics]))
  const reached = new Map(holders.flatMap(({ position }) => Object.entries(position)))
  for (const [name, wanted] of Object.entries(bound)) {
    const topic = topicOf(name)
    const partition = Number(name.slice(topic.length + 1))
    if (holders.length > 0 && !topics.has(topic)) continue
    if (partitions !== undefined && !partitions.includes(partition)) continue
    const offset = reached.get(name)
    if (offset !== undefined && offset >= wanted) continue
    const found = offset === undefined ? 'does not run here' : `is at ${offset}`
    throw new MillraceError(
      'QUERY_POSITION_BEHIND',
      `the query of store ${store} needs ${name} offset ${wanted}, which ${found}`,
      { topic, partition },
    )
  }
}
