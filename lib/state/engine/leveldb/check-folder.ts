/**
 * Checks a LevelDB folder before LevelDB opens it. This build of LevelDB verifies no table checksums, skips damaged
 * parts of a log without an error, creates a new database if CURRENT is missing, and ends the process on an internal
 * error. So it must not open damaged files.
 */
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Malformed } from './byte-cursor.js'
import { readLog } from './log-file.js'
import { type Manifest, readManifest } from './manifest.js'
import { checkTable } from './table-file.js'

/** Errors of the operating system that say nothing about the files: there is no room for one more. */
const PASSING = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR', 'EBUSY']

/**
 * What is wrong with the database in `folder`, which contains `files`; null: nothing. Touches no lock: closing a file of
 * that name would give up LevelDB's own.
 */
export async function findDamage(folder: string, files: readonly string[]): Promise<string | null> {
  try {
    const manifest = await currentManifest(folder, files)
    await checkLogs(folder, files, manifest)
    for (const [table, bytes] of manifest.tables) await checkOneTable(folder, table, bytes)
    return null
  } catch (error) {
    if (error instanceof Malformed) return error.message
    const code = (error as { code?: unknown }).code
    if (typeof code !== 'string' || PASSING.includes(code)) throw error
    return `a file cannot be read: ${(error as Error).message}`
  }
}

async function currentManifest(folder: string, files: readonly string[]): Promise<Manifest> {
  const current = await readFile(join(folder, 'CURRENT'), 'latin1')
  const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1]
  if (name === undefined) throw new Malformed('CURRENT names no manifest')
  if (!files.includes(name)) throw new Malformed('the manifest is missing')
  const { records, gap } = readLog(await readFile(join(folder, name)))
  if (gap) throw new Malformed('the manifest is damaged')
  return readManifest(records)
}

/** Logs from the oldest one needed on are replayed when the database opens. */
async function checkLogs(folder: string, files: readonly string[], { oldestLog }: Manifest): Promise<void> {
  const logs = files.filter((file) => /^\d+\.log$/.test(file) && Number.parseInt(file, 10) >= oldestLog)
  if (!logs.some((file) => Number.parseInt(file, 10) === oldestLog)) throw new Malformed('a log is missing')
  for (const file of logs) {
    if (readLog(await readFile(join(folder, file))).gap) throw new Malformed('a log is damaged')
  }
}

async function checkOneTable(folder: string, table: number, bytes: number): Promise<void> {
  const file = await openTable(folder, String(table).padStart(6, '0'))
  try {
    if ((await file.stat()).size !== bytes) throw new Malformed('a table has another size than the manifest says')
    await checkTable(bytes, async (position, length) => {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position)
      return buffer.subarray(0, bytesRead)
    })
  } finally {
    await file.close()
  }
}

/** Old versions of LevelDB named tables otherwise. */
async function openTable(folder: string, number: string): Promise<FileHandle> {
  try {
    return await open(join(folder, `${number}.ldb`), 'r')
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
    return await open(join(folder, `${number}.sst`), 'r')
  }
}
