/** The public function for the embedded broker: a folder or memory, and the system's clock by default. */
import type { Broker } from './broker/broker.js'
import { checkFolder } from './config/checks.js'
import type { StreamsConfig } from './config.js'
import { MillraceError } from './errors.js'
import { systemClock } from './record/clock.js'
import { checkPort } from './record/ports.js'
import { systemRandom } from './record/random.js'

/** Options of {@link embeddedBroker}. */
export interface EmbeddedBrokerOptions {
  /** Folder for topics, offsets and transactions. Null: they are in memory and end with the process. */
  readonly folder: string | null
  /** Default: the machine's. */
  readonly clock?: StreamsConfig['clock']
  /** Default: the machine's. */
  readonly random?: StreamsConfig['random']
  /** Called with a line of text for each event an operator should know of, such as a damaged end of a log. */
  readonly report?: (line: string) => void
}

/**
 * Makes a Kafka broker in this process, for development, tests and the edge. Its `listen` opens it to other clients, its `close` ends it.
 * @throws MillraceError CONFIG_INVALID, BROKER_FOLDER_IN_USE, BROKER_STORAGE_FAILED
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

/** A folder that is omitted, or misspelt, would be a broker that forgets everything. */
function checkOptions(options: EmbeddedBrokerOptions): void {
  const given = (options ?? {}) as EmbeddedBrokerOptions
  const unknown = Object.keys(given).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined)
    throw new MillraceError('CONFIG_INVALID', `embeddedBroker has no option ${unknown}; it has ${OPTIONS.join(', ')}`)
  checkFolder(given.folder, 'folder of embeddedBroker', 'null: in memory')
  if (given.clock !== undefined) checkPort('clock', given.clock)
  if (given.random !== undefined) checkPort('random', given.random)
  if (given.report !== undefined && typeof given.report !== 'function')
    throw new MillraceError('CONFIG_INVALID', 'option report of embeddedBroker is not a function')
}
