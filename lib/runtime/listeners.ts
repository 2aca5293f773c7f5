/** Calls to listeners of the application: what one throws is an error that names it. */
import { MillraceError } from '../errors.js'

/** @throws MillraceError HANDLER_FAILED */
export function tell(name: string, call: () => void): void {
  try {
    call()
  } catch (cause) {
    throw new MillraceError('HANDLER_FAILED', `the listener given to ${name} threw`, { cause })
  }
}
