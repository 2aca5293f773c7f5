/** The part of the captured topologies that joins by foreign key. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }
const foreignKey = (value: string) => value
const joiner = (left: string, right: string | null) => `${left}${right}`

export const foreignKeyTopologies: Record<string, () => Topology> = {
  'foreign-key-join': () => {
    const b = new StreamsBuilder()
    const left = b.table('left', text)
    const right = b.table('right', text)
    left.join(right, { foreignKey, joiner }).toStream().to('a')
    left
      .leftJoin(right, { foreignKey, joiner, store: { name: 'joined' } })
      .toStream()
      .to('b')
    return b.build()
  },
  'foreign-key-join-named': () => {
    const b = new StreamsBuilder()
    const left = b.table('left', text)
    left
      .join(b.table('right', text), { foreignKey, joiner, name: 'orders', store: { name: 'joined' } })
      .toStream()
      .to('a')
    return b.build()
  },
  'foreign-key-join-derived': () => {
    const b = new StreamsBuilder()
    const left = b.table('left', text).mapValues((value) => value)
    const right = b.table('right', text).filter(() => true)
    const third = b.table('third', text)
    left
      .join(right, { foreignKey, joiner })
      .leftJoin(third, { foreignKey, joiner })
      .groupBy((key, value) => [value, key])
      .count()
      .toStream()
      .to('a')
    return b.build()
  },
  'foreign-key-join-self': () => {
    const b = new StreamsBuilder()
    const table = b.stream('left', text).toTable()
    table.join(table, { foreignKey, joiner }).join(table, { joiner }).toStream().to('a')
    return b.build()
  },
}
