/** Final results of windows of one fixed size, for `emitStrategy('onWindowClose')`. */
import type { Headers } from '../record/record.js'
import type { WindowStore } from '../state/ports/store.js'
import { firstOpenEndFromZeroMs, firstOpenEndMs } from '../windows/close.js'
import { forwardNow } from './change.js'
import type { Forwarding } from './context.js'

/**
 * Emits the windows that close as time goes from `previousMs` to `nowMs`, by start, then key bytes. A window accepted
 * before was open then, so each is emitted exactly once, also after a restart: operator time is committed.
 * `afterEndMs`: how long after its end a window closes. Returns how many it emitted.
 */
export function closedWindows(
  store: WindowStore<unknown, unknown>,
  sizeMs: number,
  afterEndMs: number,
  context: Forwarding,
) {
  const forward = forwardNow(context.forward)
  return (previousMs: number, nowMs: number, headers: Headers): number => {
    const lastStartMs = firstOpenEndMs(afterEndMs, nowMs) - 1 - sizeMs
    const firstStartMs = Math.max(0, firstOpenEndFromZeroMs(afterEndMs, previousMs) - sizeMs)
    if (lastStartMs < firstStartMs) return 0
    const closed = store.startingBetween(firstStartMs, lastStartMs)
    for (const { key, startMs, value, timestamp } of closed) {
      forward({ key, window: { startMs, endMs: startMs + sizeMs } }, value, null, timestamp, headers)
    }
    return closed.length
  }
}
