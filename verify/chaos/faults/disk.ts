/** Faults of the disk: full for a while, and damaged while an instance is stopped. */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '../../../lib/index.js'
import { ChaosFailure, ChaosSkipped, seconds } from '../failure.js'
import type { Instance } from '../instance.js'
import type { Round } from '../round.js'
import type { Fault } from './fault.js'
import { works } from './processes.js'

const DISK_MB = 24
const FULL_MS = 8_000

export const diskFull: Fault = {
  name: 'disk-full',
  missing: ({ isRoot }) => (isRoot ? null : 'mounting a small disk needs root'),
  async prepare(round) {
    const folder = round.instances[0]!.settings.stateDir
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', folder], { encoding: 'utf8' })
    if (mounted.status !== 0) {
      throw new ChaosSkipped(`no small disk can be mounted here: ${String(mounted.stderr).trim()}`)
    }
    round.onClose(() => void spawnSync('umount', ['-l', folder]))
  },
  async make(round) {
    const [victim] = round.instances as [Instance]
    const filler = join(victim.settings.stateDir, 'filler')
    round.onHeal(() => rm(filler, { force: true }))
    const bytes = fill(filler)
    await round.wait(FULL_MS)
    await rm(filler, { force: true })
    await works(round, victim)
    await round.flowing('after a full disk')
    return `the disk of ${victim.name} was full for ${seconds(FULL_MS)} (${bytes >> 20} of ${DISK_MB} MB of filler)`
  },
}

/** Writes until nothing more fits; answers how much it was. */
function fill(file: string): number {
  const handle = openSync(file, 'w')
  let bytes = 0
  try {
    for (let chunk = 1 << 20; chunk >= 1; chunk >>= 1) {
      const zeros = Buffer.alloc(chunk)
      try {
        for (;;) bytes += writeSync(handle, zeros)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOSPC') throw error
      }
    }
  } finally {
    closeSync(handle)
  }
  return bytes
}

/** One file of a database, its bytes and what they become; null: the file goes. */
type Damage = (bytes: Buffer, random: Random) => Buffer | null

interface DamageRow {
  readonly what: string
  readonly files: RegExp
  readonly damage: Damage
}

const DAMAGES: readonly DamageRow[] = [
  { what: 'a bit flipped in every table', files: /\.ldb$/, damage: flipped },
  { what: 'a bit flipped in every log', files: /\.log$/, damage: flipped },
  {
    what: 'every log cut off',
    files: /\.log$/,
    damage: (bytes, random) => bytes.subarray(0, random.int(bytes.length)),
  },
  { what: 'CURRENT deleted', files: /^CURRENT$/, damage: () => null },
  { what: 'every table emptied', files: /\.ldb$/, damage: () => Buffer.alloc(0) },
  { what: 'MANIFEST cut off', files: /^MANIFEST-/, damage: (bytes) => bytes.subarray(0, bytes.length >> 1) },
  { what: 'every log overwritten in its middle', files: /\.log$/, damage: garbled },
  { what: 'every table deleted', files: /\.ldb$/, damage: () => null },
]

const TASK_FOLDER = /^\d+_\d+$/
const GARBLED_BYTES = 64

export const damage: Fault = {
  name: 'damage',
  async make(round) {
    const victim = round.pick()
    // Opening a log makes a table of it: a life more, and there are tables to be hurt.
    await victim.close(false)
    victim.start()
    await works(round, victim)
    if (round.random.int(2) === 0) await victim.kill()
    else await victim.close(false)
    const { what, files } = await hurt(round, victim)
    victim.start()
    await works(round, victim)
    await round.flowing('after damage')
    return `${what} of ${victim.name} between two lives (${files} files)`
  },
}

/** A life without a commit leaves empty logs: then the next damage in turn is done. */
async function hurt(round: Round, victim: Instance): Promise<{ readonly what: string; readonly files: number }> {
  const first = round.random.int(DAMAGES.length)
  for (let turn = 0; turn < DAMAGES.length; turn++) {
    const row = DAMAGES[(first + turn) % DAMAGES.length]!
    const files = await damaged(round, round.stateFolder(victim), row)
    if (files > 0) return { what: row.what, files }
  }
  throw new ChaosFailure(`there was nothing to damage in ${round.stateFolder(victim)}`)
}

/** How many files of the folder's tasks were damaged. */
async function damaged(round: Round, folder: string, { files, damage }: DamageRow): Promise<number> {
  let count = 0
  for (const task of (await readdir(folder)).filter((name) => TASK_FOLDER.test(name))) {
    for (const name of (await readdir(join(folder, task))).filter((name) => files.test(name))) {
      const file = join(folder, task, name)
      if ((await stat(file)).size === 0) continue
      const after = damage(await readFile(file), round.random)
      if (after === null) await rm(file)
      else await writeFile(file, after)
      count++
    }
  }
  return count
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const at = random.int(bytes.length)
  bytes[at] = bytes[at]! ^ (1 << random.int(8))
  return bytes
}

function garbled(bytes: Buffer, random: Random): Buffer {
  const from = bytes.length >> 1
  for (let at = from; at < Math.min(bytes.length, from + GARBLED_BYTES); at++) bytes[at] = random.int(256)
  return bytes
}
