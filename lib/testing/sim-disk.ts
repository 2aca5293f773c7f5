/** A simulated disk under one instance: state engines whose contents outlive it, as far as they were written. */
import type { Random } from '../record/random.js'
import type { EngineWrite, KeyRange, StateEngine, StateEngines } from '../state/engine.js'
import { MemoryEngines, type SyncStateEngine } from '../state/memory-engine.js'
import type { SimProcess } from './sim-process.js'

/** How a process ended: what it had written stays, what was not synced is cut at some point, or everything is gone. */
export type DiskLoss = 'none' | 'unsynced' | 'all'

type Change = { readonly writes: readonly EngineWrite[] } | { readonly clear: KeyRange }

interface Journal {
  readonly changes: Change[]
  /** Changes before this one survive a power cut. */
  synced: number
}

/** A batch takes this long at most. */
const WRITE_MS = 4

export class SimDisk {
  readonly #random: Random
  readonly #journals = new Map<string, Journal>()

  constructor(random: Random) {
    this.#random = random
  }

  /** The disk as a new process finds it. */
  mount(process: SimProcess): StateEngines {
    const memory = new MemoryEngines()
    for (const [name, { changes }] of this.#journals) {
      const engine = memory.openSync(name)
      for (const change of changes) apply(engine, change)
      void engine.close()
    }
    return {
      open: async (name) => this.#engine(process, memory.openSync(name), name),
      list: async () => [...this.#journals.keys()].sort(),
      setAside: async (name, reason) => {
        await memory.setAside(name, reason)
        if (process.alive) this.#journals.delete(name)
      },
    }
  }

  /** After a kill. */
  lose(loss: DiskLoss): void {
    if (loss === 'none') return
    if (loss === 'all') {
      this.#journals.clear()
      return
    }
    for (const journal of this.#journals.values()) {
      const unsynced = journal.changes.length - journal.synced
      if (unsynced > 0) journal.changes.length -= this.#random.int(unsynced + 1)
    }
  }

  #engine(process: SimProcess, engine: SyncStateEngine, name: string): StateEngine {
    const journal = this.#journals.get(name) ?? { changes: [], synced: 0 }
    this.#journals.set(name, journal)
    const done = (change: Change) => {
      journal.changes.push(change)
      apply(engine, change)
    }
    return {
      getSync: (key) => engine.getSync(key),
      getMany: (keys) => engine.getMany(keys),
      entries: (range) => engine.entries(range),
      clear: async (range) => {
        if (process.alive) done({ clear: range })
      },
      close: () => engine.close(),
      // A kill while it is under way: all of it is on disk, or nothing.
      write: (writes, options) =>
        new Promise((resolve) => {
          const change = { writes: writes.map((write) => ({ ...write })) }
          const early = process.alive && this.#random.next() < 0.5
          if (early) journal.changes.push(change)
          process.clock.setTimer(this.#random.next() * WRITE_MS, () => {
            if (early) apply(engine, change)
            else done(change)
            if (options?.sync === true) journal.synced = journal.changes.length
            resolve()
          })
        }),
    }
  }
}

function apply(engine: SyncStateEngine, change: Change): void {
  if ('writes' in change) {
    engine.writeSync(change.writes)
    return
  }
  for (const [key] of engine.entriesSync(change.clear)) engine.writeSync([{ type: 'del', key }])
}
