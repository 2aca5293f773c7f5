/** The part of the captured topologies that is about tables. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }

function dsl(describe: (builder: StreamsBuilder) => void): () => Topology {
  return () => {
    const builder = new StreamsBuilder()
    describe(builder)
    return builder.build()
  }
}

const joiner = (left: string | null, right: string | null) => `${left}${right}`
const yes = () => true
const same = (value: string) => value

const streamJoins: Record<string, () => Topology> = {
  'to-table': dsl((b) => {
    b.stream('in', text).toTable().toStream().to('a')
    b.stream('in2', text)
      .selectKey((_k, v) => v!)
      .toTable({ store: { name: 'rows' } })
      .toStream()
      .to('b')
    b.stream('in3', text)
      .map((k, v) => [v, k])
      .toTable({ name: 'tabled' })
      .filter(yes)
      .toStream()
      .to('c')
  }),
  'stream-table-join': dsl((b) => {
    const table = b.table('table', text)
    b.stream('in', text).join(table, { joiner }).to('out')
    b.stream('in2', text).leftJoin(table, { joiner }).to('out2')
  }),
  'stream-table-join-rekeyed': dsl((b) => {
    const table = b.table('table', { ...text, store: { name: 'rows' } })
    const stream = b.stream('in', text).selectKey((_k, v) => v!)
    stream.join(table, { joiner }).to('out')
    stream.leftJoin(table.filter(yes), { joiner }).to('out2')
    stream.join(table, { joiner, name: 'named' }).to('out3')
  }),
  'stream-table-join-mapped-table': dsl((b) => {
    const table = b.table('table', text).mapValues(same).filter(yes)
    b.stream('in', text).join(table, { joiner }).to('out')
  }),
  'global-table-join': dsl((b) => {
    const table = b.globalTable('global', text)
    const stream = b.stream('in', text)
    stream.join(table, { keySelector: (_k, v) => v, joiner }).to('out')
    stream.leftJoin(table, { keySelector: (_k, v) => v, joiner, name: 'left-global' }).to('out2')
    b.globalTable('global2', { ...text, store: { name: 'global-rows' } })
  }),
  'null-key-relaxed': dsl((b) => {
    const table = b.table('table', text)
    b.stream('in', text)
      .repartition({ name: 'first' })
      .selectKey((_k, v) => v!)
      .leftJoin(table, { joiner })
      .groupByKey()
      .count()
      .toStream()
      .to('out')
  }),
}

const tables: Record<string, () => Topology> = {
  'table-ops': dsl((b) => {
    const table = b.table('table', text)
    table.filter(yes).mapValues(same).toStream().to('a')
    table
      .filterNot(yes, { store: { name: 'not' } })
      .toStream()
      .to('b')
    table
      .mapValues(same, { store: { value: string } })
      .toStream()
      .to('c')
  }),
  'table-named': dsl((b) =>
    b
      .table('table', { ...text, name: 'users', store: { name: 'user-rows' } })
      .toStream()
      .to('a'),
  ),
  'table-table-joins': dsl((b) => {
    const [x, y, z] = [b.table('x', text), b.table('y', text), b.table('z', text)] as const
    x.join(y, { joiner }).toStream().to('a')
    x.leftJoin(y, { joiner, store: { name: 'left-rows' } })
      .outerJoin(z, { joiner, store: { key: string } })
      .toStream()
      .to('b')
  }),
  'table-table-join-chain': dsl((b) => {
    const [x, y, z] = [b.table('x', text), b.table('y', text), b.table('z', text)] as const
    x.filter(yes)
      .join(y, { joiner, name: 'xy' })
      .join(z.mapValues(same), { joiner })
      .groupBy((k, v) => [v, k])
      .count()
      .toStream()
      .to('a')
  }),
  'table-group': dsl((b) => {
    const grouped = b.table('table', text).groupBy((k, v) => [v, k])
    grouped.count().toStream().to('a')
    grouped
      .reduce({ adder: same, subtractor: same, store: { name: 'reduced' } })
      .toStream()
      .to('b')
    grouped
      .aggregate({
        initializer: () => '',
        adder: (_k, _v, all) => all,
        subtractor: (_k, _v, all) => all,
        name: 'agg',
        store: { value: string },
      })
      .toStream()
      .to('c')
  }),
  'table-group-named': dsl((b) =>
    b
      .table('table', text)
      .groupBy((k, v) => [v, k], { name: 'regroup' })
      .count({ name: 'counter' })
      .toStream()
      .to('a'),
  ),
}

export const tableTopologies: Readonly<Record<string, () => Topology>> = { ...streamJoins, ...tables }
