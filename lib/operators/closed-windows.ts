/** Final results of windows of one fixed size, for `emitStrategy('onWindowClose')`. */
import type { Headers } from '../record/record.js'
import type { WindowStore } from '../state/store.js'
import { forwardNow } from './change.js'
import type { OperatorContext } from './operator.js'

/**
 * Emits the windows that close as time goes from `previousMs` to `nowMs`, by start, then key bytes. A window accepted
 * before was open then, so each is emitted exactly once, also after a restart: operator time is committed.
 * `closesAfterMs` is how long after its start a window takes no record any more.
 */
export function closedWindows(
  store: WindowStore<unknown, unknown>,
  sizeMs: number,
  closesAfterMs: number,
  context: OperatorContext,
) {
  const forward = forwardNow(context.forward)
  return (previousMs: number, nowMs: number, headers: Headers): void => {
    const lastStartMs = nowMs - closesAfterMs
    const firstStartMs = previousMs < 0 ? 0 : Math.max(0, previousMs - closesAfterMs + 1)
    if (lastStartMs < firstStartMs) return
    for (const { key, startMs, value, timestamp } of store.startingBetween(firstStartMs, lastStartMs)) {
      forward({ key, window: { startMs, endMs: startMs + sizeMs } }, value, null, timestamp, headers)
    }
  }
}
