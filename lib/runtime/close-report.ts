/** The options of `close`, and its report about unfinished work. */
import { MillraceError } from '../errors.js'
import { requireKnown } from '../record/known-options.js'
import type { UncommittedPartition } from '../task/task-commit.js'
import type { Log } from '../telemetry/log.js'

/** Options of {@link Streams.close}. */
export interface CloseOptions {
  /**
   * Whether a static member (an instance with a `stateDir`) gives its tasks to others at once. Default false: they wait for its restart
   * until `sessionTimeoutMs` is over.
   */
  readonly leaveGroup?: boolean
  /** How long `close` may take, in milliseconds, 0 or more. Default: the option `closeTimeoutMs`. */
  readonly timeoutMs?: number
}

/** What {@link Streams.close} returns. */
export interface CloseReport {
  /**
   * What was processed and could not be committed in time. It is processed again by the next owner of the task. Empty after an
   * orderly close.
   */
  readonly uncommitted: readonly UncommittedPartition[]
}

/** @throws MillraceError CONFIG_INVALID */
export function closeLimitMs(options: CloseOptions, closeTimeoutMs: number): number {
  requireKnown(options, ['leaveGroup', 'timeoutMs'], 'close', 'CONFIG_INVALID')
  const { timeoutMs = closeTimeoutMs } = options
  if (Number.isFinite(timeoutMs) && timeoutMs >= 0) return timeoutMs
  throw new MillraceError('CONFIG_INVALID', `timeoutMs of close is ${String(timeoutMs)}: use milliseconds >= 0`)
}

/** The time of a `close` is over. `closed`: nothing of the instance is open any more. */
export function warnOfRest(
  log: Log,
  timeoutMs: number,
  uncommitted: readonly UncommittedPartition[],
  closed: boolean,
): void {
  if (uncommitted.length > 0) {
    const partitions = uncommitted
      .map(
        ({ topic, partition, committedOffset, position }) => `${topic}-${partition}: ${committedOffset} to ${position}`,
      )
      .join(', ')
    const text = 'the instance closed without committing: the listed records will be processed again'
    log.warn({ timeoutMs, partitions, storesClosed: closed }, text)
  } else if (!closed) {
    const text =
      'close has reached its time limit: tasks that are being opened or closed continue, then `finished` resolves'
    log.warn({ timeoutMs }, text)
  }
}
