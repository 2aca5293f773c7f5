/** Limits repeated log lines: at most one line a second per message, with the number of lines it replaces. */
import type { Clock } from '../record/clock.js'
import type { Log } from './log.js'
import { stderrLog } from './stderr-log.js'

const INTERVAL_MS = 1_000
/** Different messages remembered; more are forgotten, oldest first. */
const MAX_MESSAGES = 200

/** Messages are fixed texts; what varies is in the fields. Debug lines are not limited. */
export function limitedLog(log: Log, clock: Clock): Log {
  const lines = new Map<string, { atMs: number; suppressed: number }>()
  const limited = (write: Log['info']): Log['info'] => {
    return (fields, message) => {
      const nowMs = clock.monotonicMs()
      const last = lines.get(message)
      if (last !== undefined && nowMs - last.atMs < INTERVAL_MS) {
        last.suppressed++
        return
      }
      lines.delete(message)
      lines.set(message, { atMs: nowMs, suppressed: 0 })
      if (lines.size > MAX_MESSAGES) lines.delete(lines.keys().next().value!)
      const suppressed = last?.suppressed ?? 0
      write(suppressed === 0 ? fields : { ...fields, suppressedLines: suppressed }, message)
    }
  }
  // What goes wrong in a log must not stop what it tells of.
  const failed = limited((fields, message) => stderrLog.error(fields, message))
  const guarded = (level: keyof Log): Log['info'] => {
    return (fields, message) => {
      try {
        log[level](fields, message)
      } catch (cause) {
        failed({ cause: String(cause), line: message }, 'the log threw')
      }
    }
  }
  return {
    debug: guarded('debug'),
    info: limited(guarded('info')),
    warn: limited(guarded('warn')),
    error: limited(guarded('error')),
  }
}
