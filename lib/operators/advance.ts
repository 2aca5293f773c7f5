/** How operators with their own time emit results when event time advances without records (`idleTimeoutMs`). */
import type { OperatorTime } from './operator.js'

/**
 * For `Operator.advance`: raises `time` and has `emit` hand on what that closes; `emit` returns how many records that
 * were. An operator that has seen no record yet has nothing to close, and its time does not begin.
 */
export function advancing(time: OperatorTime, emit: (previousMs: number, nowMs: number) => number = () => 0) {
  return (timeMs: number): number => {
    const previousMs = time.streamTimeMs
    return previousMs < 0 || timeMs <= previousMs ? 0 : emit(previousMs, time.advance(timeMs))
  }
}
