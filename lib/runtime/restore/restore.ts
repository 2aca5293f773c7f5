/**
 * Replays changelogs into stores. A partition is done when the position (not a record) has reached the end read at the
 * start, because the last offsets may be markers, aborted or compacted records. It waits for open transactions. If a
 * changelog is truncated or created again during the restore, that task starts its restore again; the others continue.
 */
import type { FetchedBatches, Fetcher } from '../../client/fetcher.js'
import { isMillraceError, type MillraceError } from '../../errors.js'
import { type BatchView, exactTimestamp } from '../../protocol/index.js'
import type { Clock } from '../../record/clock.js'
import { formatTopicPartition } from '../../record/record.js'
import type { TaskState } from '../../state/task-state.js'
import type { Patience } from '../patience.js'
import { CANCEL_CHECK_MS, pauseUnless } from '../pause-unless.js'
import { Signal } from '../signal.js'
import type { AskChangelogs, ChangelogFacts } from './changelog-facts.js'
import type { RestoreListeners, RestoreReport } from './listener.js'
import { piecesOf } from './pieces.js'
import { restoreRecord } from './put-record.js'
import { TOO_SLOW, whyAnew } from './restore-decision.js'
import type { RestoreThroughProcessor } from './through-processor.js'

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
  /** Wall-clock time at which the store held everything before `from`. */
  readonly asOfMs: number
  readonly deleteRetentionMs: number
  /** How a read-only store takes a record; null: the record's bytes are the store's. */
  readonly refill: RestoreThroughProcessor | null
}

/** Errors of a partition come out of `poll`. */
export type MakeFetcher = (onArrival: () => void) => Fetcher

export interface RestoreOutcome {
  /** False: cancelled before the end. */
  readonly finished: boolean
  /** States that are of no use, and why: to be set aside and restored from the start. */
  readonly anew: ReadonlyMap<TaskState, string>
}

export interface RestoreOptions {
  /** A read_committed fetcher on the restore lane. */
  readonly makeFetcher: MakeFetcher
  readonly ask: AskChangelogs
  readonly clock: Clock
  readonly listeners: RestoreListeners
  /** For brokers that cannot answer. */
  readonly patience: Patience
}

interface OpenRange extends ChangelogRange {
  readonly report: RestoreReport
}

/** A restore to which nothing comes asks whether anything can come, after a time that doubles. */
const FIRST_LOOK_MS = 1_000
const LAST_LOOK_MS = 30_000

const ASKING = 'reading the ends of changelogs'

export class Restore {
  readonly #options: RestoreOptions
  /** Records applied since the process started. */
  records = 0

  constructor(options: RestoreOptions) {
    this.#options = options
  }

  async run(ranges: readonly ChangelogRange[], cancelled: () => boolean): Promise<RestoreOutcome> {
    const run = new RestoreRun(this.#options, ranges, cancelled)
    try {
      return await run.toEnd()
    } finally {
      this.records += run.records
      run.close()
    }
  }
}

class RestoreRun {
  records = 0
  readonly #options: RestoreOptions
  readonly #ranges: readonly ChangelogRange[]
  readonly #cancelled: () => boolean
  readonly #open = new Map<string, OpenRange>()
  /** Everything that had something to read. */
  readonly #read: OpenRange[] = []
  readonly #reports: RestoreReport[] = []
  readonly #anew = new Map<TaskState, string>()
  readonly #signal: Signal
  readonly #fetcher: Fetcher
  #lookMs = FIRST_LOOK_MS
  #lookAtMs = 0
  #looking = false
  #seen: ReadonlyMap<string, ChangelogFacts> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(options: RestoreOptions, ranges: readonly ChangelogRange[], cancelled: () => boolean) {
    this.#options = options
    this.#ranges = ranges
    this.#cancelled = cancelled
    this.#signal = new Signal(options.clock)
    this.#fetcher = options.makeFetcher(this.#signal.raise)
  }

  async toEnd(): Promise<RestoreOutcome> {
    for (const range of this.#ranges) this.#begin(range)
    this.#postponeLook(FIRST_LOOK_MS)
    while (this.#open.size > 0 && !this.#cancelled()) await this.#step()
    if (!this.#cancelled() && this.#read.length > 0) await this.#lastLook()
    if (this.#cancelled()) this.#options.patience.succeeded(ASKING)
    return { finished: !this.#cancelled() && this.#open.size === 0, anew: this.#anew }
  }

  close(): void {
    this.#fetcher.close()
    for (const { refill } of this.#ranges) refill?.close()
    for (const report of this.#reports) report.suspend()
  }

  #begin(range: ChangelogRange): void {
    const { state, store, topic, partition, from, to, topicId } = range
    const place = { taskId: state.taskId, store, topic, partition }
    const report = this.#options.listeners.start({ ...place, startOffset: from, endOffset: Math.max(from, to) })
    this.#reports.push(report)
    if (from >= to) {
      state.restored(store, to, topicId, true)
      report.end()
      return
    }
    state.beginRestore(store, from, topicId)
    const open = { ...range, report }
    this.#open.set(formatTopicPartition(topic, partition), open)
    this.#read.push(open)
    this.#fetcher.add(range, from)
  }

  async #step(): Promise<void> {
    const arrived = this.#poll()
    for (const chunk of arrived) await this.#take(chunk)
    if (arrived.length > 0) return this.#postponeLook(FIRST_LOOK_MS)
    this.#lookAround()
    await this.#signal.wait(CANCEL_CHECK_MS)
  }

  /** A position that the log has no more, or other records before it, is a reason to start again. */
  #poll(): FetchedBatches[] {
    try {
      return this.#fetcher.poll()
    } catch (error) {
      if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE', 'CLIENT_LOG_TRUNCATED')) throw error
      const range = this.#open.get(formatTopicPartition(error.topic ?? '', error.partition ?? -1))
      if (range !== undefined) this.#abandon(range.state, anewAfter(error))
      return []
    }
  }

  async #take(chunk: FetchedBatches): Promise<void> {
    const name = formatTopicPartition(chunk.topic, chunk.partition)
    const range = this.#open.get(name)
    if (range === undefined) return
    try {
      for (const { batches, nextOffset } of piecesOf(chunk)) {
        await this.#apply(batches, nextOffset, range)
        await this.#options.clock.nextTurn()
        if (this.#cancelled() || !this.#open.has(name)) return
      }
    } catch (error) {
      if (this.#cancelled() && isMillraceError(error, 'CLIENT_CLOSED')) return
      if (!isMillraceError(error, 'STATE_DAMAGED')) throw error
      this.#abandon(range.state, error.code)
    }
  }

  /** How far it came goes to disk together with what was read, so that a restore that is cut short is continued rightly. */
  async #apply(batches: readonly BatchView[], nextOffset: number, range: OpenRange): Promise<void> {
    const { topic, partition } = range
    const before = this.records
    for (const batch of batches) {
      const cursor = batch.records()
      const record = { headers: () => cursor.headers(), logged: { topic, partition, cursor } }
      while (cursor.next()) {
        if (cursor.offset < range.from) continue
        if (range.isSource && cursor.offset >= range.to) break
        if (range.refill !== null) await range.refill.apply(cursor)
        else {
          const key = cursor.key()
          if (key === null) continue
          const timestamp = exactTimestamp(cursor, topic, partition)
          restoreRecord(range, key, cursor, timestamp, record)
        }
        this.records++
      }
    }
    range.refill?.commit()
    const next = range.isSource ? Math.min(nextOffset, range.to) : nextOffset
    range.state.restored(range.store, next, range.topicId, next >= range.to)
    await range.state.maybeFlush()
    range.report.read(next, this.records - before)
    if (next >= range.to) this.#end(range)
  }

  #end(range: OpenRange): void {
    this.#open.delete(formatTopicPartition(range.topic, range.partition))
    this.#fetcher.remove(range)
    range.report.end()
  }

  /** Of a task all stores start again: they are in one place. */
  #abandon(state: TaskState, reason: string): void {
    this.#anew.set(state, reason)
    for (const [name, range] of this.#open) {
      if (range.state !== state) continue
      this.#open.delete(name)
      this.#fetcher.remove(range)
      range.report.suspend()
    }
  }

  #postponeLook(pauseMs: number): void {
    this.#lookMs = pauseMs
    this.#lookAtMs = this.#options.clock.monotonicMs() + pauseMs
  }

  /** Nothing comes: because a transaction is open, or because nothing can come any more. */
  #lookAround(): void {
    if (this.#failure !== null) throw this.#failure.error
    const { clock, ask, patience } = this.#options
    const seen = this.#seen
    this.#seen = null
    if (seen !== null) this.#judge([...this.#open.values()], seen)
    if (this.#looking || clock.monotonicMs() < this.#lookAtMs) return
    this.#looking = true
    ask([...this.#open.values()])
      .then(
        (facts) => {
          patience.succeeded(ASKING)
          this.#seen = facts
          this.#postponeLook(Math.min(this.#lookMs * 2, LAST_LOOK_MS))
        },
        (error) => this.#postponeLook(patience.failed(ASKING, error)),
      )
      .catch((error) => {
        this.#failure = { error }
      })
      .finally(() => {
        this.#looking = false
        this.#signal.raise()
      })
  }

  #judge(ranges: readonly OpenRange[], facts: ReadonlyMap<string, ChangelogFacts>): void {
    for (const range of ranges) {
      const name = formatTopicPartition(range.topic, range.partition)
      const found = facts.get(name)
      if (found === undefined || this.#anew.has(range.state)) continue
      const position = this.#open.has(name) ? (this.#fetcher.position(range) ?? range.from) : range.to
      const why = whyAnew({ topicId: range.topicId, position, to: range.to }, found)
      if (why !== null) this.#abandon(range.state, why)
    }
  }

  /** What was read must still be what the changelog holds: it may be another topic, or have lost tombstones unread. */
  async #lastLook(): Promise<void> {
    const read = this.#read.filter(({ state }) => !this.#anew.has(state))
    for (;;) {
      try {
        this.#judge(read, await this.#options.ask(read))
        break
      } catch (error) {
        const { clock, patience } = this.#options
        await pauseUnless(clock, this.#cancelled, patience.failed(ASKING, error))
        if (this.#cancelled()) return
      }
    }
    this.#options.patience.succeeded(ASKING)
    const nowMs = this.#options.clock.now()
    for (const { state, asOfMs, deleteRetentionMs } of read) {
      if (nowMs - asOfMs > Math.max(deleteRetentionMs, FIRST_LOOK_MS)) this.#anew.set(state, TOO_SLOW)
    }
  }
}

function anewAfter({ code, offset }: MillraceError): string {
  return code === 'CLIENT_LOG_TRUNCATED'
    ? `the changelog was truncated before offset ${offset} and written again`
    : `the changelog no longer has offset ${offset}`
}
