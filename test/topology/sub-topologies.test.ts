/** Which nodes become one task, and how sub-topologies are numbered. */
import t from 'tap'
import { subTopologies } from '../../lib/topology/sub-topologies.js'
import { goldenTopologies } from './golden-topologies.js'

/** name → [number, source topics, sink topics, stores] of every sub-topology with tasks. */
const ROWS: Record<string, [id: number, sources: string[], sinks: string[], stores: string[]][]> = {
  count: [[0, ['in'], ['out'], ['KSTREAM-AGGREGATE-STATE-STORE-0000000001']]],
  'group-named-repartition': [
    [0, ['in'], ['by-value-repartition'], []],
    [1, ['by-value-repartition'], ['out'], ['KSTREAM-AGGREGATE-STATE-STORE-0000000002']],
  ],
  'global-store': [
    [0, ['in'], ['out'], []],
    [2, ['in2'], ['out2'], []],
  ],
  'by-hand': [
    [0, ['in', 'more', 'elsewhere'], ['out', 'alone'], ['shared-store']],
    [1, ['lone'], ['lone-out'], []],
  ],
  'many-topics': [[0, ['clicks', 'views', 'purchases', 'searches', 'carts'], ['all'], []]],
}

for (const [name, expected] of Object.entries(ROWS)) {
  t.test(name, async (t) => {
    const found = subTopologies(goldenTopologies[name]!()).map((part) => [
      part.id,
      part.sourceTopics,
      part.sinkTopics,
      part.stores.map((store) => store.name),
    ])
    t.same(found, expected)
  })
}

t.test('every node is in exactly one sub-topology, parents before children', async (t) => {
  for (const [name, build] of Object.entries(goldenTopologies)) {
    const topology = build()
    const parts = subTopologies(topology)
    t.same(
      parts.flatMap((part) => part.nodes.map((node) => node.name)).sort(),
      topology.nodes.map((node) => node.name).sort(),
      name,
    )
    for (const { nodes } of parts) {
      const seen = new Set<string>()
      for (const node of nodes) {
        if (node.parents.some((parent) => !seen.has(parent))) t.fail(`${name}: ${node.name} before its parent`)
        seen.add(node.name)
      }
    }
  }
})
