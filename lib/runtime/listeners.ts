/** Calls listeners of the application. If one throws or its promise rejects, the error names it. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'

/** Hears of a listener whose promise was rejected, when its call is long over. */
export type Late = (error: MillraceError) => void

/** @throws MillraceError HANDLER_FAILED; where the listener answers a promise that rejects, `late` hears the same */
export function tell(name: string, call: () => unknown, late: Late): void {
  let answer: unknown
  try {
    answer = call()
  } catch (cause) {
    throw failed(name, 'threw', cause)
  }
  if (answer instanceof Promise)
    answer.catch((cause) => late(failed(name, 'returned a promise that was rejected', cause)))
}

/** @throws MillraceError CONFIG_INVALID that names where the listener was given */
export function requireListener(listener: unknown, where: string): void {
  if (typeof listener === 'function') return
  throw new MillraceError('CONFIG_INVALID', `${where} takes a function, not ${kindOf(listener)}`)
}

function failed(name: string, how: string, cause: unknown): MillraceError {
  return new MillraceError('HANDLER_FAILED', `the listener given to ${name} ${how}`, { cause })
}
