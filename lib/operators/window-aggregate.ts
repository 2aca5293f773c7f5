/** `count`, `reduce` and `aggregate` over tumbling, hopping and unlimited windows. */
import { type Headers, NO_HEADERS } from '../record/record.js'
import type { WindowStore } from '../state/ports/store.js'
import type { WindowAggregateNode } from '../topology/aggregate-nodes.js'
import { earliestWindowStart } from '../windows/arithmetic.js'
import { closesAfterEndMs, emittedUntil, isClosed } from '../windows/close.js'
import type { Windowed } from '../windows/window.js'
import { advancing } from './advance.js'
import { forwardWindowsThrough } from './change.js'
import { closedWindows } from './closed-windows.js'
import type { TableKeeping, TimeKeeping } from './context.js'
import { foldStep, orNull } from './fold.js'
import type { Build } from './operator.js'

/**
 * Null keys are dropped, null values aggregated. Each closed window of a record counts as one late
 * drop, its open ones are updated. Closing emits before the record is written,
 * so that no jump in time can expire a window whose final result is still due.
 */
export const buildWindowAggregate: Build<WindowAggregateNode, TableKeeping & TimeKeeping> = (node, context) => {
  const store = context.store<WindowStore<unknown, unknown>>(node.store)
  const { sizeMs, advanceMs } = node.windows
  const afterEndMs = closesAfterEndMs(node.windows)
  const unlimited = node.windows.kind === 'unlimited'
  const onClose = node.emit === 'onWindowClose'
  const forward = onClose ? null : forwardWindowsThrough(store, sizeMs, context)
  const emitClosed = onClose ? closedWindows(store, sizeMs, afterEndMs, context) : null
  const step = foldStep(node.fold)
  const initial = node.sendOldValues ? node.fold.initializer : null
  if (onClose) context.emitsOnClose({ store: node.store, ...emittedUntil(node.windows) })
  const perKey = node.time === 'perKey'
  const time = perKey ? null : context.operatorTime()

  const update = (key: unknown, value: unknown, timestamp: number, startMs: number, headers: Headers): void => {
    const stored = store.get(key, startMs)
    const before = stored === null ? null : stored.value
    const at = stored !== null && stored.timestamp > timestamp ? stored.timestamp : timestamp
    const after = orNull(step(key, value, before))
    // Only a cogroup comes here: another of its streams is so far ahead. A cached store forwards what it holds.
    if (!store.put(key, startMs, after, at, headers) && (perKey || store.cached)) {
      context.drop('expired')
      // A key that is behind the others by more than the retention: there is no row this could be a change of.
      if (perKey) return
    }
    if (forward === null) return
    const old = before === null && initial !== null ? initial() : before
    forward(windowed(key, startMs, sizeMs), after, old, at, headers)
  }

  const closeUntil = (previousMs: number, nowMs: number) => emitClosed?.(previousMs, nowMs, NO_HEADERS) ?? 0
  return {
    ...(time === null ? {} : { advance: advancing(time, closeUntil) }),
    push(record) {
      const { key, value, timestamp, headers } = record
      if (key === null) {
        context.drop('nullKey')
        return
      }
      const previousMs = time === null ? -1 : time.streamTimeMs
      const nowMs = time === null ? keyTimeMs(store, key, timestamp, advanceMs) : time.advance(timestamp)
      if (emitClosed !== null && nowMs > previousMs) emitClosed(previousMs, nowMs, headers)
      if (unlimited) {
        if (timestamp >= node.windows.startMs) update(key, value, timestamp, node.windows.startMs, headers)
        else context.drop('beforeStart')
        return
      }
      let startMs = earliestWindowStart(timestamp, node.windows)
      for (; startMs <= timestamp; startMs += advanceMs) {
        if (isClosed(startMs + sizeMs, afterEndMs, nowMs)) context.drop('late')
        else update(key, value, timestamp, startMs, headers)
      }
    },
  }
}

/**
 * The highest time of a key, `timestamp` included: that of its newest window, which holds the record. Where the window's
 * retention is over, so is that of all windows the record could have been late for.
 */
function keyTimeMs(store: WindowStore<unknown, unknown>, key: unknown, timestamp: number, advanceMs: number): number {
  const newest = store.fetch(key, timestamp - (timestamp % advanceMs), Number.POSITIVE_INFINITY).at(-1)
  return newest !== undefined && newest.timestamp > timestamp ? newest.timestamp : timestamp
}

function windowed(key: unknown, startMs: number, sizeMs: number): Windowed<unknown> {
  return { key, window: { startMs, endMs: startMs + sizeMs } }
}
