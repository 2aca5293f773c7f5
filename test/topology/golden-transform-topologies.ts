/** The captured topology that transforms a table's values, which is also run. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'

const text = { key: string, value: string }

/** `z` is never deleted; values with `d` delete. */
const supplier = () => ({
  transform(key: string, value: string | null): string | null {
    if (value === null) return key === 'z' ? 'made' : null
    return value.startsWith('d') ? null : key + value
  },
})

export const transformTopologies: Record<string, () => Topology> = {
  'table-transform-values': () => {
    const b = new StreamsBuilder()
    b.addStateStore({ name: 'seen', ...text })
    const x = b.table('x', text)
    const y = b.table('y', text)
    x.transformValues(supplier).toStream().to('plain')
    x.transformValues(supplier, { store: { name: 'kept' }, stores: ['seen'] })
      .toStream()
      .to('kept-out')
    y.leftJoin(x.transformValues(supplier, { name: 'joining' }), { joiner: (l, r) => `${l}/${r}` })
      .toStream()
      .to('joined')
    x.transformValues(supplier, { store: {} })
      .groupBy((_key, value) => [value, value])
      .count()
      .toStream()
      .mapValues(String)
      .to('counts', { value: string })
    return b.build()
  },
}
