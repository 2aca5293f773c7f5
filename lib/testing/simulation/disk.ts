/** A simulated disk of one instance: state engines whose written contents survive the instance. */
import { MillraceError } from '../../errors.js'
import { delay } from '../../record/clock.js'
import type { Random } from '../../record/random.js'
import type { EngineWrite, KeyRange, StateEngine, StateEngines } from '../../state/engine/engine.js'
import { MemoryEngines, type SyncStateEngine } from '../../state/memory-engine.js'
import type { SlowPlan, Span } from './plan.js'
import type { SimProcess } from './process.js'

/**
 * How a process ended: what it had written stays, what was not synced is cut at some point, one folder is gone (of a task, or
 * one of the two with the identity), or everything is.
 */
export type DiskLoss = 'none' | 'unsynced' | 'one' | 'all'

type Change = { readonly writes: readonly EngineWrite[] } | { readonly clear: KeyRange }

interface Journal {
  readonly changes: Change[]
  /** Changes before this one survive a power cut. */
  synced: number
  /** What lies there cannot be read any more: its checksums are wrong. */
  hurt: boolean
}

/** A batch takes this long at most. */
const WRITE_MS = 4
/** The folder whose lock keeps a second process off: only such a process could hold it. */
const IDENTITY = 'process'

export class SimDisk {
  readonly #random: Random
  readonly #slow: SlowPlan
  readonly #journals = new Map<string, Journal>()
  /** Names of engines that are open, by process. */
  readonly #open = new Map<SimProcess, Set<string>>()
  #full = false
  #locked = false

  constructor(random: Random, slow: SlowPlan) {
    this.#random = random
    this.#slow = slow
  }

  /** The disk as a new process finds it. */
  mount(process: SimProcess): StateEngines {
    const memory = new MemoryEngines()
    const names = new Set<string>()
    this.#open.set(process, names)
    for (const [name, { changes }] of this.#journals) {
      const engine = memory.openSync(name)
      for (const change of changes) apply(engine, change)
      void engine.close()
    }
    const engines: StateEngines = {
      open: async (name) => {
        if (this.#locked && name !== IDENTITY) throw new MillraceError('STATE_LOCKED', `${name} is locked`)
        // Some of what an engine writes as it opens finds room in blocks that are there already.
        if (this.#full && this.#random.next() < 0.5) throw noRoom(name)
        const engine = memory.openSync(name)
        names.add(name)
        await this.#wait(process, this.#slow.open)
        return this.#engine(process, engine, name, names, (error) => engines.onDamaged?.(error))
      },
      list: async () => [...this.#journals.keys()].sort(),
      setAside: async (name, reason) => {
        await memory.setAside(name, reason)
        if (process.alive) this.#journals.delete(name)
      },
      remove: async (name) => {
        const removed = await memory.remove(name)
        if (removed && process.alive) this.#journals.delete(name)
        return removed
      },
    }
    return engines
  }

  /** Engines the process has not closed. */
  openEngines(process: SimProcess): readonly string[] {
    return [...(this.#open.get(process) ?? [])]
  }

  /** After a kill. */
  lose(loss: DiskLoss): void {
    if (loss === 'none') return
    if (loss === 'all') {
      this.#journals.clear()
      return
    }
    if (loss === 'one') {
      const name = this.#anyFolder()
      if (name !== null) this.#journals.delete(name)
      return
    }
    for (const journal of this.#journals.values()) {
      const unsynced = journal.changes.length - journal.synced
      if (unsynced > 0) journal.changes.length -= this.#random.int(unsynced + 1)
    }
  }

  /** What is in one folder is hurt. False: there is nothing to hurt. */
  hurt(): boolean {
    const name = this.#anyFolder()
    if (name === null) return false
    this.#journals.get(name)!.hurt = true
    return true
  }

  /** No batch can be written while it is full. */
  setFull(full: boolean): void {
    this.#full = full
  }

  /** Another process still holds the folders while it is locked. */
  setLocked(locked: boolean): void {
    this.#locked = locked
  }

  #anyFolder(): string | null {
    const names = [...this.#journals.keys()].sort()
    return names.length === 0 ? null : names[this.#random.int(names.length)]!
  }

  async #wait(process: SimProcess, span: Span | undefined): Promise<void> {
    if (span !== undefined) await delay(process.clock, drawn(span, this.#random))
  }

  #engine(
    process: SimProcess,
    engine: SyncStateEngine,
    name: string,
    names: Set<string>,
    onDamaged: (error: MillraceError) => void,
  ): StateEngine {
    const journal = this.#journals.get(name) ?? { changes: [], synced: 0, hurt: false }
    this.#journals.set(name, journal)
    const done = (change: Change) => {
      journal.changes.push(change)
      apply(engine, change)
    }
    let told = false
    const sound = () => {
      if (!journal.hurt) return
      const error = new MillraceError('STATE_DAMAGED', `the checksum of ${name} is wrong`, { taskId: name })
      if (!told) onDamaged(error)
      told = true
      throw error
    }
    const slow = this.#slow
    return {
      getSync: (key) => {
        sound()
        return engine.getSync(key)
      },
      getMany: async (keys) => {
        sound()
        return engine.getMany(keys)
      },
      entries: (range) => {
        sound()
        return engine.entries(range)
      },
      clear: async (range) => {
        if (process.alive) done({ clear: range })
      },
      close: async () => {
        await this.#wait(process, slow.close)
        names.delete(name)
        await engine.close()
      },
      // A kill while it is in progress: all of it is on disk, or nothing.
      write: (writes, options) =>
        new Promise((resolve, reject) => {
          const change = { writes: writes.map((write) => ({ ...write })) }
          const full = this.#full
          const early = !full && process.alive && this.#random.next() < 0.5
          if (early) journal.changes.push(change)
          const slowMs = slow.write === undefined ? 0 : drawn(slow.write, this.#random)
          process.clock.setTimer(this.#random.next() * WRITE_MS + slowMs, () => {
            if (full) {
              reject(noRoom(name))
              return
            }
            if (early) apply(engine, change)
            else done(change)
            if (options?.sync === true) journal.synced = journal.changes.length
            resolve()
          })
        }),
    }
  }
}

export function drawn([fromMs, toMs]: Span, random: Random): number {
  return fromMs + (toMs - fromMs) * random.next()
}

/** As native stores report it. */
function noRoom(name: string): MillraceError {
  return new MillraceError('STATE_DISK_FULL', `no room is left for ${name}`, { taskId: name, retriable: true })
}

function apply(engine: SyncStateEngine, change: Change): void {
  if ('writes' in change) {
    engine.writeSync(change.writes)
    return
  }
  for (const [key] of engine.entriesSync(change.clear)) engine.writeSync([{ type: 'del', key }])
}
