/** The part of the captured topologies that is about where records come from and end. */
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const supplier = () => ({ process() {} })

export const sourceTopologies: Record<string, () => Topology> = {
  'read-only-store': () =>
    new TopologyBuilder()
      .addSource({ name: 'orders', topics: ['orders'], ...text })
      .addProcessor({ name: 'price', parents: ['orders'], supplier })
      .addReadOnlyStateStore(
        {
          store: { name: 'prices', ...text },
          sourceName: 'prices-source',
          topic: 'prices',
          processorName: 'prices-update',
          supplier,
          ...text,
        },
        'price',
      )
      .addReadOnlyStateStore({
        store: { name: 'alone', ...text },
        sourceName: 'alone-source',
        topic: 'alone',
        processorName: 'alone-update',
        ...text,
      })
      .addSink({ name: 'out', parents: ['price'], topic: 'out', ...text })
      .build(),
}
