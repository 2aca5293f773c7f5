/** The part of the captured topologies that is about where records come from and end. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const supplier = () => ({ process() {} })

function dsl(describe: (builder: StreamsBuilder) => void): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build()
  }
}

export const sourceTopologies: Record<string, () => Topology> = {
  print: dsl((b) => {
    const stream = b.stream('in', text)
    stream.print(() => {})
    stream.filter(() => true).print(() => {}, { name: 'shown', label: 'x' })
    stream.mapValues((value) => value).to('out')
  }),
  'to-stream-mapped': dsl((b) => {
    const table = b.table('x', text)
    table.toStream((_key, value) => value).to('a')
    table
      .toStream((_key, value) => value, { name: 'changes' })
      .groupByKey()
      .count()
      .toStream()
      .to('b')
  }),
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
