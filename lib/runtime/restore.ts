/**
 * Replays changelogs into stores. A partition is done when the position, not a record, has reached the mark taken at
 * the start: the last offsets may be markers, aborted data or compacted away. Open transactions are waited out.
 */
import type { Fetcher } from '../client/fetcher.js'
import { exactTimestamp } from '../protocol/index.js'
import type { Clock } from '../record/clock.js'
import { formatTopicPartition } from '../record/record.js'
import type { TaskState } from '../state/task-state.js'
import type { Refill } from './refill.js'
import type { RestoreListeners, RestoreReport } from './restore-listener.js'
import { Signal } from './signal.js'

export interface ChangelogRange {
  readonly state: TaskState
  readonly store: string
  readonly topic: string
  readonly partition: number
  readonly from: number
  /** High watermark when the take-over began; of a source topic, the group's offset. */
  readonly to: number
  /** A source topic: what comes after `to` is input still to be processed. */
  readonly isSource: boolean
  readonly topicId: string | null
  /** How a read-only store takes a record; null: the record's bytes are the store's. */
  readonly refill: Refill | null
}

/** Errors of a partition come out of `poll`. */
export type MakeFetcher = (onArrival: () => void) => Fetcher

interface OpenRange extends ChangelogRange {
  readonly report: RestoreReport
}

/** How often a waiting restore looks whether it was cancelled. */
const CANCEL_CHECK_MS = 100

export class Restore {
  readonly #makeFetcher: MakeFetcher
  readonly #clock: Clock
  readonly #listeners: RestoreListeners
  /** Records applied since the process started. */
  records = 0

  /** `makeFetcher` gives a read_committed fetcher on the restore lane. */
  constructor(makeFetcher: MakeFetcher, clock: Clock, listeners: RestoreListeners) {
    this.#makeFetcher = makeFetcher
    this.#clock = clock
    this.#listeners = listeners
  }

  /** False when cancelled before the end. */
  async run(ranges: readonly ChangelogRange[], cancelled: () => boolean): Promise<boolean> {
    const reports: RestoreReport[] = []
    try {
      const open = new Map<string, OpenRange>()
      for (const range of ranges) {
        const report = this.#report(range)
        reports.push(report)
        if (range.from < range.to) open.set(formatTopicPartition(range.topic, range.partition), { ...range, report })
        else {
          range.state.restored(range.store, range.to, range.topicId, true)
          report.end()
        }
      }
      if (open.size === 0) return !cancelled()
      await this.#replay(open, cancelled)
      return open.size === 0
    } finally {
      for (const { refill } of ranges) refill?.close()
      for (const report of reports) report.suspend()
    }
  }

  async #replay(open: Map<string, OpenRange>, cancelled: () => boolean): Promise<void> {
    const signal = new Signal(this.#clock)
    const fetcher = this.#makeFetcher(signal.raise)
    try {
      for (const range of open.values()) fetcher.add(range, range.from)
      while (open.size > 0 && !cancelled()) {
        const arrived = fetcher.poll()
        for (const chunk of arrived) await this.#apply(chunk, open, fetcher)
        if (arrived.length === 0) await signal.wait(CANCEL_CHECK_MS)
      }
    } finally {
      fetcher.close()
    }
  }

  #report({ state, store, topic, partition, from, to }: ChangelogRange): RestoreReport {
    const range = { taskId: state.taskId, store, topic, partition, startOffset: from, endOffset: Math.max(from, to) }
    return this.#listeners.start(range)
  }

  async #apply(
    chunk: ReturnType<Fetcher['poll']>[number],
    open: Map<string, OpenRange>,
    fetcher: Fetcher,
  ): Promise<void> {
    const name = formatTopicPartition(chunk.topic, chunk.partition)
    const range = open.get(name)
    if (range === undefined) return
    const before = this.records
    for (const batch of chunk.batches) {
      const cursor = batch.records()
      const { topic, partition } = chunk
      const record = { headers: () => cursor.headers(), logged: { topic, partition, cursor } }
      while (cursor.next()) {
        if (cursor.offset < range.from) continue
        if (range.isSource && cursor.offset >= range.to) break
        if (range.refill !== null) await range.refill.apply(cursor)
        else {
          const key = cursor.key()
          if (key === null) continue
          const timestamp = exactTimestamp(cursor, topic, partition)
          range.state.restore(range.store, key, cursor.value(), timestamp, record)
        }
        this.records++
      }
    }
    range.refill?.commit()
    await range.state.maybeFlush()
    const next = range.isSource ? Math.min(chunk.nextOffset, range.to) : chunk.nextOffset
    range.report.read(next, this.records - before)
    if (next < range.to) return
    range.state.restored(range.store, next, range.topicId, true)
    open.delete(name)
    range.report.end()
    fetcher.remove(range)
  }
}
