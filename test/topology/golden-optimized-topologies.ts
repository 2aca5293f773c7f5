/** The part of the captured topologies that is optimised: `topology.optimization=all`, unless its name says otherwise. */
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const text = { key: string, value: string }
const joiner = (left: string, right: string | null) => `${left}${right}`
const last = (_a: string, b: string) => b
const window = joinWindow({ beforeMs: 5, afterMs: 5, graceMs: 0 })

function dsl(describe: (builder: StreamsBuilder) => void, optimize: BuildOptions['optimize'] = 'all'): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build(optimize === undefined ? {} : { optimize })
  }
}

function rekeyed(b: StreamsBuilder, topic = 'in') {
  return b.stream(topic, text).selectKey((_key, value) => value!)
}

export const optimizedTopologies: Record<string, () => Topology> = {
  'optimized-source': dsl((b) => {
    const x = b.table('x', text)
    const y = b.table('y', { ...text, store: { name: 'rows' } })
    x.join(y, { joiner }).toStream().to('a')
  }),
  'optimized-merge': dsl((b) => {
    const s = rekeyed(b)
    s.groupByKey().count().toStream().to('a')
    s.filter(() => true)
      .groupByKey()
      .reduce(last)
      .toStream()
      .to('b')
    s.groupByKey()
      .windowedBy(tumbling({ sizeMs: 10, graceMs: 0 }))
      .count()
  }),
  'optimized-merge-named': dsl((b) => {
    const s = b.stream('in', text).map((key, value) => [value, key])
    s.groupByKey({ name: 'first' }).count().toStream().to('a')
    s.groupByKey({ name: 'second' }).reduce(last).toStream().to('b')
  }),
  'optimized-merge-value-change': dsl((b) => {
    const s = rekeyed(b)
    s.mapValues((value) => value)
      .groupByKey()
      .count()
      .toStream()
      .to('a')
    s.groupByKey().count().toStream().to('b')
  }),
  'optimized-merge-one': dsl((b) => {
    b.stream('in', text)
      .groupBy((_key, value) => value!)
      .count()
      .toStream()
      .to('a')
  }),
  'optimized-merge-join': dsl((b) => {
    const s = rekeyed(b)
    const t = b.table('t', text)
    s.join(t, { joiner }).to('a')
    s.groupByKey().count().toStream().to('b')
    s.leftJoin(t, { joiner }).to('c')
  }),
  'optimized-merge-merged': dsl((b) => {
    const m = rekeyed(b).merge(rekeyed(b, 'in2'))
    m.groupByKey().count().toStream().to('a')
    m.filter(() => true)
      .groupByKey()
      .count()
      .toStream()
      .to('b')
  }),
  'optimized-merge-many': dsl((b) => {
    const m = b.stream('in', text).map((_key, value) => [value, value])
    m.filter(() => true)
      .mapValues((value) => value)
      .to('side')
    const counts = m.groupByKey().count({ store: {} })
    m.groupByKey()
      .aggregate({ initializer: () => '', adder: (_key, _value, sum) => sum, store: {} })
      .toStream()
      .to('x')
    const kept = m.filter(() => true)
    const counted = counts.toStream().mapValues((value) => `${value}`)
    kept.join(counted, { window, joiner, otherValue: string }).to('y', { value: string })
  }),
  'optimized-self-join': dsl((b) => {
    const s = b.stream('in', text)
    s.join(s, { window, joiner }).to('a', { value: string })
    s.mapValues((value) => value).to('b')
  }),
  'optimized-reuse-only': dsl(
    (b) => {
      b.table('x', { ...text, store: { name: 'rows' } })
        .toStream()
        .to('o')
      const s = rekeyed(b)
      s.groupByKey().count().toStream().to('a')
      s.groupByKey().count().toStream().to('b')
    },
    ['reuseSourceTopics'],
  ),
}
