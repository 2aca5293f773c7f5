/** The part of the captured topologies that is about where records come from and end. */
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const supplier = () => ({ process() {} })

const calls = { name: 'calls', ...text }

function dsl(describe: (builder: StreamsBuilder) => void, options?: BuildOptions): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build(options)
  }
}

export const sourceTopologies: Record<string, () => Topology> = {
  pattern: dsl((b) => {
    b.stream(/in-.*/, text)
      .selectKey((_key, value) => value)
      .groupByKey()
      .count()
      .toStream()
      .to('out')
    b.stream(/other-\d+/, { ...text, name: 'others' })
      .merge(b.stream('plain', text))
      .to('copies')
  }),
  'pattern-joined': dsl((b) => {
    const rows = b.table('rows', text)
    b.stream(/a-[0-9]+/, text)
      .join(rows, { joiner: (one, other) => one + other })
      .to('out')
  }),
  'pattern-shared': dsl((b) => {
    b.stream(/p-.*/, text).to('a')
    b.stream(/p-.*/, text)
      .mapValues((value) => value)
      .to('b')
  }),
  'pattern-by-hand': () =>
    new TopologyBuilder()
      .addSource({ name: 'matching', topics: /logs\..+/, ...text })
      .addProcessor({ name: 'work', parents: ['matching'], supplier })
      .addStateStore({ name: 'seen', ...text }, 'work')
      .addSink({ name: 'out', parents: ['work'], topic: 'out', ...text })
      .build(),
  print: dsl((b) => {
    const stream = b.stream('in', text)
    stream.print(() => {})
    stream.filter(() => true).print(() => {}, { name: 'shown', label: 'x' })
    stream.mapValues((value) => value).to('out')
  }),
  wrapped: dsl(
    (b) => {
      b.stream('in', text)
        .selectKey((_key, value) => value)
        .groupByKey()
        .count({ store: { name: 'counts' } })
        .toStream()
        .to('out')
      b.stream('other', text)
        .mapValues((value) => value)
        .to('copies')
    },
    {
      wrapProcessor: ({ name }) => (/AGGREGATE|TOSTREAM/.test(name) ? { supplier: () => ({}), stores: [calls] } : null),
    },
  ),
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
