/** Something done again and again beside the work: one at a time, and whatever its outcome. */
import type { Clock } from '../record/clock.js'

/**
 * Calls `act` after `firstMs`, then `intervalMs` after each end of it, until the returned function is called, which
 * resolves when an `act` under way has ended.
 */
export function every(
  clock: Clock,
  { firstMs, intervalMs }: { readonly firstMs: number; readonly intervalMs: number },
  act: () => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let stopped = false
  let underWay: Promise<void> = Promise.resolve()
  let cancel = () => {}
  const schedule = (delayMs: number) => {
    if (stopped) return
    cancel = clock.setTimer(delayMs, () => {
      underWay = act()
        .catch(failed)
        .then(() => schedule(intervalMs))
    })
  }
  schedule(firstMs)
  return () => {
    stopped = true
    cancel()
    return underWay
  }
}
