/** `count`, `reduce` and `aggregate` over session windows. */
import { type Headers, NO_HEADERS } from '../record/record.js'
import type { Session, SessionStore } from '../state/ports/store.js'
import type { SessionAggregateNode } from '../topology/aggregate-nodes.js'
import { closesAfterEndMs, emittedUntil, firstOpenEndFromZeroMs, firstOpenEndMs, isClosed } from '../windows/close.js'
import type { Windowed } from '../windows/window.js'
import { advancing } from './advance.js'
import { forwardNow, forwardSessionsThrough } from './change.js'
import type { Forwarding, TableKeeping, TimeKeeping } from './context.js'
import { orNull } from './fold.js'
import type { Build } from './operator.js'

/**
 * A record joins every session whose end or start is at most one gap away. Each session it replaces is deleted by a
 * tombstone at its end, in the store's order; then the merged session follows, at its end. A merged session that is
 * closed is late; the record is dropped and nothing changes. With emit on close, and above a suppression, a session that
 * is closed takes part in no later merge.
 */
export const buildSessionAggregate: Build<SessionAggregateNode, TableKeeping & TimeKeeping> = (node, context) => {
  const store = context.store<SessionStore<unknown, unknown>>(node.store)
  const { gapMs } = node.windows
  const afterEndMs = closesAfterEndMs(node.windows)
  const onClose = node.emit === 'onWindowClose'
  const forward = onClose ? null : forwardSessionsThrough(store, context)
  const emitClosed = onClose ? closedSessions(store, afterEndMs, context) : null
  if (onClose) context.emitsOnClose({ store: node.store, ...emittedUntil(node.windows) })
  const merge = merging(node)
  const time = context.operatorTime()

  const removeAll = (key: unknown, sessions: readonly Session<unknown>[], headers: Headers): void => {
    for (const session of sessions) {
      store.put(key, session.startMs, session.endMs, null, headers)
      if (forward === null) continue
      forward(windowed(key, session.startMs, session.endMs), null, session.value, session.endMs, headers)
    }
  }

  return {
    advance: advancing(time, (previousMs, nowMs) => emitClosed?.(previousMs, nowMs, NO_HEADERS) ?? 0),
    push(record) {
      const { key, value, timestamp, headers } = record
      if (key === null) {
        context.drop('nullKey')
        return
      }
      const previousMs = time.streamTimeMs
      const nowMs = time.advance(timestamp)
      if (emitClosed !== null && nowMs > previousMs) emitClosed(previousMs, nowMs, headers)
      const reachMs = timestamp - gapMs
      const earliestEndMs = onClose || node.final ? Math.max(reachMs, firstOpenEndMs(afterEndMs, nowMs)) : reachMs
      const sessions = store.find(key, earliestEndMs, timestamp + gapMs)
      let startMs = timestamp
      let endMs = timestamp
      for (const session of sessions) {
        if (session.startMs < startMs) startMs = session.startMs
        if (session.endMs > endMs) endMs = session.endMs
      }
      if (isClosed(endMs, afterEndMs, nowMs)) {
        context.drop('late')
        return
      }
      const aggregate = orNull(merge(key, value, sessions))
      if (startMs !== endMs) removeAll(key, sessions, headers)
      store.put(key, startMs, endMs, aggregate, headers)
      if (forward !== null) forward(windowed(key, startMs, endMs), aggregate, null, endMs, headers)
    },
  }
}

type Merge = (key: unknown, value: unknown, sessions: readonly Session<unknown>[]) => unknown

/** The initial value, merged with each old session in the store's order, then the record's value added. */
function merging(node: SessionAggregateNode): Merge {
  const { initializer, adder } = node.fold
  const { merger } = node
  if (initializer === null) {
    return (key, value, sessions) => {
      let aggregate: unknown = null
      for (const session of sessions) {
        aggregate = aggregate === null ? session.value : merger(key, aggregate, session.value)
      }
      return aggregate === null ? value : adder(key, value, aggregate)
    }
  }
  return (key, value, sessions) => {
    let aggregate = initializer()
    for (const session of sessions) aggregate = merger(key, aggregate, session.value)
    return adder(key, value, aggregate)
  }
}

function windowed(key: unknown, startMs: number, endMs: number): Windowed<unknown> {
  return { key, window: { startMs, endMs } }
}

/** Emits the sessions that close as time goes from `previousMs` to `nowMs`, by end, then start, then key bytes; returns how many. */
function closedSessions(store: SessionStore<unknown, unknown>, afterEndMs: number, context: Forwarding) {
  const forward = forwardNow(context.forward)
  return (previousMs: number, nowMs: number, headers: Headers): number => {
    const firstEndMs = firstOpenEndFromZeroMs(afterEndMs, previousMs)
    const lastEndMs = firstOpenEndMs(afterEndMs, nowMs) - 1
    if (lastEndMs < firstEndMs) return 0
    const closed = store.endingBetween(firstEndMs, lastEndMs)
    for (const session of closed) {
      forward(windowed(session.key, session.startMs, session.endMs), session.value, null, session.endMs, headers)
    }
    return closed.length
  }
}
