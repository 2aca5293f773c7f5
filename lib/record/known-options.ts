/** Checks the names of options. A misspelt one would silently be the default. */
import { type ErrorCode, MillraceError } from '../errors.js'
import { kindOf } from './kind-of.js'

/** @throws MillraceError with `code` where `options` is no object, or has a name that is not `known` */
export function requireKnown(options: unknown, known: readonly string[], where: string, code: ErrorCode): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new MillraceError(code, `${where} takes an object of options (${known.join(', ')}), not ${kindOf(options)}`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new MillraceError(code, `${where} has no option ${unknown}: known: ${known.join(', ')}`)
}
