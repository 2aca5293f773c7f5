/** Logs a regular summary of the work of an instance. */
import type { StreamsConfig } from '../config.js'
import type { Cancel } from '../record/clock.js'
import { silentLog } from '../telemetry/log.js'

/** Counted since the instance was opened. */
export interface WorkDone {
  readonly tasks: number
  readonly processedRecords: number
  readonly commits: number
  readonly droppedRecords: number
}

/** Runs every `logSummaryIntervalMs` until the returned function is called; with what came since the line before. */
export function logSummaries(
  { clock, log, logSummaryIntervalMs }: Pick<StreamsConfig, 'clock' | 'log' | 'logSummaryIntervalMs'>,
  work: () => WorkDone,
): Cancel {
  if (logSummaryIntervalMs === 0 || log === silentLog) return () => {}
  let before = work()
  let cancel: Cancel = () => {}
  const schedule = () => {
    cancel = clock.setTimer(logSummaryIntervalMs, () => {
      const now = work()
      const { tasks } = now
      const processedRecords = now.processedRecords - before.processedRecords
      const commits = now.commits - before.commits
      const droppedRecords = now.droppedRecords - before.droppedRecords
      log.info(
        { tasks, processedRecords, commits, droppedRecords, logSummaryIntervalMs },
        'work since the last summary',
      )
      before = now
      schedule()
    })
  }
  schedule()
  return () => cancel()
}
