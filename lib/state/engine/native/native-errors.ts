/**
 * Classifies errors of native stores and of the operating system: damage, a full disk, a lock, no permission to write.
 */
import { MillraceError } from '../../../errors.js'

/** The stores tell most of it by words only. */
const FULL = /No space left|ENOSPC|Disk quota exceeded|EDQUOT|File too large|EFBIG/i
const NO_FILES_LEFT = /Too many open files|EMFILE|ENFILE/i
const NO_RIGHT = /Permission denied|Operation not permitted|Read-only file system|EACCES|EPERM|EROFS/i
/** A file that is gone, shorter than it was, or no file; a checksum that is wrong; a disk that cannot be read. */
const DAMAGED =
  /Corruption|No such file|ENOENT|CURRENT|Invalid argument|Is a directory|EISDIR|Not a directory|ENOTDIR|Input\/output error|EIO\b/i

/** Reading what was written before; what then fails for a reason that is not the surroundings' is damage. */
const READING = ['get', 'get many', 'scan']

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

/** Somebody has the database open. */
export function isLocked(error: unknown): boolean {
  return (causeOf(error) as { code?: unknown } | null)?.code === 'LEVEL_LOCKED'
}

/** The error of a native store as one with a code. */
export function coded(error: unknown, taskId: string, doing: string): MillraceError {
  if (error instanceof MillraceError) return error
  const cause = causeOf(error)
  const code = (cause as { code?: unknown } | null)?.code
  const text = cause instanceof Error ? cause.message : String(cause)
  const details = { taskId, cause: error }
  if (isLocked(error)) {
    return new MillraceError(
      'STATE_LOCKED',
      `${doing}: another process or task has the state of task ${taskId} open`,
      details,
    )
  }
  if (code === 'LEVEL_DATABASE_NOT_OPEN' || code === 'LEVEL_ITERATOR_NOT_OPEN' || code === 'LEVEL_BATCH_NOT_OPEN') {
    return new MillraceError('STATE_CLOSED', `${doing}: the state of task ${taskId} is closed`, details)
  }
  if (code === 'LEVEL_CORRUPTION') return damaged(taskId, `${doing}: ${text}`, error)
  if (FULL.test(text)) {
    const message = `${doing}: the disk has no room for the state of task ${taskId}: ${text}`
    return new MillraceError('STATE_DISK_FULL', message, { ...details, retriable: true })
  }
  if (NO_FILES_LEFT.test(text)) {
    const message = `${doing}: the process may open no more files for the state of task ${taskId}: ${text}`
    return new MillraceError('STATE_FILE_LIMIT', message, { ...details, retriable: true })
  }
  if (NO_RIGHT.test(text)) return unwritable(taskId, doing, text, error)
  if (DAMAGED.test(text) || READING.includes(doing)) return damaged(taskId, `${doing}: ${text}`, error)
  return unwritable(taskId, doing, text, error)
}

export function damaged(taskId: string, what: string, cause?: unknown): MillraceError {
  const details = cause === undefined ? { taskId } : { taskId, cause }
  return new MillraceError('STATE_DAMAGED', `the state of task ${taskId} is damaged: ${what}`, details)
}

function unwritable(taskId: string, doing: string, text: string, cause: unknown): MillraceError {
  const message = `${doing}: the state of task ${taskId} cannot be used: ${text}`
  return new MillraceError('STATE_UNWRITABLE', message, { taskId, cause })
}
