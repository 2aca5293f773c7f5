/** The options that user code can see. */
import type { StreamsConfig } from '../config.js'
import type { AppConfigs } from '../topology/processor.js'

/** The settings that are data. Connections are no settings here, so no secret is among them. */
export function appConfigs(config: StreamsConfig): AppConfigs {
  const isData = (value: unknown) => value === null || !['object', 'function'].includes(typeof value)
  return Object.freeze(Object.fromEntries(Object.entries(config).filter(([, value]) => isData(value))))
}
