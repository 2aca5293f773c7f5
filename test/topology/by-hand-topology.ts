/** A topology made node by node, with a shared store, several parents, a computed topic and a global store. */
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const supplier = () => ({ process() {} })

export function byHand(): Topology {
  return new TopologyBuilder()
    .addSource({ name: 'src', topics: ['in', 'more'], ...text })
    .addProcessor({ name: 'up', supplier, parents: ['src'] })
    .addProcessor({ name: 'down', supplier, parents: ['up', 'src'] })
    .addSource({ name: 'other', topics: ['elsewhere'], ...text })
    .addProcessor({ name: 'third', supplier, parents: ['other'] })
    .addStateStore({ name: 'shared-store', ...text }, 'down', 'third')
    .addSink({ name: 'snk', topic: 'out', parents: ['down', 'third'], ...text })
    .addSink({ name: 'dyn', topic: 'alone', parents: ['up'], ...text })
    .addSource({ name: 'lonely', topics: ['lone'], ...text })
    .addSink({ name: 'lonely-sink', topic: 'lone-out', parents: ['lonely'], ...text })
    .addGlobalStore({
      name: 'glob',
      ...text,
      topic: 'glob-topic',
      sourceName: 'glob-src',
      processorName: 'glob-proc',
      supplier,
    })
    .build()
}
