/** The embedded broker as its users make it: a folder or memory, the system's clock unless another is given. */
import type { Broker } from './broker/broker.js'
import { checkFolder, checkPort } from './config/checks.js'
import type { StreamsConfig } from './config.js'
import { MillraceError } from './errors.js'
import { systemClock } from './record/clock.js'
import { systemRandom } from './record/random.js'

export interface EmbeddedBrokerOptions {
  /** Where topics, offsets and transactions are kept. Null: in memory, and gone with the process. */
  readonly folder: string | null
  readonly clock?: StreamsConfig['clock']
  readonly random?: StreamsConfig['random']
  /** Hears one line for each thing an operator should know. */
  readonly report?: (line: string) => void
}

/**
 * A Kafka broker inside this process, for development, tests and the edge. `listen` opens it to other clients.
 * @throws MillraceError CONFIG_INVALID, BROKER_STORAGE_FAILED and what its folder raises
 */
export async function embeddedBroker(options: EmbeddedBrokerOptions): Promise<Broker> {
  checkOptions(options)
  // Loaded only when asked for: a service on Kafka never pays for it.
  const { createBroker, FolderStorage, MemoryStorage } = await import('./broker/index.js')
  return createBroker({
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    storage: options.folder === null ? new MemoryStorage() : new FolderStorage(options.folder),
    ...(options.report === undefined ? {} : { report: options.report }),
  })
}

const OPTIONS = ['folder', 'clock', 'random', 'report']

/** A folder that is left out, or misspelt, would be a broker that forgets everything. */
function checkOptions(options: EmbeddedBrokerOptions): void {
  const given = (options ?? {}) as EmbeddedBrokerOptions
  const unknown = Object.keys(given).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw new MillraceError(
      'CONFIG_INVALID',
      `option ${unknown} of embeddedBroker is not one: known: ${OPTIONS.join(', ')}`,
    )
  checkFolder(given.folder, 'folder of embeddedBroker', 'null: in memory')
  if (given.clock !== undefined) checkPort('clock', given.clock)
  if (given.random !== undefined) checkPort('random', given.random)
  if (given.report !== undefined && typeof given.report !== 'function')
    throw new MillraceError('CONFIG_INVALID', 'option report of embeddedBroker is no function')
}
