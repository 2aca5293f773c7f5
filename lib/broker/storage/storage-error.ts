/** Makes the error for a file operation that failed. */
import { MillraceError } from '../../errors.js'

/** One line about it; what to do is in the error table. */
export function storageError(what: string, path: string, cause: unknown): MillraceError {
  const code = (cause as { code?: string } | undefined)?.code
  const why = code ?? (cause instanceof Error ? cause.message : String(cause))
  return new MillraceError('BROKER_STORAGE_FAILED', `Cannot ${what} ${path} (${why})`, { cause })
}
