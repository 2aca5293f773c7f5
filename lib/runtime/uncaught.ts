/** Calls the uncaught handler after an error that stopped an instance, and waits for the result. */
import type { GroupMember } from '../client/group-member.js'
import type { StreamsConfig } from '../config.js'
import { errorLine, isMillraceError } from '../errors.js'
import type { Clock } from '../record/clock.js'
import type { UncaughtAnswer } from '../record/failure.js'
import { SHUTDOWN } from './membership/assignment-data.js'

/** How long the others may take to agree that the application stops. */
export const TELL_LIMIT_MS = 120_000

const ANSWERS: readonly unknown[] = ['shutdownInstance', 'replace', 'shutdownApplication']

/** A handler that throws or answers something else stops the instance with the error it was asked about. */
export function answerTo(
  error: unknown,
  { onUncaughtError: handler, log }: Pick<StreamsConfig, 'onUncaughtError' | 'log'>,
): UncaughtAnswer {
  // Another instance has decided for all.
  if (isMillraceError(error, 'STREAMS_APPLICATION_SHUTDOWN')) return 'shutdownInstance'
  let answer: unknown = handler
  try {
    if (typeof handler === 'function') answer = handler(error)
    if (!ANSWERS.includes(answer)) throw new RangeError(`it answered ${String(answer)}`)
  } catch (cause) {
    log.error({ cause: String(cause) }, 'the uncaught handler failed: the instance stops')
    return 'shutdownInstance'
  }
  const code = isMillraceError(error) ? error.code : 'UNKNOWN'
  const thrown = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const stack = thrown instanceof Error ? thrown.stack : undefined
  log.error({ code, cause: errorLine(error), answer, stack }, 'the instance has failed')
  return answer as UncaughtAnswer
}

/**
 * Joins, with a subscription that says so, until the whole group has agreed to stop. A member that leaves at once may keep
 * another from its answer: then the group agrees again, and is told again; it is done when it keeps quiet.
 */
export async function tellAllToStop(
  member: Pick<GroupMember, 'join' | 'onRebalanceNeeded'>,
  { clock, heartbeatIntervalMs }: Pick<StreamsConfig, 'clock' | 'heartbeatIntervalMs'>,
): Promise<void> {
  let unheard = 0
  for (;;) {
    const again = deferred()
    member.onRebalanceNeeded = again.resolve
    if (!(await member.join()).userData.equals(SHUTDOWN)) {
      // A join that was in progress did not say so yet; a leader that still does not answer to it never will.
      if (++unheard === 2) return
    } else if ((await within(clock, 3 * heartbeatIntervalMs, again.promise)) === 'late') return
  }
}

export function deferred(): {
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
} {
  let resolve = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil
    reject = refuse
  })
  return { promise, resolve, reject }
}

/** Waits for `promise`, no longer than `timeoutMs`, and leaves no timer behind. @throws what `promise` rejects with */
export function within(
  clock: Pick<Clock, 'setTimer'>,
  timeoutMs: number,
  promise: Promise<void>,
): Promise<'done' | 'late'> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(timeoutMs, () => resolve('late'))
    promise.then(
      () => {
        cancel()
        resolve('done')
      },
      (error) => {
        cancel()
        reject(error)
      },
    )
  })
}
