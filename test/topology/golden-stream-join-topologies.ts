/** The part of the captured topologies that is about stream joins and versioned tables. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const text = { key: string, value: string }

function dsl(describe: (builder: StreamsBuilder) => void): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build()
  }
}

const joiner = (left: string | null, right: string | null) => `${left}${right}`
const join = { joiner, window: joinWindow({ beforeMs: 10, afterMs: 10, graceMs: 5 }) }
const out = { value: string }

export const streamJoinTopologies: Readonly<Record<string, () => Topology>> = {
  'stream-joins': dsl((b) => {
    const [x, y, z] = [b.stream('a', text), b.stream('b', text), b.stream('c', text)]
    x.join(y, join).to('inner', out)
    x.leftJoin(y, join).to('left', out)
    x.outerJoin(z, join).to('outer', out)
  }),
  'stream-joins-named': dsl((b) => {
    const [x, y] = [b.stream('a', text), b.stream('b', text)]
    x.join(y, { ...join, name: 'first' }).to('inner', out)
    x.leftJoin(y, { ...join, store: { name: 'kept' } }).to('left', out)
    x.outerJoin(y, { ...join, name: 'third', store: { name: 'both' } }).to('outer', out)
  }),
  'stream-joins-rekeyed': dsl((b) => {
    const x = b.stream('a', text).selectKey((_k, v) => v!)
    const y = b.stream('b', text).map((k, v) => [v!, k])
    x.leftJoin(y, join).to('left', out)
    x.join(y, { ...join, name: 'named' }).to('inner', out)
    x.join(b.stream('c', text), join).to('other', out)
  }),
  'stream-joins-self': dsl((b) => {
    const x = b.stream('a', text)
    x.join(x, join).to('inner', out)
    const y = b.stream('b', text).mapValues((v) => v)
    y.outerJoin(y, join)
      .filter(() => true)
      .to('outer', out)
  }),
  'stream-joins-chained': dsl((b) => {
    const [x, y, z] = [b.stream('a', text), b.stream('b', text), b.stream('c', text)]
    x.leftJoin(y, join)
      .outerJoin(z, { ...join, value: string })
      .groupByKey({ value: string })
      .count()
      .toStream()
      .to('out', { value: int64 })
  }),
  'versioned-table': dsl((b) => {
    const table = b.table('t', { ...text, store: { name: 'rows', versioned: { historyRetentionMs: 50 } } })
    const stream = b.stream('s', text)
    stream
      .join(
        table.filter(() => true),
        { joiner },
      )
      .to('now')
    stream.leftJoin(table, { joiner, name: 'wait', graceMs: 10 }).to('later')
    stream
      .selectKey((_k, v) => v!)
      .join(table, { joiner, name: 'moved', graceMs: 10 })
      .to('moved')
  }),
}
