// Compiles lib, bench and verify into dist, and copies the files for browsers, only when something changed since the last build.
//
// `npm run build` compiles and checks types; the commands that build before they run leave the check to `npm test`, and
// do nothing at all when no source changed since the last build.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const stampFile = join(dist, '.built')
const lockFolder = join(root, '.millrace-build')
/** Folders with files for browsers, and the types of such files. */
const assetFolders = ['page', 'sdk'].map((name) => join('lib', 'personalization', name))

/** Translates what changed, if anything did. Returns the compiler's exit code, 0 when nothing had to be done. */
export function buildIfChanged() {
  if (builtStamp() === fingerprint()) return 0
  return withLock(() => (builtStamp() === fingerprint() ? 0 : compile(['--noCheck'])))
}

function compile(flags) {
  const stamp = fingerprint()
  // A file that went leaves its output behind, and a folder without a stamp was left half built: start from nothing.
  if (builtStamp()?.split(' ')[1] !== stamp.split(' ')[1]) rmSync(dist, { recursive: true, force: true })
  mkdirSync(dist, { recursive: true })
  rmSync(stampFile, { force: true })
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json')
  const compiler = join(dirname(manifest), 'lib', 'tsc.js')
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(root, 'tsconfig.build.json'), ...flags], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) return status ?? 1
  const isAsset = (path) => !/(?<!\.d)\.(m?ts|tsx)$/.test(path)
  for (const folder of assetFolders.filter((name) => existsSync(join(root, name)))) {
    cpSync(join(root, folder), join(dist, folder), { recursive: true, filter: isAsset })
  }
  writeFileSync(stampFile, stamp)
  return 0
}

function builtStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined
}

/** Two hashes, one of what the sources look like and one of their names. */
function fingerprint() {
  const files = ['lib', 'bench', 'verify'].flatMap((folder) => filesUnder(folder))
  for (const name of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) files.push(name)
  const state = createHash('sha256')
  const names = createHash('sha256')
  for (const name of files.sort()) {
    const { mtimeMs, size } = statSync(join(root, name))
    state.update(`${name} ${mtimeMs} ${size}\n`)
    names.update(`${name}\n`)
  }
  return `${state.digest('hex')} ${names.digest('hex')}`
}

function filesUnder(folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesUnder(path) : [path]
  })
}

/** Two commands started at once build one after the other; a lock whose owner died is taken over. */
function withLock(work) {
  const pidFile = join(lockFolder, 'pid')
  for (;;) {
    try {
      mkdirSync(lockFolder)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (!ownerLives(pidFile)) rmSync(lockFolder, { recursive: true, force: true })
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  try {
    writeFileSync(pidFile, String(process.pid))
    return work()
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

function ownerLives(pidFile) {
  try {
    process.kill(Number(readFileSync(pidFile, 'utf8')), 0)
    return true
  } catch (error) {
    // No pid yet: its owner is between the two calls, unless the folder is old.
    if (error.code === 'ENOENT') return existsSync(lockFolder) && Date.now() - statSync(lockFolder).mtimeMs < 2_000
    return error.code === 'EPERM'
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = withLock(() => compile([]))
