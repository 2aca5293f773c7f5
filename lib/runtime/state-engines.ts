/** Chooses the engine for the state of an instance: from the options, in a folder, or in memory. */
import type { StreamsConfig } from '../config.js'
import type { StateEngines } from '../state/engine/engine.js'
import { ENGINES } from '../state/engine/index.js'
import { LevelEngines } from '../state/engine/level-engine.js'
import { MemoryEngines } from '../state/memory-engine.js'

/** The process's own store holds one entry. */
const PROCESS_BUDGET = { memoryBytes: 4 * 2 ** 20, files: 16 }

/** Always LevelDB: who the process is does not change with the engine of its tasks. */
export function processEngines(config: StreamsConfig, given: StateEngines | undefined): StateEngines {
  const folder = stateFolder(config)
  if (given !== undefined) return given
  if (folder === null) return new MemoryEngines()
  return new LevelEngines({ folder, clock: config.clock, expectedTasks: 1, ...PROCESS_BUDGET })
}

/** Byte stores of the tasks, of which `expectedTasks` may be open at once. */
export async function taskEngines(
  config: StreamsConfig,
  given: StateEngines | undefined,
  expectedTasks: number,
): Promise<StateEngines> {
  const folder = stateFolder(config)
  if (given !== undefined) return given
  if (folder === null) return new MemoryEngines()
  return ENGINES[config.stateEngine]({
    folder,
    clock: config.clock,
    expectedTasks,
    memoryBytes: config.stateBudgetBytes,
  })
}

function stateFolder({ stateDir, applicationId }: StreamsConfig): string | null {
  return stateDir === null ? null : `${stateDir}/${applicationId}`
}
