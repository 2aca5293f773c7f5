/** `wrapProcessor`: which processors are asked about, and what a wrapper can do around one. */
import t from 'tap'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { StreamRecord } from '../../lib/record/record.js'
import { string } from '../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import type { TopologyTestDriverOptions } from '../../lib/testing/driver/driver-options.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { describe } from '../../lib/topology/describe.js'
import type { ProcessorWrap } from '../../lib/topology/node-base.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import type { WrappableNode } from '../../lib/topology/processor-wrapper.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const text = { key: string, value: string }
const joiner = (left: string, right: string | null) => `${left}${right}`

/** Operators of every family. */
function busy(): StreamsBuilder {
  const b = new StreamsBuilder()
  const x = b.table('x', text)
  const y = b.table('y', text)
  const global = b.globalTable('global', text)
  const stream = b.stream('in', text).selectKey((_key, value) => value!)
  stream
    .join(x, { joiner })
    .leftJoin(global, { keySelector: (key) => key, joiner })
    .to('joined')
  stream
    .leftJoin(b.stream('two', text), { joiner, window: joinWindow({ beforeMs: 1, afterMs: 1, graceMs: 0 }) })
    .to('z')
  x.join(y, { joiner })
    .groupBy((_key, value) => [value, value])
    .count()
    .toStream()
    .mapValues(String)
    .to('counts', text)
  x.leftJoin(y, { foreignKey: (value) => value, joiner })
    .toStream()
    .to('foreign')
  const branches = stream
    .split()
    .branch(() => true)
    .defaultBranch()
  for (const branch of branches.values()) branch.processValues(() => ({ process() {} })).print(() => {})
  return b
}

t.test('every processor is asked about, once; names and descriptions stay', async (t) => {
  const asked: WrappableNode[] = []
  const plain = describe(busy().build())
  const wrapped = busy().build({
    wrapProcessor(node) {
      asked.push(node)
      return { supplier: () => ({}) }
    },
  })
  t.equal(describe(wrapped), plain)
  t.equal(describe(wrapped, 'json'), describe(busy().build(), 'json'))
  const global = plain.split('Sub-topology').find((part) => part.includes('global store'))!
  const printed = plain.replace(global, '').matchAll(/Processor: (\S+)/g)
  t.same(asked.map(({ name }) => name).sort(), [...printed].map(([, name]) => name).sort())
  const fixed = new Set(asked.filter(({ fixedKey }) => fixedKey).map(({ kind }) => kind))
  t.same([...fixed].sort(), ['filter', 'mapValues', 'peek', 'process', 'tableToStream'])
})

t.test('what fills global and read-only stores is left alone', async (t) => {
  const asked: string[] = []
  const names = { sourceName: 's', processorName: 'p', topic: 'rows' }
  new TopologyBuilder()
    .addReadOnlyStateStore({ store: { name: 'rows', ...text }, ...names, ...text })
    .addGlobalStore({ name: 'g', ...text, topic: 'global', sourceName: 'gs', processorName: 'gp' })
    .addSource({ name: 'in', topics: ['in'], ...text })
    .addProcessor({ name: 'plain', parents: ['in'], supplier: () => ({ process() {} }) })
    .build({
      wrapProcessor({ name }) {
        asked.push(name)
        return null
      },
    })
  t.same(asked, ['plain'])
})

interface Run {
  readonly wrap: (node: WrappableNode) => ProcessorWrap | null
  readonly stores?: readonly { readonly name: string; readonly key: typeof string; readonly value: typeof string }[]
  readonly build?: (b: StreamsBuilder) => void
  readonly options?: TopologyTestDriverOptions
}

const upper = (b: StreamsBuilder) =>
  b
    .stream('in', text)
    .mapValues((value) => value!.toUpperCase())
    .to('out')

function run({ wrap, stores, build = upper, options }: Run, values: readonly string[]) {
  const builder = new StreamsBuilder()
  build(builder)
  const wrapProcessor: BuildOptions['wrapProcessor'] = (node) => {
    const wrapper = wrap(node)
    return wrapper === null ? null : { supplier: () => wrapper, ...(stores !== undefined && { stores }) }
  }
  const driver = new TopologyTestDriver(builder.build({ wrapProcessor }), { cacheBytes: 0, ...options })
  const input = driver.createInputTopic('in', string, string)
  values.forEach((value, i) => {
    input.pipe('k', value, i)
  })
  const out = driver.createOutputTopic('out', string, string).readAll()
  return { driver, out: out.map(({ key, value }) => `${key}=${value}`) }
}

const changed = (record: StreamRecord, value: unknown) => ({ ...record, value })

t.test('around what comes in and what goes out', async (t) => {
  const rows: readonly [string, ProcessorWrap, string[]][] = [
    ['nothing of it', {}, ['k=A', 'k=B']],
    ['looks', { process: (record, next) => next(record) }, ['k=A', 'k=B']],
    ['changes what comes in', { process: (r, next) => next(changed(r, `${r.value}!`)) }, ['k=A!', 'k=B!']],
    ['changes what goes out', { forward: (r, next) => next(changed(r, `${r.value}!`)) }, ['k=A!', 'k=B!']],
    ['replaces it', { process() {} }, []],
    ['holds back', { forward: (record, next) => record.value === 'B' && next(record) }, ['k=B']],
    [
      'twice',
      {
        process(record, next) {
          next(record)
          next(record)
        },
      },
      ['k=A', 'k=A', 'k=B', 'k=B'],
    ],
  ]
  for (const [what, wrap, expected] of rows) t.same(run({ wrap: () => wrap }, ['a', 'b']).out, expected, what)
})

t.test('a wrapper has stores, times and forwarding of its own', async (t) => {
  let context: ProcessorContext
  const wrap: ProcessorWrap = {
    init(given) {
      context = given
      given.schedule(1, 'streamTime', (timestamp) =>
        context.forward({ key: 'punctuated', value: String(timestamp), timestamp, headers: [] }),
      )
    },
    process(record, next) {
      const calls = context.getStateStore<KeyValueStore<string, string>>('calls')
      calls.put('n', `${calls.get('n')?.value ?? ''}I`, record.timestamp)
      next(record)
    },
  }
  const { driver, out } = run({ wrap: () => wrap, stores: [{ name: 'calls', ...text }] }, ['a', 'b'])
  t.same(out, ['k=A', 'punctuated=0', 'k=B', 'punctuated=1'])
  t.equal(driver.store('calls').get('n')!.value, 'II')
  t.same(driver.producedTopics().sort(), ['out', 'test-calls-changelog'])
})

t.test('changes of tables are seen as such, by aggregates and their caches too', async (t) => {
  const seen: unknown[] = []
  const build = (b: StreamsBuilder) =>
    b
      .stream('in', text)
      .groupByKey()
      .reduce((_old, value) => value)
      .toStream()
      .to('out')
  const wrap = ({ kind }: WrappableNode): ProcessorWrap | null =>
    kind !== 'aggregate'
      ? null
      : {
          forward(record, next) {
            seen.push(record.value)
            next(record)
          },
        }
  for (const cacheBytes of [0, 1_000_000]) {
    t.same(run({ wrap, build, options: { cacheBytes } }, ['a']).out, ['k=a'])
    t.same(seen.splice(0), [{ newValue: 'a', oldValue: null, isLatest: true }])
  }
})

t.test('fixed keys stay fixed', async (t) => {
  const other = (record: StreamRecord) => ({ ...record, key: 'other' })
  const wraps: ProcessorWrap[] = [
    { process: (record, next) => next(other(record)) },
    { forward: (record, next) => next(other(record)) },
  ]
  for (const wrap of wraps) {
    t.throws(() => run({ wrap: () => wrap }, ['a']), { code: 'PROCESSOR_KEY_CHANGED', node: /MAPVALUES/ })
    const rekeyed = (b: StreamsBuilder) =>
      b
        .stream('in', text)
        .map((key, value) => [key, value])
        .to('out')
    t.same(run({ wrap: () => wrap, build: rekeyed }, ['a']).out, ['other=a'])
  }
})

t.test('what a wrapper throws is its processor’s error, in a merge too', async (t) => {
  const build = (b: StreamsBuilder) => b.stream('in', text).merge(b.stream('two', text), { name: 'both' }).to('out')
  const wrap: ProcessorWrap = {
    process(record, next) {
      if (record.value === 'bad') throw new Error('no')
      next(record)
    },
  }
  const { driver, out } = run({ wrap: () => wrap, build, options: { onProcessingError: 'skip' } }, ['bad', 'good'])
  t.same(out, ['k=good'])
  t.match(driver.droppedRecords(), [{ reason: 'processing', node: 'both' }])
})

t.test('opened before and closed after its processor, once per task', async (t) => {
  const log: string[] = []
  const build = (b: StreamsBuilder) =>
    b
      .stream('in', text)
      .process<string, string>(() => ({
        init: () => void log.push('init'),
        process() {},
        close: () => void log.push('close'),
      }))
      .to('out')
  const wrap = { init: () => void log.push('wrap init'), close: () => void log.push('wrap close') }
  run({ wrap: () => wrap, build }, []).driver.close()
  t.same(log, ['wrap init', 'init', 'close', 'wrap close'])
})

t.test('stores of a wrapper join no sub-topologies', async (t) => {
  const build = (stores: (name: string) => { name: string }) => () => {
    const b = new StreamsBuilder()
    b.stream('a', text)
      .filter(() => true)
      .to('x')
    b.stream('b', text)
      .filter(() => true)
      .to('y')
    return b.build({ wrapProcessor: ({ name }) => ({ supplier: () => ({}), stores: [{ ...text, ...stores(name) }] }) })
  }
  const shared = { ...text, name: 'calls' }
  const b = new StreamsBuilder()
  b.stream('a', text)
    .filter(() => true)
    .to('x')
  b.stream('b', text)
    .filter(() => true)
    .to('y')
  t.throws(() => b.build({ wrapProcessor: () => ({ supplier: () => ({}), stores: [shared] }) }), {
    code: 'CONFIG_INVALID',
    message: /calls/,
  })
  t.throws(
    build(() => ({ name: 'calls' })),
    { code: 'TOPOLOGY_NAME_DUPLICATE' },
  )
  t.match(describe(build((name) => ({ name: `${name}-calls` }))()), /stores: \[KSTREAM-FILTER-0000000001-calls\]/)
})
