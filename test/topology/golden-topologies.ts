/**
 * The topologies whose `describe()` was captured from Kafka Streams 4.3.1: each entry says in our DSL what the Java
 * program said in Kafka Streams' own, in the same order. `fixtures/<name>.txt` is Java's text.
 */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { timeWindowed } from '../../lib/serde/windowed.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, tumbling } from '../../lib/windows/definitions.js'
import { byHand } from './by-hand-topology.js'
import { foreignKeyTopologies } from './golden-foreign-key-topologies.js'
import { optimizedTopologies } from './golden-optimized-topologies.js'
import { sourceTopologies } from './golden-source-topologies.js'
import { streamJoinTopologies } from './golden-stream-join-topologies.js'
import { tableTopologies } from './golden-table-topologies.js'
import { transformTopologies } from './golden-transform-topologies.js'
import { windowTopologies } from './golden-window-topologies.js'

export const text = { key: string, value: string }
export const nothing = () => ({ process() {} })

export function dsl(describe: (builder: StreamsBuilder) => void): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build()
  }
}

const later = <T>(_first: T, second: T) => second
const yes = () => true

const aggregations: Record<string, () => Topology> = {
  count: dsl((b) => b.stream('in', text).groupByKey().count().toStream().to('out')),
  'count-materialized-unnamed': dsl((b) =>
    b
      .stream('in', text)
      .groupByKey()
      .count({ store: { key: string } })
      .toStream()
      .to('out'),
  ),
  'count-store-named': dsl((b) =>
    b
      .stream('in', text)
      .groupByKey()
      .count({ store: { name: 'counts' } })
      .toStream()
      .to('out'),
  ),
  'count-all-named': dsl((b) =>
    b
      .stream('in', { ...text, name: 'source' })
      .groupByKey({ name: 'group' })
      .count({ name: 'counting', store: { name: 'counts' } })
      .toStream({ name: 'changes' })
      .to('out', { name: 'sink' }),
  ),
  'word-count': dsl((b) =>
    b
      .stream('text', text)
      .flatMapValues((v) => v!.split(' '))
      .groupBy((_k, v) => v)
      .count()
      .toStream()
      .to('counts'),
  ),
  'group-named-repartition': dsl((b) =>
    b
      .stream('in', text)
      .groupBy((_k, v) => v!, { name: 'by-value' })
      .count()
      .toStream()
      .to('out'),
  ),
  'group-reused-named': dsl((b) => {
    const grouped = b.stream('in', text).groupBy((_k, v) => v!, { name: 'by-value' })
    grouped.count().toStream().to('a')
    grouped.reduce(later).toStream().to('b')
  }),
  'group-reused-unnamed': dsl((b) => {
    const grouped = b
      .stream('in', text)
      .selectKey((_k, v) => v)
      .groupByKey()
    grouped.count().toStream().to('a')
    grouped.reduce(later).toStream().to('b')
  }),
  tumbling: dsl((b) =>
    b
      .stream('in', text)
      .groupByKey()
      .windowedBy(tumbling({ sizeMs: 100, graceMs: 10 }))
      .count()
      .toStream()
      .to('out', { key: timeWindowed(string, 100), value: int64 }),
  ),
  'hopping-reduce': dsl((b) =>
    b
      .stream('in', text)
      .groupBy((_k, v) => v!)
      .windowedBy(hopping({ sizeMs: 100, advanceMs: 50 }))
      .reduce(later, { store: { key: string } })
      .toStream()
      .selectKey((k) => k.key)
      .to('out', { key: string }),
  ),
  session: dsl((b) =>
    b
      .stream('in', text)
      .groupByKey()
      .windowedBy(session({ gapMs: 100 }))
      .count({ store: { key: string } })
      .toStream()
      .selectKey((k) => k.key)
      .to('out', { key: string }),
  ),
  'session-aggregate': dsl((b) =>
    b
      .stream('in', text)
      .groupByKey()
      .windowedBy(session({ gapMs: 100 }))
      .aggregate({
        initializer: () => '',
        adder: (_k, v, all) => all + v,
        merger: (_k, l, r) => l + r,
        name: 'sessions',
        store: { name: 'session-store' },
      })
      .toStream()
      .selectKey((k) => k.key)
      .to('out', { key: string }),
  ),
}

const streams: Record<string, () => Topology> = {
  stateless: dsl((b) => {
    const source = b.stream('in', text)
    source
      .filter(yes)
      .filterNot(() => false)
      .mapValues((v) => v)
      .map((k, v) => [k, v])
      .flatMap((k, v) => [[k, v] as const])
      .peek(() => {})
      .selectKey((k) => k)
      .to('out')
    source.foreach(() => {})
  }),
  merge: dsl((b) => {
    const x = b.stream('a', text)
    const y = b.stream('b', text)
    const z = b.stream('c', text)
    x.merge(y)
      .merge(z.selectKey((_k, v) => v!))
      .groupByKey()
      .count()
      .toStream()
      .to('out')
  }),
  branches: dsl((b) => {
    const found = b
      .stream('in', text)
      .split({ name: 'split-' })
      .branch(yes, { name: 'first' })
      .branch(yes)
      .branch(yes, { name: 'third' })
      .defaultBranch()
    found.get('split-first')!.to('x')
    found
      .get('split-2')!
      .mapValues((v) => v)
      .filter(yes)
      .to('y')
    found
      .get('split-third')!
      .mapValues((v) => v)
      .to('z')
    found.get('split-0')!.to('rest')
  }),
  'branches-unnamed': dsl((b) => {
    const found = b.stream('in', text).split().branch(yes).branch(yes).noDefaultBranch()
    found.get('KSTREAM-BRANCH-00000000011')!.to('x')
    found
      .get('KSTREAM-BRANCH-00000000012')!
      .peek(() => {})
      .to('y')
  }),
  repartition: dsl((b) => {
    b.stream('in', text).repartition().to('out')
    b.stream('in2', text).repartition({ name: 'again', partitions: 3 }).groupByKey().count().toStream().to('out2')
  }),
  process: dsl((b) => {
    for (const name of ['one', 'two', 'three']) b.addStateStore({ name, ...text })
    b.stream('in', text)
      .process<string, string>(nothing, { stores: ['one', 'two', 'three'] })
      .groupByKey()
      .count()
      .toStream()
      .to('out')
    b.stream('in2', text)
      .processValues<string>(nothing, { name: 'values', stores: ['two'] })
      .to('out2')
  }),
  'shared-source': dsl((b) => {
    b.stream(['a', 'b'], text)
      .mapValues((v) => v)
      .to('x')
    b.stream('c', text).to('z')
    b.stream(['a', 'b'], text).filter(yes).groupByKey().count().toStream().to('y')
  }),
  'many-topics': dsl((b) => b.stream(['clicks', 'views', 'purchases', 'searches', 'carts'], text).to('all')),
  'fan-out': dsl((b) => {
    const source = b.stream('in', text)
    for (let i = 0; i < 7; i++) {
      let branch = source.filter(yes)
      for (let j = 0; j < (i * 5) % 7; j++) branch = branch.mapValues((v) => v)
      branch.to(`out${i}`)
    }
  }),
  'fan-in': dsl((b) => {
    const source = b.stream('in', text)
    let merged = source.filter(yes)
    for (let i = 0; i < 6; i++) {
      const mapped = source.mapValues((v) => v)
      if (i % 2 === 0) mapped.to(`side${i}`)
      merged = merged.merge(mapped)
    }
    merged.to('out')
  }),
  'global-store': dsl((b) => {
    b.stream('in', text).to('out')
    b.addGlobalStore({ topic: 'config', ...text, store: { name: 'settings', ...text }, supplier: nothing })
    b.stream('in2', text).to('out2')
  }),
  'by-hand': byHand,
}

export const goldenTopologies: Readonly<Record<string, () => Topology>> = {
  ...aggregations,
  ...streams,
  ...tableTopologies,
  ...foreignKeyTopologies,
  ...optimizedTopologies,
  ...transformTopologies,
  ...sourceTopologies,
  ...streamJoinTopologies,
  ...windowTopologies(),
}
