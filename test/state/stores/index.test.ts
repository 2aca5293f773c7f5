/** Every kind of store through its life: opened, written, committed, restored, queried, described, compared, driven. */
import t from 'tap'
import { StreamsBuilder } from '../../../lib/dsl/streams-builder.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import { STORES, type StoreDefinition, type StoreKind } from '../../../lib/state/stores/index.js'
import type { StoreInfo, StoreSettingRule } from '../../../lib/state/stores/store-info.js'
import { TopologyTestDriver } from '../../../lib/testing/index.js'
import { describeAsData, type TopologyDescription } from '../../../lib/topology/description.js'
import { diffTopologies } from '../../../lib/topology/diff.js'
import { internalTopics } from '../../../lib/topology/internal-topics.js'
import { type StoreOptions, storeDefinition } from '../../../lib/topology/store-definition.js'
import type { Topology } from '../../../lib/topology/topology.js'
import { sourceFiles } from '../../source-files.js'
import { Life } from '../life.js'
import { declaredStore, driverViews, OTHER_SETTINGS, text, WALKS, type Walk } from './walks.js'

const KINDS = Object.keys(STORES) as StoreKind[]

function topologyOf({ topology }: Walk): Topology {
  const builder = new StreamsBuilder()
  topology(builder)
  return builder.build()
}

const storeOf = (topology: Topology, kind: StoreKind): StoreDefinition =>
  topology.stores.find((store) => store.kind === kind)!

async function started(engines: MemoryEngines, definition: StoreDefinition): Promise<Life> {
  const life = new Life(engines, [definition])
  await life.start()
  return life
}

function commit(life: Life): void {
  life.send()
  life.succeed()
}

async function rowsOf(life: Life, name: string): Promise<readonly unknown[]> {
  const view = life.state.committed(name)
  const rows = view.kind === 'keyValue' ? view.all() : view.fetchAll(0, 1_000)
  const found: unknown[] = []
  for await (const row of rows) found.push(row)
  return found
}

/** The description with other settings of the one store. */
function withStore(description: TopologyDescription, name: string, changes: object): TopologyDescription {
  const stores = description.stores.map((store) => (store.name === name ? { ...store, ...changes } : store))
  return { ...description, stores }
}

for (const kind of KINDS) {
  const walk = WALKS[kind]
  const info: StoreInfo = STORES[kind]
  const topology = topologyOf(walk)
  const definition = storeOf(topology, kind)
  const { name } = definition
  const read = (life: Life) => walk.read(life.state.store<never>(name))
  const write = (life: Life, ...numbers: readonly number[]) => {
    for (const n of numbers) walk.write(life.state.store<never>(name), n)
  }

  t.test(
    `${kind}: what is committed comes back from the disk and from the changelog, what was aborted does not`,
    async (t) => {
      const engines = new MemoryEngines()
      const life = await started(engines, definition)
      write(life, 1, 2)
      commit(life)
      write(life, 3)
      life.send()
      life.abort()
      write(life, 4)
      life.send()
      life.succeedUnheard()
      await life.state.maybeFlush(true)
      await life.crash()
      t.equal(life.rolledForward, 1, 'the disk is behind by the commit nobody heard of')
      const kept = read(life)
      t.equal(kept.length, 3)
      await life.state.close({ flush: false })
      await engines.setAside('0_0', 'lost')
      await life.start()
      t.ok(life.rolledForward >= 3)
      t.same(read(life), kept, 'from the changelog alone')
    },
  )

  t.test(`${kind}: queries see what is committed, or are told that there are no rows`, async (t) => {
    const life = await started(new MemoryEngines(), definition)
    write(life, 1)
    if (walk.view === null) {
      t.throws(() => life.state.committed(name), { code: 'QUERY_STORE_KIND', message: /it cannot be queried/ })
      return
    }
    t.equal(life.state.committed(name).kind, walk.view)
    t.same(await rowsOf(life, name), [])
    commit(life)
    t.equal((await rowsOf(life, name)).length, 1)
    await life.state.maybeFlush(true)
    t.equal((await rowsOf(life, name)).length, 1, 'and on disk')
  })

  t.test(`${kind}: read only, it refuses what writes and nothing else`, async (t) => {
    const life = await started(new MemoryEngines(), definition)
    const store = life.state.readOnlyStore<Record<string, (...args: unknown[]) => unknown>>(name)
    for (const method of info.writes) t.throws(() => store[method]!(), { code: 'STATE_READ_ONLY' }, method)
    t.throws(() => walk.write(store as never, 1), { code: 'STATE_READ_ONLY' })
    const changes = ['unmatched', 'streamBuffer', 'suppressBuffer', 'timers'].includes(kind)
    if (!changes) t.same(walk.read(store as never), [])
  })

  t.test(
    `${kind}: its definition has the settings of its row, its changelog topic the row's configuration`,
    async (t) => {
      const common = ['name', 'kind', 'keySerde', 'valueSerde', 'logged', 'engine', 'changelogTopic', 'topicConfig']
      const own = Object.keys(definition).filter((setting) => !common.includes(setting))
      for (const setting of own) t.ok(Object.hasOwn(info.settings, setting), setting)
      const topic = internalTopics('app', topology).find(({ store }) => store === name)!
      t.equal(topic.config['cleanup.policy'], walk.cleanup)
      t.equal(info.kind, kind)
    },
  )

  t.test(`${kind}: described under the name it has on disk, and diff tells what its row says`, async (t) => {
    const before = describeAsData(topology)
    const store = before.stores.find((each) => each.name === name)! as unknown as Readonly<Record<string, unknown>>
    t.equal(store.kind, info.savedAs)
    const told = (changes: object) =>
      diffTopologies(before, withStore(before, name, changes)).filter(({ name: of }) => of === name)
    t.same(told({}), [])
    const joins = kind === 'joinWindow'
    for (const [setting, rule] of Object.entries<StoreSettingRule>(info.settings)) {
      if (rule === 'silent') {
        t.notOk(Object.hasOwn(store, setting), `${setting} is no part of the description`)
        continue
      }
      const given = store[setting]
      if (given === undefined || joins) continue
      const other = typeof given === 'number' ? given - 1 : 'other'
      const label = 'label' in rule ? rule.label : rule.bound
      t.match(told({ [setting]: other }), [{ kind: 'retyped', loses: true, message: `${label} was ${given}` }])
      if ('bound' in rule) t.same(told({ [setting]: (given as number) + 1 }), [], 'a wider bound loses nothing')
    }
    for (const other of KINDS.filter((each) => STORES[each].savedAs !== info.savedAs)) {
      const { rebuiltFrom, savedAs } = STORES[other]
      const rebuilt = (rebuiltFrom as readonly string[]).includes(info.savedAs)
      t.match(told({ kind: savedAs })[0], { kind: rebuilt ? 'moved' : 'retyped', loses: !rebuilt }, other)
    }
  })

  t.test(`${kind}: the test driver gives it as its port, and refuses it as another`, async (t) => {
    const driver = new TopologyTestDriver(topology)
    for (const [view, open] of Object.entries(driverViews(driver.stores, name))) {
      if (view === walk.driver) t.equal(open(), driver.stores.any(name))
      else t.throws(open, { code: 'QUERY_STORE_KIND', message: new RegExp(`${name} is a ${kind} store`) }, view)
    }
    driver.close()
  })

  t.test(`${kind}: the disk of another kind is refused`, async (t) => {
    for (const other of KINDS) {
      const engines = new MemoryEngines()
      const life = await started(engines, { ...storeOf(topologyOf(WALKS[other]), other), name })
      WALKS[other].write(life.state.store<never>(name), 1)
      commit(life)
      await life.state.maybeFlush(true)
      await life.state.close({ flush: false })
      const opened = () => started(engines, definition)
      if (STORES[other].savedAs === info.savedAs) await t.resolves(opened())
      else await t.rejects(opened(), { code: 'STATE_LAYOUT_UNSUPPORTED' }, other)
    }
  })
}

t.test('settings beyond those of the walk: declared, opened and written', async (t) => {
  for (const [kind, options] of OTHER_SETTINGS) {
    const definition = declaredStore(options)
    t.match(definition, { kind, ...options })
    const life = await started(new MemoryEngines(), definition)
    for (const n of [1, 2, 3]) WALKS[kind].write(life.state.store<never>('s'), n)
    commit(life)
    t.equal((await rowsOf(life, 's')).length, 3, JSON.stringify(options))
  }
})

type Options = Omit<StoreOptions<string, string>, 'name' | 'key' | 'value'>

const REFUSED: readonly (readonly [Options, string, RegExp])[] = [
  [{ kind: 'window', windowSizeMs: 1, retentionMs: 1, ttlMs: 1 }, 'CONFIG_INVALID', /omit ttlMs/],
  [{ kind: 'session', retentionMs: 1, maxEntries: 1 }, 'CONFIG_INVALID', /omit maxEntries/],
  [{ kind: 'versioned', retentionMs: 1, ordered: true }, 'CONFIG_INVALID', /omit ordered/],
  [
    { kind: 'window', windowSizeMs: 1, retentionMs: 1, headers: true },
    'CONFIG_INVALID',
    /of kind window: omit headers/,
  ],
  [{ kind: 'session', retentionMs: 1, windowSizeMs: 1 }, 'CONFIG_INVALID', /omit windowSizeMs/],
  [{ windowSizeMs: 1 }, 'CONFIG_INVALID', /omit windowSizeMs/],
  [{ kind: 'window', retentionMs: 1 }, 'CONFIG_INVALID', /needs windowSizeMs/],
  [{ retentionMs: 1 }, 'TOPOLOGY_RETENTION_TOO_SHORT', /cannot have a retention/],
  [{ kind: 'session' }, 'TOPOLOGY_RETENTION_TOO_SHORT', /needs a retention/],
  [{ ttlMs: 1, maxEntries: 1 }, 'CONFIG_INVALID', /choose one/],
  [{ ttlMs: 1, headers: true }, 'CONFIG_INVALID', /omit one/],
  [{ maxEntries: 1, engine: 'level' }, 'CONFIG_INVALID', /is in memory/],
  [{ kind: 'other' as 'keyValue' }, 'CONFIG_INVALID', /kind is one of/],
]
for (const [options, code, message] of REFUSED) {
  t.test(`refused: ${JSON.stringify(options)}`, async (t) => {
    const build = () => {
      const builder = new StreamsBuilder()
      builder.addStateStore({ name: 's', ...text, ...options })
      builder.stream('in', text).process(() => ({ process() {} }), { stores: ['s'] })
      builder.build()
    }
    t.throws(build, { code, message })
  })
}

t.test('a definition has nothing its kind does not know', async (t) => {
  t.same(Object.keys(storeDefinition({ name: 's', kind: 'versioned', ...text, retentionMs: 1, cached: true })).sort(), [
    'changelogTopic',
    'engine',
    'keySerde',
    'kind',
    'logged',
    'name',
    'retentionMs',
    'topicConfig',
    'valueSerde',
  ])
})

t.test('nobody else asks which kind a store is', async (t) => {
  // Kinds whose names no node, window or view has.
  const names = KINDS.filter((kind) => !['window', 'session', 'joinWindow', 'keyValue'].includes(kind)).join('|')
  const asks = new RegExp(`(?:kind|Kind\\([^)]*\\)) ?[!=]== '(?:${names})'|case '(?:${names})'`, 'gi')
  const asking = sourceFiles('lib')
    .filter(({ path }) => !/^lib\/(state\/stores|dsl)\//.test(path))
    .flatMap(({ path, text }) => [...text.matchAll(asks)].map(([found]) => `${path}: ${found}`))
  t.same(asking, [])
})
