/** `count`, `reduce` and `aggregate` over sliding windows. */
import { NO_HEADERS, type StreamRecord } from '../record/record.js'
import type { ValueAndTimestamp, WindowEntry, WindowStore } from '../state/ports/store.js'
import type { SlidingAggregateNode } from '../topology/aggregate-nodes.js'
import { slidingLeftStart, slidingRightStart } from '../windows/arithmetic.js'
import { closesAfterEndMs, emittedUntil, isClosed } from '../windows/close.js'
import { advancing } from './advance.js'
import { forwardWindowsThrough } from './change.js'
import { closedWindows } from './closed-windows.js'
import type { TableKeeping, TimeKeeping } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

type Row = ValueAndTimestamp<unknown>

type Context = TableKeeping & TimeKeeping

/**
 * A record belongs to every window [s, s + d] that holds its time. Windows come into being with records: one that ends
 * at a record (its left window) and one that starts just after it (its right window) once a later record falls into it.
 * Records before d have no full left window; they share [0, d]. Null keys and null values are dropped.
 */
export const buildSlidingAggregate: Build<SlidingAggregateNode, Context> = (node, context) => {
  const store = context.store<WindowStore<unknown, unknown>>(node.store)
  const { timeDifferenceMs } = node.windows
  const afterEndMs = closesAfterEndMs(node.windows)
  const windows = new SlidingWindowsOf(node, store, context)
  const onClose = node.emit === 'onWindowClose'
  const emitClosed = onClose ? closedWindows(store, timeDifferenceMs, afterEndMs, context) : null
  if (onClose) context.emitsOnClose({ store: node.store, ...emittedUntil(node.windows) })
  const time = context.operatorTime()
  return {
    advance: advancing(time, (previousMs, nowMs) => emitClosed?.(previousMs, nowMs, NO_HEADERS) ?? 0),
    push(record) {
      const { key, value, timestamp } = record
      if (key === null || value === null) {
        context.drop(key === null ? 'nullKey' : 'nullValue')
        return
      }
      const previousMs = time.streamTimeMs
      const nowMs = time.advance(timestamp)
      if (emitClosed !== null && nowMs > previousMs) emitClosed(previousMs, nowMs, record.headers)
      if (isClosed(timestamp + timeDifferenceMs, afterEndMs, nowMs)) context.drop('late')
      else windows.add(record, nowMs)
    },
  }
}

/** The windows of one key around one record. Which are updated, and in which order, is Kafka Streams'. */
class SlidingWindowsOf {
  readonly #node: SlidingAggregateNode
  readonly #store: WindowStore<unknown, unknown>
  readonly #context: Context
  readonly #forward: ReturnType<typeof forwardWindowsThrough> | null
  #record: StreamRecord = { key: null, value: null, timestamp: -1, headers: [] }
  readonly #afterEndMs: number
  #nowMs = -1

  constructor(node: SlidingAggregateNode, store: WindowStore<unknown, unknown>, context: Context) {
    this.#node = node
    this.#store = store
    this.#context = context
    this.#afterEndMs = closesAfterEndMs(node.windows)
    const onUpdate = node.emit === 'onWindowUpdate'
    this.#forward = onUpdate ? forwardWindowsThrough(store, node.windows.timeDifferenceMs, context) : null
  }

  add(record: StreamRecord, nowMs: number): void {
    this.#record = record
    this.#nowMs = nowMs
    const difference = this.#node.windows.timeDifferenceMs
    const from = Math.max(0, record.timestamp - 2 * difference)
    const early = record.timestamp < difference
    // One more than the record's time: its right window, should it exist.
    const rows = this.#store.fetch(record.key, early ? 0 : from, slidingRightStart(record.timestamp))
    if (early) this.#addEarly(rows)
    else this.#addFull(rows)
  }

  /** Newest window first; then the windows this record brings into being. */
  #addFull(rows: readonly WindowEntry<unknown>[]): void {
    const at = this.#record.timestamp
    const difference = this.#node.windows.timeDifferenceMs
    let left: Row | null = null
    let right: Row | null = null
    let hasLeft = false
    let hasRight = false
    let previousMs: number | null = null
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!
      const endMs = row.startMs + difference
      if (row.startMs === slidingRightStart(at)) {
        hasRight = true
      } else if (endMs > at) {
        right ??= row
        this.#update(row.startMs, row)
      } else if (endMs === at) {
        hasLeft = true
        this.#update(row.startMs, row)
        // A record of this very time has made all windows there are.
        if (row.timestamp >= at) return
        previousMs = row.timestamp
      } else {
        left = row
        previousMs = row.timestamp
        break
      }
    }
    if (previousMs !== null) this.#makeRightOfPrevious(rows, previousMs)
    if (!hasLeft) {
      const reaches = left !== null && previousMs !== null && at - difference <= previousMs
      this.#update(slidingLeftStart(at, difference), reaches ? { value: left!.value, timestamp: at } : this.#initial())
    }
    if (!hasRight) this.#makeRight(right)
  }

  /** The shared window [0, d] comes last, after the windows that start in front of the record. */
  #addEarly(rows: readonly WindowEntry<unknown>[]): void {
    const at = this.#record.timestamp
    let shared: Row | null = null
    let right: Row | null = null
    let hasRight = false
    let previousMs: number | null = null
    for (const row of rows) {
      if (row.startMs === 0) {
        shared = row
        if (row.timestamp < at) previousMs = row.timestamp
      } else if (row.startMs === slidingRightStart(at)) {
        hasRight = true
      } else {
        right = row
        this.#update(row.startMs, row)
      }
    }
    // Without a window that starts in front of the record, all the shared one holds later lies right of it.
    if (right === null && shared !== null && shared.timestamp > at) right = shared
    if (!hasRight) this.#makeRight(right)
    const previousRight = previousMs === null ? null : slidingRightStart(previousMs)
    if (previousRight !== null && !hasStart(rows, previousRight)) this.#update(previousRight, this.#initial())
    this.#update(0, shared ?? this.#initial())
  }

  /** The right window of the record before this one, unless it exists or ends before this one. */
  #makeRightOfPrevious(rows: readonly WindowEntry<unknown>[], previousMs: number): void {
    const startMs = slidingRightStart(previousMs)
    const reaches = startMs + this.#node.windows.timeDifferenceMs >= this.#record.timestamp
    if (reaches && !hasStart(rows, startMs)) this.#update(startMs, this.#initial())
  }

  /** The right window of this record: what `right` held before this record came, where any of it is later. */
  #makeRight(right: Row | null): void {
    const { key, timestamp, headers } = this.#record
    if (right === null || right.timestamp <= timestamp) return
    const startMs = slidingRightStart(timestamp)
    this.#store.put(key, startMs, right.value, right.timestamp, headers)
    this.#forward?.(this.#windowed(startMs), right.value, null, right.timestamp, headers)
  }

  /** Folds the record into the window's row, unless the window is closed. */
  #update(startMs: number, row: Row): void {
    if (isClosed(startMs + this.#node.windows.timeDifferenceMs, this.#afterEndMs, this.#nowMs)) {
      this.#context.drop('late')
      return
    }
    const { key, value, timestamp, headers } = this.#record
    const before = row.value
    const { adder, initializer } = this.#node.fold
    const after = initializer === null && before === null ? value : orNull(adder(key, value, before))
    const at = before === null || timestamp > row.timestamp ? timestamp : row.timestamp
    // Only a cogroup comes here: another of its streams is so far ahead. A cached store forwards what it holds.
    if (!this.#store.put(key, startMs, after, at, headers) && this.#store.cached) this.#context.drop('expired')
    this.#forward?.(this.#windowed(startMs), after, before, at, headers)
  }

  /** An aggregate of nothing; a reduce starts from its first value. */
  #initial(): Row {
    const { initializer } = this.#node.fold
    return { value: initializer === null ? null : orNull(initializer()), timestamp: this.#record.timestamp }
  }

  #windowed(startMs: number) {
    return { key: this.#record.key, window: { startMs, endMs: startMs + this.#node.windows.timeDifferenceMs } }
  }
}

function hasStart(rows: readonly WindowEntry<unknown>[], startMs: number): boolean {
  return rows.some((row) => row.startMs === startMs)
}
