/** The marks of an input whose visitors become users: each partition hears how far the input has come. */
import { inputProgress } from '../../records/activity.js'
import type { ServiceSerdes } from '../../records/serdes.js'
import type { TopicNames } from '../../records/topic-names.js'
import { type Item, itemTime } from './feed.js'
import type { LoaderInput } from './input-files.js'
import type { LoaderProgress } from './ledger.js'

const PROGRESS_ITEMS = 1_000

/**
 * The records of items with marks between them: before the first event of the input, and after each 1,000 items, so that they stand at
 * the same places whenever the input is sent. A mark has the time of one item: a single wrong time does not move all partitions.
 */
export function withProgress<R>(
  items: readonly Item[],
  { position, latestAt }: LoaderProgress,
  recordOf: (item: Item) => R,
  marksAt: (atMs: number) => readonly R[],
): R[] {
  let isTimed = latestAt > 0
  return items.flatMap((item, i) => {
    const atMs = itemTime(item)
    const record = recordOf(item)
    if (atMs === undefined) return [record]
    const before = isTimed ? [] : marksAt(atMs)
    isTimed = true
    return [...before, record, ...((position + i + 1) % PROGRESS_ITEMS === 0 ? marksAt(atMs) : [])]
  })
}

/** One mark for each partition. */
export function progressMarks(
  serdes: ServiceSerdes,
  { activity: topic }: TopicNames,
  partitions: number,
  atMs: number,
  source: LoaderInput['source'],
) {
  const mark = inputProgress(partitions, atMs, source)
  const value = serdes.activity.serialize(mark, topic)
  const key = Buffer.from(mark.eventId)
  return Array.from({ length: partitions }, (_, partition) => ({ topic, key, value, partition }))
}
