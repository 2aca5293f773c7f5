/** Sliding windows, suppression and cogroup: topologies whose `describe()` was captured from Kafka Streams 4.3.1. */

import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import type { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { timeWindowed } from '../../lib/serde/windowed.js'
import type { Topology } from '../../lib/topology/topology.js'
import { session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { dsl, text } from './golden-topologies.js'

const grouped = (builder: StreamsBuilder, topic: string) => builder.stream(topic, text).groupByKey()
const byValue = (builder: StreamsBuilder, topic: string, name?: string) =>
  builder.stream(topic, text).groupBy((_key, value) => value!, name === undefined ? {} : { name })
const slid = sliding({ timeDifferenceMs: 5, graceMs: 1 })
const add = (_key: string, value: string | null, all: string) => all + value
const start = { initializer: () => '', store: { value: string } }
const later = <T>(_first: T, second: T) => second

export function windowTopologies(): Record<string, () => Topology> {
  return {
    sliding: dsl((b) => {
      grouped(b, 'in').windowedBy(slid).reduce(later).toStream().to('out')
      const closing = grouped(b, 'in').windowedBy(slid).emitStrategy('onWindowClose')
      closing
        .count({ store: { name: 'slid' } })
        .toStream()
        .to('out2')
    }),
    suppress: dsl((b) => {
      const counts = grouped(b, 'in')
        .windowedBy(tumbling({ sizeMs: 5, graceMs: 1 }))
        .count()
      counts.suppress(untilWindowCloses()).toStream().to('out')
      counts
        .suppress(untilWindowCloses(), { name: 'final' })
        .toStream()
        .to('out2', { key: timeWindowed(string, 5) })
    }),
    'suppress-source-table': dsl((b) =>
      b
        .table('in', text)
        .filter(() => true)
        .suppress(untilTimeLimit(5, { maxRecords: 2 }))
        .mapValues((value) => value)
        .toStream()
        .to('out'),
    ),
    'suppress-joined': dsl((b) => {
      const held = b.table('in', text).suppress(untilTimeLimit(5), { name: 'held' })
      const joiner = (left: string) => left
      held.leftJoin(b.table('other', text), { joiner }).toStream().to('out')
      held
        .groupBy((key, value) => [value, key])
        .count()
        .toStream()
        .to('out2')
    }),
    cogroup: dsl((b) =>
      grouped(b, 'one').cogroup(add).cogroup(grouped(b, 'two'), add).aggregate(start).toStream().to('out'),
    ),
    'cogroup-named': dsl((b) =>
      grouped(b, 'one')
        .cogroup(add)
        .cogroup(grouped(b, 'two'), add)
        .cogroup(grouped(b, 'three'), add)
        .aggregate({ ...start, name: 'all', store: { name: 'rows', value: string } })
        .toStream()
        .to('out'),
    ),
    'cogroup-rekeyed': dsl((b) =>
      byValue(b, 'one')
        .cogroup(add)
        .cogroup(
          b
            .stream('two', text)
            .selectKey((_key, value) => value!)
            .groupByKey({ name: 'second' }),
          add,
        )
        .cogroup(grouped(b, 'three'), add)
        .aggregate(start)
        .toStream()
        .to('out'),
    ),
    'cogroup-twice': dsl((b) => {
      const all = byValue(b, 'one', 'first').cogroup(add)
      all.aggregate(start).toStream().to('out')
      all.aggregate(start).toStream().to('out2')
    }),
    'cogroup-twice-unnamed': dsl((b) => {
      const all = byValue(b, 'one').cogroup(add)
      all.aggregate(start).toStream().to('out')
      all.aggregate(start).toStream().to('out2')
    }),
    'cogroup-windowed': dsl((b) => {
      const all = grouped(b, 'one').cogroup(add).cogroup(grouped(b, 'two'), add)
      const tumbled = all.windowedBy(tumbling({ sizeMs: 5, graceMs: 1 })).aggregate(start)
      tumbled.suppress(untilWindowCloses()).toStream().to('out')
      all.windowedBy(slid).aggregate(start).toStream().to('out2')
      const sessions = all.windowedBy(session({ gapMs: 5, graceMs: 1 }))
      const merger = (_key: string, left: string, right: string) => left + right
      sessions
        .aggregate({ ...start, name: 'sessions', merger })
        .toStream()
        .to('out3')
    }),
  }
}
