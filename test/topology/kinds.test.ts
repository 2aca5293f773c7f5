/** Every kind of node, as validation, the wrapper, `describe` and `diff` see it: what its row says is what they do. */
import t from 'tap'
import type { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { describe } from '../../lib/topology/describe.js'
import { describeAsData, type NodeDescription, type TopologyDescription } from '../../lib/topology/description.js'
import { diffTopologies } from '../../lib/topology/diff.js'
import { KINDS, type KindInfo, keysOf, type SettingRule, type Settings } from '../../lib/topology/kinds.js'
import { Lineage } from '../../lib/topology/lineage.js'
import type { Node } from '../../lib/topology/node.js'
import { wrapNodes } from '../../lib/topology/processor-wrapper.js'
import type { Topology } from '../../lib/topology/topology.js'
import { checkFunctions } from '../../lib/topology/validate/functions.js'
import { tumbling } from '../../lib/windows/definitions.js'
import { foreignKeyTopologies } from './golden-foreign-key-topologies.js'
import { optimizedTopologies } from './golden-optimized-topologies.js'
import { sourceTopologies } from './golden-source-topologies.js'
import { dsl, goldenTopologies, text } from './golden-topologies.js'
import { transformTopologies } from './golden-transform-topologies.js'
import { windowTopologies } from './golden-window-topologies.js'

const perKey = dsl((b) => {
  b.stream('in', text)
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 10, graceMs: 5 }), { time: 'perKey' })
    .count({ store: { name: 'w', retentionMs: 100 } })
})
const waiting = dsl((b) => {
  const stream = b.stream('in', text)
  stream.mapValuesAsync(async (value) => value).to('values')
  stream.mapAsync(async (key, value) => [key, value] as const).to('keys')
})

const TOPOLOGIES: readonly Topology[] = [
  ...Object.values(goldenTopologies),
  ...Object.values(foreignKeyTopologies),
  ...Object.values(optimizedTopologies),
  ...Object.values(sourceTopologies),
  ...Object.values(transformTopologies),
  ...Object.values(windowTopologies()),
  waiting,
  perKey,
].map((make) => make())

const found = (kind: string) =>
  TOPOLOGIES.flatMap((topology) =>
    topology.nodes.filter((node) => node.kind === kind).map((node) => ({ topology, node })),
  )

const withNode = (topology: Topology, old: Node, changed: object): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (node === old ? ({ ...node, ...changed } as Node) : node)),
})

const descriptionOf = (description: TopologyDescription, name: string): NodeDescription =>
  description.subTopologies.flatMap(({ nodes }) => nodes).find((node) => node.name === name)!

/** The description with other settings of one node. */
const set = (description: TopologyDescription, name: string, settings: object): TopologyDescription => ({
  ...description,
  subTopologies: description.subTopologies.map((part) => ({
    ...part,
    nodes: part.nodes.map((node) =>
      node.name === name ? { ...node, settings: { ...node.settings, ...settings } } : node,
    ),
  })),
})

const COMPUTATION: readonly SettingRule[] = ['computation', 'computationTold', 'computationToldWithStore']
const TOLD: readonly SettingRule[] = ['told', 'computationTold']

for (const [kind, info] of Object.entries(KINDS) as [Node['kind'], KindInfo][]) {
  t.test(kind, async (t) => {
    const all = found(kind)
    t.ok(all.length > 0, 'a topology has one')
    for (const { topology, node } of all) {
      t.doesNotThrow(() => checkFunctions(topology))
      t.match(describe(topology), node.name)
    }

    for (const [field, rule] of Object.entries(info.functions)) {
      const { topology, node } =
        all.find(({ node }) => typeof (node as unknown as Settings)[field] === 'function') ?? all[0]!
      const without = () => checkFunctions(withNode(topology, node, { [field]: null }))
      if (rule === 'optional') t.doesNotThrow(without, `${field} may be left out`)
      else t.throws(without, { code: 'TOPOLOGY_FUNCTION_MISSING', message: new RegExp(`\`${field}\``) })
      t.throws(() => checkFunctions(withNode(topology, node, { [field]: 'no function' })), {
        code: 'TOPOLOGY_FUNCTION_MISSING',
      })
      const waits = () => checkFunctions(withNode(topology, node, { [field]: async () => [] }))
      if (rule === 'mayWait') t.doesNotThrow(waits)
      else t.throws(waits, { code: 'TOPOLOGY_FUNCTION_ASYNC' }, `${field} cannot wait`)
    }

    const asked = new Map<string, boolean>()
    for (const { topology } of all) {
      wrapNodes(
        topology.nodes,
        new Set(),
        ({ name, fixedKey }) => {
          asked.set(name, fixedKey)
          return null
        },
        () => undefined,
      )
      for (const node of topology.nodes.filter((node) => node.kind === kind && kind !== 'source' && kind !== 'sink')) {
        const fixed = keysOf(kind, node as unknown as Settings) === 'fixed'
        t.equal(asked.get(node.name), fixed, 'the wrapper is told whether keys must stay')
      }
    }

    for (const { topology, node } of all.slice(0, 3)) {
      const before = describeAsData(topology)
      const shape = (of: TopologyDescription) => new Lineage(of).shape(descriptionOf(of, node.name))
      for (const [name, rule] of Object.entries(info.settings)) {
        const given = descriptionOf(before, node.name).settings[name]
        if (rule === 'silent' || given === undefined) continue
        const other = typeof given === 'boolean' ? !given : typeof given === 'number' ? given + 1 : 'other'
        const after = set(before, node.name, { [name]: other })
        t.equal(shape(after) !== shape(before), COMPUTATION.includes(rule), `${name} makes it another computation`)
        const messages = diffTopologies(before, after).map(({ message }) => message)
        if (TOLD.includes(rule))
          t.ok(
            messages.some((message) => message.includes(`${name} was`)),
            `${name} is told`,
          )
      }
    }
  })
}

t.test('each setting that a row tells is in a description of some topology', async (t) => {
  for (const [kind, info] of Object.entries(KINDS) as [Node['kind'], KindInfo][]) {
    const names = new Set(
      found(kind).flatMap(({ topology, node }) =>
        Object.keys(descriptionOf(describeAsData(topology), node.name).settings),
      ),
    )
    for (const [name, rule] of Object.entries(info.settings)) {
      if (rule !== 'silent') t.ok(names.has(name), `${kind}: ${name}`)
    }
  }
})

type Texts = KStream<string, string>

/** A count of what comes out of `change`, behind a repartition topic. */
const counted = (change: (stream: Texts) => Texts): Topology => {
  const builder = new StreamsBuilder()
  change(builder.stream('in', text) as Texts)
    .repartition({ name: 'r', ...text })
    .groupByKey()
    .count({ store: { name: 'c' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}
const pair = (_key: string, value: string) => [value, value] as const
const REKEYS: readonly [string, (stream: Texts) => Texts, (stream: Texts) => Texts][] = [
  ['map', (s) => s.mapValues((value) => value), (s) => s.map(pair)],
  [
    'mapAsync',
    (s) => s.mapValuesAsync(async (value) => value),
    (s) => s.mapAsync(async (key, value) => pair(key, value)),
  ],
  ['processAsync', (s) => s.mapValuesAsync(async (value) => value), (s) => s.processAsync(async (record) => [record])],
  ['flatMap', (s) => s.flatMapValues((value) => [value]), (s) => s.flatMap((key, value) => [pair(key, value)])],
  ['selectKey', (s) => s.peek(() => undefined), (s) => s.selectKey((_key, value) => value)],
  ['process', (s) => s.processValues(() => ({ process() {} })), (s) => s.process(() => ({ process() {} }))],
]
for (const [name, before, after] of REKEYS) {
  t.test(`${name} behind a repartition, where keys stayed before: rekeyed, and state is lost`, async (t) => {
    const changes = diffTopologies(describeAsData(counted(before)), describeAsData(counted(after)))
    t.match(
      changes.filter(({ kind }) => kind === 'rekeyed'),
      [{ what: 'store', name: 'c', loses: true }],
    )
  })
}
