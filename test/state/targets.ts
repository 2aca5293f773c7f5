/** The engines the state tests run on. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../lib/record/clock.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { ENGINES } from '../../lib/state/engine/index.js'
import type { FolderEngines, FolderEnginesOptions } from '../../lib/state/engine/task-folders.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { StoreDefinition } from '../../lib/state/stores/index.js'

export interface Target {
  readonly name: string
  /** Why it cannot run here. */
  readonly skip: string | false
  readonly fresh: () => Promise<{ readonly engines: StateEngines; readonly folder: string; done: () => Promise<void> }>
}

export interface NativeTarget extends Target {
  readonly make: (options: FolderEnginesOptions) => Promise<FolderEngines>
}

/** The package ships binaries for two platforms. On those, one that does not load is a failure and no reason to skip. */
function withoutRocksdb(): string | false {
  const folder = dirname(createRequire(import.meta.url).resolve('@nxtedition/rocksdb/package.json'))
  const platform = `${process.platform}-${process.arch}`
  if (!existsSync(join(folder, 'prebuilds', platform))) return `@nxtedition/rocksdb ships no binary for ${platform}`
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  const musl = process.platform === 'linux' && header.glibcVersionRuntime === undefined
  return musl ? '@nxtedition/rocksdb ships no binary for musl' : false
}

function native(name: string, skip: string | false, make: NativeTarget['make']): NativeTarget {
  const fresh = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-state-'))
    const engines = await make({ folder, clock: systemClock })
    return { engines, folder, done: () => rm(folder, { recursive: true, force: true }) }
  }
  return { name, skip, make, fresh }
}

/** Engines that do not run on every platform: why they cannot here. */
const SKIPS: Readonly<Record<string, () => string | false>> = { rocksdb: withoutRocksdb }

export const natives: readonly NativeTarget[] = Object.entries(ENGINES).map(([name, make]) =>
  native(name, SKIPS[name]?.() ?? false, make as NativeTarget['make']),
)

export const targets: readonly Target[] = [
  {
    name: 'memory',
    skip: false,
    fresh: async () => ({ engines: new MemoryEngines(), folder: '', done: async () => {} }),
  },
  ...natives,
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
    changelogTopic: null,
    topicConfig: {},
    ...changes,
  } as StoreDefinition
}
