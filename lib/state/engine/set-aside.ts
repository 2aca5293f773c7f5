/** State folders that were set aside, kept for analysis; their number is limited. */
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../record/clock.js'
import { coded } from './native/native-errors.js'

/** Names folders that are only still to be removed. */
const OBSOLETE = 'obsolete'

/** The newest of each task are kept, and of all tasks: a disk that keeps failing must not fill itself. */
const KEPT_PER_TASK = 2
const KEPT = 20

const ASIDE = /^([\w-]+)\.([a-z0-9-]*)\.(\d+)$/

export class SetAside {
  readonly #folder: string
  readonly #clock: Pick<Clock, 'now'>

  constructor(folder: string, clock: Pick<Clock, 'now'>) {
    this.#folder = folder
    this.#clock = clock
  }

  /** `name` becomes `<name>.<reason>.<milliseconds>`. */
  async move(name: string, reason: string): Promise<void> {
    const word = reason
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 40)
    await this.#rename(name, word)
    const all = (await this.#found()).sort((a, b) => b.atMs - a.atMs)
    const ofTask = all.filter((aside) => aside.task === name)
    for (const aside of new Set([...ofTask.slice(KEPT_PER_TASK), ...all.slice(KEPT)])) await this.#delete(aside.name)
  }

  /** Out of the way first: a removal that is cut short leaves nothing that looks like the state of a task. */
  async remove(name: string): Promise<void> {
    await this.#rename(name, OBSOLETE)
    await this.removeBefore(0)
  }

  /** Removes what was set aside before a time, and what a removal left. */
  async removeBefore(beforeMs: number): Promise<void> {
    for (const { name, word, atMs } of await this.#found()) {
      if (word === OBSOLETE || atMs < beforeMs) await this.#delete(name)
    }
  }

  async #found(): Promise<{ name: string; task: string; word: string; atMs: number }[]> {
    return (await namesIn(this.#folder)).flatMap((name) => {
      const [, task, word, atMs] = ASIDE.exec(name) ?? []
      return task === undefined ? [] : [{ name, task, word: word!, atMs: Number(atMs) }]
    })
  }

  async #rename(name: string, word: string): Promise<void> {
    for (let n = this.#clock.now(); ; n++) {
      const to = join(this.#folder, `${name}.${word}.${n}`)
      if (await exists(to)) continue
      try {
        await rename(join(this.#folder, name), to)
      } catch (error) {
        if ((error as { code?: string }).code !== 'ENOENT') throw coded(error, name, 'set aside')
      }
      return
    }
  }

  async #delete(name: string): Promise<void> {
    try {
      await rm(join(this.#folder, name), { recursive: true, force: true })
    } catch (error) {
      throw coded(error, name, 'remove')
    }
  }
}

/** Nothing where there is no folder. */
export async function namesIn(folder: string, which: 'all' | 'folders' = 'all'): Promise<string[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true })
    return found.filter((entry) => which === 'all' || entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return []
    throw coded(error, '(all)', 'list')
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch {
    return false
  }
}
