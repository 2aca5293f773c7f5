/** How far the stores of this instance have come, and whether that is far enough for a reader. */
import { MillraceError } from '../../errors.js'
import type { CommittedView } from '../../state/committed/view.js'

/**
 * `topic-partition` → offset of the next record to read, by the last commit. What `committedOffset` says, what
 * `position` returns and what a bound asks for.
 */
export type Position = Readonly<Record<string, number>>

export interface QueryOptions {
  /**
   * Reads reject with QUERY_POSITION_BEHIND until the store holds what came before these offsets. Partitions of topics
   * that do not feed the store, and partitions not asked for, are ignored; a partition that feeds it and runs elsewhere rejects, for its rows are not
   * here.
   */
  readonly bound?: Position
  /** Only rows of these partitions; default: of all that run here. */
  readonly partitions?: readonly number[]
}

/** A task that has the store. */
export interface StoreHolder {
  readonly taskId: string
  readonly partition: number
  readonly view: CommittedView
  /** Of every partition that feeds the task. */
  readonly position: Position
  /** Real names of the topics that feed the sub-topology, also where this task reads no partition of them. */
  readonly topics: ReadonlySet<string>
}

/** Where a store is, on this instance. */
export interface StoreMetadata {
  readonly store: string
  /** True: this instance holds all of it. */
  readonly global: boolean
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
      `store ${store} was asked for as of ${name} offset ${wanted}, which ${found}`,
      { topic, partition },
    )
  }
}
