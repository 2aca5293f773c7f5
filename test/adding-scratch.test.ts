/** One thing more of a family, added by its line in the registry alone, works everywhere. */
import t from 'tap'
import { chosenSuite, SUITES } from '../bench/index.js'
import { resolveConfig } from '../lib/config.js'
import { StreamsBuilder } from '../lib/dsl/streams-builder.js'
import { FORMATS, formatNamed, replayOf } from '../lib/personalization/input/index.js'
import { taskEngines } from '../lib/runtime/state-engines.js'
import { string } from '../lib/serde/primitive.js'
import { ENGINES } from '../lib/state/engine/index.js'
import { MemoryEngines } from '../lib/state/memory-engine.js'
import type { KeyValueStore } from '../lib/state/ports/store.js'
import { STORES } from '../lib/state/stores/index.js'
import { TopologyTestDriver } from '../lib/testing/index.js'
import { describeAsData } from '../lib/topology/description.js'
import { diffTopologies } from '../lib/topology/diff.js'
import { internalTopics } from '../lib/topology/internal-topics.js'
import { Life } from './state/life.js'

const text = { key: string, value: string }

/** One row more while the test runs. */
function added(t: { teardown(after: () => void): void }, registry: object, name: string, row: unknown): void {
  const rows = registry as Record<string, unknown>
  rows[name] = row
  t.teardown(() => void delete rows[name])
}

t.test('a kind of store: declared, opened, committed, restored, queried, described, compared, driven', async (t) => {
  const config = { 'cleanup.policy': 'compact', 'segment.ms': '1' }
  const row = { ...STORES.keyValue, kind: 'scratch', savedAs: 'scratch', rebuiltFrom: ['keyValue'] }
  added(t, STORES, 'scratch', { ...row, changelogConfig: () => config })
  const built = (kind: string) => {
    const builder = new StreamsBuilder()
    builder.addStateStore({ name: 's', kind: kind as 'keyValue', ...text })
    builder.stream('in', text).process(
      (context) => ({
        process({ key, value, timestamp }) {
          context.getStateStore<KeyValueStore<string, string>>('s').put(key as string, value as string, timestamp)
        },
      }),
      { stores: ['s'] },
    )
    return builder.build()
  }
  const topology = built('scratch')
  t.match(internalTopics('app', topology)[0]!.config, config)
  t.equal(describeAsData(topology).stores[0]!.kind, 'scratch')
  const changes = diffTopologies(describeAsData(built('keyValue')), describeAsData(topology))
  t.match(changes, [{ kind: 'moved', loses: false, message: /kind was keyValue, is scratch/ }])

  const driver = new TopologyTestDriver(topology)
  driver.createInputTopic('in', string, string).pipe('k', 'v', 7)
  t.same(driver.stores.keyValue('s').get('k'), { value: 'v', timestamp: 7 })
  driver.close()

  const engines = new MemoryEngines()
  const life = new Life(engines, topology.stores)
  await life.start()
  life.table<string>('s').put('k', 'v', 7)
  life.send()
  life.succeed()
  const view = life.state.committed('s')
  t.same(view.kind === 'keyValue' && (await view.get('k')), { value: 'v', timestamp: 7 })
  await life.state.close({ flush: false })
  await engines.setAside('0_0', 'lost')
  await life.start()
  t.same(life.table<string>('s').get('k'), { value: 'v', timestamp: 7 })
})

t.test('a state engine: chosen by its name, given the folder', async (t) => {
  const settings = { applicationId: 'app', stateDir: '/nowhere', stateEngine: 'scratch' as 'level' }
  t.throws(() => resolveConfig(settings), { code: 'CONFIG_INVALID', message: /use one of level, rocksdb/ })
  const engines = new MemoryEngines()
  const folders: string[] = []
  added(t, ENGINES, 'scratch', async ({ folder }: { readonly folder: string }) => {
    folders.push(folder)
    return engines
  })
  t.equal(await taskEngines(resolveConfig(settings), undefined, 1), engines)
  t.same(folders, ['/nowhere/app'])
})

t.test('an input format: found by its name, replayed', async (t) => {
  t.throws(() => formatNamed('scratch'), { code: 'INPUT_FORMAT_UNKNOWN' })
  const format = {
    name: 'scratch',
    inTimeOrder: true,
    async *read() {
      yield [{ at: 1 }, { at: 2 }]
    },
  } as unknown as (typeof FORMATS)[number]
  const formats = FORMATS as (typeof FORMATS)[number][]
  formats.push(format)
  t.teardown(() => void formats.pop())
  const replayed: unknown[] = []
  for await (const row of replayOf(formatNamed('scratch'), null as never)) replayed.push(row)
  t.same(replayed, [{ at: 1 }, { at: 2 }])
})

t.test('a benchmark: run by its name, with flags of its own', async (t) => {
  await t.rejects(chosenSuite(['scratch']), { code: 'CONFIG_INVALID' })
  const suite = { flags: { depth: '3' }, run: async () => ({ report: {}, passed: true }) }
  added(t, SUITES, 'scratch', async () => ({ suite }))
  const { values } = await chosenSuite(['scratch', '--depth', '5'])
  t.equal(values.whole('depth', 1), 5)
})
