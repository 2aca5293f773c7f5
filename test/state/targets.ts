/** The engines the state tests run on. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/record/clock.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { StateEngines } from '../../lib/state/engine.js'
import { LevelEngines } from '../../lib/state/level-engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { StoreDefinition } from '../../lib/topology/topology.js'

export interface Target {
  readonly name: string
  readonly fresh: () => Promise<{ readonly engines: StateEngines; readonly folder: string; done: () => Promise<void> }>
}

export const targets: readonly Target[] = [
  {
    name: 'memory',
    fresh: async () => ({ engines: new MemoryEngines(), folder: '', done: async () => {} }),
  },
  {
    name: 'level',
    fresh: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
      const engines = new LevelEngines({ folder, clock: systemClock })
      return { engines, folder, done: () => rm(folder, { recursive: true, force: true }) }
    },
  },
]

/** A store with unremarkable settings, some replaced. */
export function store(changes: Partial<StoreDefinition> & { readonly name: string }): StoreDefinition {
  return {
    kind: 'timestampedKeyValue',
    keySerde: string as Serde<unknown>,
    valueSerde: int64 as Serde<unknown>,
    logged: true,
    cached: false,
    engine: 'level',
    retentionMs: null,
    windowSizeMs: null,
    changelogTopic: null,
    topicConfig: {},
    ...changes,
  }
}
