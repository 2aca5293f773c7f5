/** Finds stores and internal topics with generated names. */
import { MillraceError } from '../../errors.js'
import type { Topology } from '../../topology/topology.js'

/** A generated name, perhaps with what it is the name of behind it. */
const GENERATED = /^(.*-[0-9]{10})(?:-.*)?$/

/** Named after the generated name of a join's side. */
const SHARED = /^KSTREAM-OUTERSHARED-[0-9]{10}-store$/

/**
 * Kafka Streams' `ensure.explicit.internal.resource.naming` (KIP-1111): stores, those of global tables too, and with
 * them their changelogs, and repartition topics. @throws MillraceError TOPOLOGY_NAME_GENERATED with all of them
 */
export function requireExplicitNames(topology: Topology, generated: ReadonlySet<string>): void {
  const isGenerated = (name: string) => {
    const stem = GENERATED.exec(name)?.[1]
    return (stem !== undefined && generated.has(stem)) || SHARED.test(name)
  }
  const all = [...topology.stores, ...topology.globalStores.map(({ store }) => store)]
  const stores = all.map(({ name }) => name).filter(isGenerated)
  const topics = topology.repartitionTopics.map(({ name }) => name).filter(isGenerated)
  if (stores.length === 0 && topics.length === 0) return
  const parts = [
    ...(stores.length > 0 ? [`stores ${stores.join(', ')}`] : []),
    ...(topics.length > 0 ? [`repartition topics ${topics.join(', ')}`] : []),
  ]
  throw new MillraceError('TOPOLOGY_NAME_GENERATED', `these have generated names: ${parts.join('; ')}`)
}
