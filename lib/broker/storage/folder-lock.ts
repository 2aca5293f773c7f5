/** Prevents two processes from using one data folder: a file contains the owner's process id. */
import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../errors.js'
import { storageError } from './storage-error.js'

/** Takes the folder; the result gives it back. A lock whose process is gone is taken over. BROKER_FOLDER_IN_USE. */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const fd = openSync(path, 'wx')
      writeSync(fd, String(process.pid))
      closeSync(fd)
      return () => unlinkSync(path)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw storageError('write', path, error)
    }
    const owner = ownerOf(path)
    if (owner !== undefined && isAlive(owner)) {
      throw new MillraceError(
        'BROKER_FOLDER_IN_USE',
        `The folder ${folder} is used by the broker with process id ${owner}: stop it, or use another folder`,
      )
    }
    unlinkSync(path)
  }
  throw storageError('lock', folder, new Error('another process took it first'))
}

function ownerOf(path: string): number | undefined {
  const owner = Number(readFileSync(path, 'utf8'))
  return Number.isInteger(owner) && owner > 0 ? owner : undefined
}

/** A process that may not be signalled is alive too. */
function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}
