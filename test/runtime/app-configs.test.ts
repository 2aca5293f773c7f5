/** `appConfigs`: the settings, as data, in every context, and nothing secret among them. */
import t from 'tap'
import { resolveConfig } from '../../lib/config.js'
import { type AppConfigs, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { appConfigs } from '../../lib/runtime/app-configs.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { embedded } from './embedded.js'

const text = { key: string, value: string }

t.test('only data, frozen, defaults included', async (t) => {
  const shown = appConfigs(resolveConfig({ applicationId: 'a', onProcessingError: () => 'skip', commitIntervalMs: 50 }))
  t.ok(Object.isFrozen(shown))
  t.match(shown, { applicationId: 'a', commitIntervalMs: 50, onDeserializationError: 'fail', deadLetterTopic: null })
  t.same(
    Object.keys(shown).filter((name) => ['clock', 'random', 'log', 'onProcessingError'].includes(name)),
    [],
  )
  t.equal(JSON.stringify(JSON.parse(JSON.stringify(shown))), JSON.stringify(shown))
})

/** Keeps what each kind of user code is shown. */
function topology(shown: Map<string, AppConfigs>) {
  const builder = new StreamsBuilder()
  const keep = (what: string) => ({
    init: (context: { readonly appConfigs: AppConfigs }) => void shown.set(what, context.appConfigs),
    process() {},
  })
  const stream = builder.stream('in', text)
  stream.process(() => keep('process'))
  stream.processValues(() => keep('processValues'))
  builder.table('rows', text).transformValues(() => ({ ...keep('transformValues'), transform: () => null }))
  const store = { name: 'global-rows', ...text }
  builder.addGlobalStore({ topic: 'global', ...text, store, supplier: () => keep('global') })
  return builder.build({
    wrapProcessor: ({ kind }) => (kind === 'tableSource' ? { supplier: () => keep('wrap') } : null),
  })
}

const EVERYWHERE = ['global', 'process', 'processValues', 'transformValues', 'wrap']

t.test('in every context of the driver', async (t) => {
  const shown = new Map<string, AppConfigs>()
  new TopologyTestDriver(topology(shown), { applicationId: 'app', appConfigs: { shop: 'east' } })
  t.same([...shown.keys()].sort(), EVERYWHERE)
  for (const [what, configs] of shown) t.same(configs, { applicationId: 'app', shop: 'east' }, what)
})

t.test('in every context of an instance; no connection is shown', async (t) => {
  const world = await embedded(t, { in: 1, rows: 1, global: 1 })
  const shown = new Map<string, AppConfigs>()
  const streams = new Streams(topology(shown), {
    applicationId: 'app',
    broker: world.broker,
    clientId: 'secret-client',
    sasl: { mechanism: 'PLAIN', username: 'secret-user', password: 'secret-word' },
    maxTaskIdleMs: 7,
  })
  await streams.start()
  t.same([...shown.keys()].sort(), EVERYWHERE)
  for (const [what, configs] of shown) {
    t.match(configs, { applicationId: 'app', maxTaskIdleMs: 7, stateDir: null }, what)
    t.notMatch(JSON.stringify(configs), /secret/)
  }
  await streams.close({ leaveGroup: true })
})
