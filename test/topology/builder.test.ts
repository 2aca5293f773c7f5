/** A builder may be built from as often as one likes: a build takes nothing from it, adds nothing to it, and freezes nothing of the user's. */
import t from 'tap'
import { string } from '../../lib/serde/primitive.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { storeDefinition } from '../../lib/topology/store-definition.js'

const text = { key: string, value: string }

function echo(topics: readonly string[] = ['in']): TopologyBuilder {
  return new TopologyBuilder()
    .addSource({ name: 'source', topics, ...text })
    .addProcessor({ name: 'echo', parents: ['source'], supplier: () => ({ process: () => {} }) })
}

const wrapProcessor = () => ({ supplier: () => ({}), stores: [{ name: 'seen', ...text }] })

t.test('what a wrapper adds belongs to the build it was given to', async (t) => {
  const builder = echo()
  const names = (options?: object) => builder.build(options).stores.map(({ name }) => name)
  t.same(names(), [])
  t.same(names({ wrapProcessor }), ['seen'])
  t.same(names(), [], 'a later build without it')
  t.same(names({ wrapProcessor }), ['seen'], 'once more')
})

t.test('a store of a wrapper does not bear the name of another', async (t) => {
  const builder = echo().addStateStore({ name: 'seen', ...text })
  t.throws(() => builder.build({ wrapProcessor }), { code: 'TOPOLOGY_NAME_DUPLICATE' })
  t.same(
    builder.build().stores.map(({ name }) => name),
    ['seen'],
  )
})

t.test('the same definition may be added again, another of its name may not', async (t) => {
  const store = storeDefinition({ name: 'seen', ...text })
  const builder = echo().addStore(store).addStore(store)
  t.equal(builder.build().stores.length, 1)
  t.throws(() => builder.addStore(storeDefinition({ name: 'seen', ...text })), { code: 'TOPOLOGY_NAME_DUPLICATE' })
})

t.test('lists that the user gave stay theirs', async (t) => {
  const topics = ['in']
  const parents = ['source']
  const builder = new TopologyBuilder()
    .addSource({ name: 'source', topics, ...text })
    .addProcessor({ name: 'echo', parents, supplier: () => ({ process: () => {} }) })
  const built = builder.build()
  t.notOk(Object.isFrozen(topics))
  t.notOk(Object.isFrozen(parents))
  topics.push('more')
  const [source] = built.nodes
  t.same(source?.kind === 'source' && source.topics, ['in'], 'what was built does not change')
})

t.test('a build that fails may be mended', async (t) => {
  const builder = echo().connect('late', 'counts')
  t.throws(() => builder.build(), { code: 'TOPOLOGY_PARENT_UNKNOWN' })
  builder.addProcessor({ name: 'late', parents: ['source'], supplier: () => ({ process: () => {} }) })
  builder.addStateStore({ name: 'counts', ...text })
  t.same(builder.build().nodes.find(({ name }) => name === 'late')?.stores, ['counts'])
})
