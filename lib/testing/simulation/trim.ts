/** Deletes the start of a changelog, up to the first record that a store still needs. */
import type { Broker } from '../../broker/broker.js'
import type { TopicRecord } from '../../record/record.js'
import { readInt64 } from '../../serde/int64-bytes.js'
import { committedRecords } from './log.js'
import type { SimStorage } from './storage.js'
import { APPLICATION, SESSION, WINDOW } from './topology.js'

/** The time a row of a store belongs to, by its key; null: it is kept forever. */
type TimeOf = (key: Buffer) => number

interface Changelog {
  readonly topic: string
  readonly timeOf: TimeOf | null
  /** Rows this much older than the newest are gone. */
  readonly keptMs: number
}

export interface Trimmed {
  readonly topic: string
  readonly partition: number
  /** The task that must end when records of its changelog are deleted, because none of them ever expires; null: there is none. */
  readonly keptBy: string | null
}

const CHANGELOGS: readonly Changelog[] = [
  { topic: `${APPLICATION}-totals-changelog`, timeOf: null, keptMs: 0 },
  {
    topic: `${APPLICATION}-windows-changelog`,
    timeOf: (key) => readInt64(key, key.length - 12),
    keptMs: WINDOW.sizeMs + WINDOW.graceMs,
  },
  {
    topic: `${APPLICATION}-sessions-changelog`,
    timeOf: (key) => readInt64(key, key.length - 16),
    keptMs: SESSION.gapMs + SESSION.graceMs,
  },
]

/** Moves the start of one changelog's partition. Null: nothing there can go. */
export function trimChangelog(
  broker: Broker,
  storage: SimStorage,
  strength: number,
  note: (line: string) => void,
): Trimmed | null {
  const places = CHANGELOGS.flatMap((changelog) => {
    const topic = broker.core.topics.named(changelog.topic)
    return (topic?.partitions ?? []).map((log) => ({ changelog, topic: topic!, log }))
  })
  const first = Math.floor(strength * places.length)
  for (let i = 0; i < places.length; i++) {
    const { changelog, topic, log } = places[(first + i) % places.length]!
    const records = committedRecords(topic.name, log.partition, storage.batches(topic.name, log.partition))
    const end = log.lastStableOffset
    const needed = firstNeeded(
      changelog,
      records.filter(({ offset }) => offset < end),
    )
    const start = Math.min(needed ?? end, end)
    if (start <= log.logStartOffset) continue
    broker.core.topics.moveStart(topic, log, start)
    note(`${topic.name}-${log.partition} begins at ${start} from now on`)
    // The totals are a store of sub-topology 0.
    const keptBy = changelog.timeOf === null ? `0_${log.partition}` : null
    return { topic: topic.name, partition: log.partition, keptBy }
  }
  return null
}

/** Offset of the oldest record that is a row's last; null: no row is left. */
function firstNeeded({ timeOf, keptMs }: Changelog, records: readonly TopicRecord[]): number | null {
  const last = new Map<string, { offset: number; timeMs: number; live: boolean }>()
  let newestMs = Number.NEGATIVE_INFINITY
  for (const { key, value, offset } of records) {
    if (key === null) continue
    const timeMs = timeOf?.(key) ?? 0
    newestMs = Math.max(newestMs, timeMs)
    last.set(key.toString('latin1'), { offset, timeMs, live: value !== null })
  }
  let needed: number | null = null
  for (const { offset, timeMs, live } of last.values()) {
    if (!live || (timeOf !== null && timeMs < newestMs - keptMs)) continue
    needed = Math.min(needed ?? offset, offset)
  }
  return needed
}
