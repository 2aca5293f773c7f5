/** An optimised topology gives what the plain one gives, and building it leaves the builder as it was. */
import t from 'tap'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'
import { describe } from '../../lib/topology/describe.js'
import { internalTopics } from '../../lib/topology/internal-topics.js'
import type { Topology } from '../../lib/topology/topology.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const text = { key: string, value: string }
const joiner = (left: string | null, right: string | null) => `${left}${right}`

function builder(): StreamsBuilder {
  const b = new StreamsBuilder()
  const table = b.table('table', text)
  const stream = b.stream('in', text)
  const rekeyed = stream.selectKey((_key, value) => value!.slice(0, 1))
  rekeyed.groupByKey().count().toStream().to('counts', { value: int64 })
  rekeyed
    .filter((_key, value) => value!.length > 1)
    .groupByKey()
    .reduce((_a, b2) => b2)
    .toStream()
    .to('last')
  rekeyed.leftJoin(table, { joiner }).to('joined')
  const window = joinWindow({ beforeMs: 4, afterMs: 9, graceMs: 5 })
  stream.join(stream, { window, joiner }).to('self', { value: string })
  stream
    .join(b.stream('in', text), { window: joinWindow({ beforeMs: -1, afterMs: 7, graceMs: 0 }), joiner })
    .to('self2', { value: string })
  stream.leftJoin(stream, { window, joiner }).to('left', { value: string })
  const outer = joinWindow({ beforeMs: 6, afterMs: 3, graceMs: 0 })
  stream.outerJoin(stream, { window: outer, joiner }).to('outer', { value: string })
  const after = joinWindow({ beforeMs: 0, afterMs: 4, graceMs: 2 })
  stream.leftJoin(stream, { window: after, joiner }).to('after', { value: string })
  const before = joinWindow({ beforeMs: 5, afterMs: 0, graceMs: 0 })
  stream.outerJoin(stream, { window: before, joiner }).to('before', { value: string })
  const oneSided = joinWindow({ beforeMs: 6, afterMs: -2, graceMs: 4 })
  stream.leftJoin(stream, { window: oneSided, joiner }).to('one-sided', { value: string })
  return b
}

/** Where a bound is 0, a record that is just too late to be kept goes alone at once instead of after a wait: order is lost. */
const UNORDERED = ['after', 'before']

function outputs(topology: Topology, seed: number) {
  const random = seededRandom(seed)
  const driver = new TopologyTestDriver(topology, { cacheBytes: 0 })
  const topics = ['counts', 'last', 'joined', 'self', 'self2', 'left', 'outer', 'one-sided', ...UNORDERED]
  const out = topics.map((topic) => ({
    topic,
    reader: driver.createOutputTopic(topic, string, topic === 'counts' ? (int64 as never) : string),
  }))
  const ordered: string[] = []
  const unordered: string[] = []
  const pipe = (step: number, topic: string, key: string | null, value: string, ts: number) => {
    driver.createInputTopic(topic, string, string).pipe(key, value, ts)
    for (const { topic: name, reader } of out) {
      for (const record of reader.readAll()) {
        const line = `${name} ${record.key} ${record.value} ${record.timestamp}`
        if (UNORDERED.includes(name)) unordered.push(line)
        else ordered.push(`${step} ${line}`)
      }
    }
  }
  for (let step = 0; step < 200; step++) {
    const topic = random.int(4) === 0 ? 'table' : 'in'
    const value = `${'abc'[random.int(3)]}${'x'.repeat(random.int(3))}`
    const key = topic === 'in' && random.int(8) === 0 ? null : 'abc'[random.int(3)]!
    pipe(step, topic, key, value, Math.max(0, step * 3 - random.int(60)))
  }
  pipe(200, 'in', 'd', 'last', 10_000)
  return [...ordered, ...unordered.sort()]
}

const CHOICES: readonly BuildOptions[] = [
  { optimize: 'all' },
  { optimize: ['mergeRepartitionTopics'] },
  { optimize: ['singleStoreSelfJoin'] },
  { optimize: ['reuseSourceTopics'] },
]

for (const options of CHOICES) {
  t.test(`${options.optimize}: same results`, async (t) => {
    for (let seed = 1; seed <= 3; seed++) {
      t.same(outputs(builder().build(options), seed), outputs(builder().build(), seed), `seed ${seed}`)
    }
  })
}

t.test('what it saves', async (t) => {
  const names = (topology: Topology) => internalTopics('app', topology).map(({ name }) => name)
  const plain = builder()
  const before = names(plain.build())
  const after = names(plain.build({ optimize: 'all' }))
  t.equal(before.filter((name) => name.endsWith('-repartition')).length, 3)
  t.equal(after.filter((name) => name.endsWith('-repartition')).length, 1)
  t.ok(before.some((name) => name.includes('table-STATE-STORE')))
  t.notOk(after.some((name) => name.includes('table-STATE-STORE')))
  t.equal(
    before.length - after.length,
    2 + 1 + 2 + 8,
    'repartitions, the changelog of the table, one store of inner and two of other self joins',
  )
})

t.test('the builder stays what it was', async (t) => {
  const b = builder()
  const plain = describe(b.build())
  const optimized = describe(b.build({ optimize: 'all' }))
  t.not(plain, optimized)
  t.equal(describe(b.build()), plain)
  t.equal(describe(b.build({ optimize: 'all' })), optimized)
  t.equal(describe(b.build({ optimize: [] })), plain)
})

t.test('two repartitions below one filter become one too', async (t) => {
  const b = new StreamsBuilder()
  const kept = b
    .stream('in', text)
    .selectKey((_key, value) => value)
    .filter(() => true)
  kept.groupByKey().count().toStream().to('a', { value: int64 })
  kept
    .groupByKey()
    .reduce((_a, last) => last)
    .toStream()
    .to('b')
  const { repartitionTopics } = b.build({ optimize: 'all' })
  t.equal(repartitionTopics.length, 1)
})

t.test('generated names are refused on request', async (t) => {
  t.throws(() => builder().build({ ensureExplicitNames: true }), {
    code: 'TOPOLOGY_NAME_GENERATED',
    message: /KSTREAM-AGGREGATE-STATE-STORE-\d+.*repartition topics .*KSTREAM-KEY-SELECT-\d+-repartition/s,
  })
  const b = new StreamsBuilder()
  b.stream('in', text)
    .selectKey((_key, value) => value)
    .groupByKey({ name: 'by-value' })
    .count({ store: { name: 'counts-0000000001' } })
  t.doesNotThrow(() => b.build({ ensureExplicitNames: true }))
  const left = b.table('left', { ...text, store: { name: 'left' } })
  const foreignKey = (value: string) => value
  left.join(left, { foreignKey, joiner, name: 'fk' })
  t.doesNotThrow(() => b.build({ ensureExplicitNames: true }))
  left.leftJoin(left, { foreignKey, joiner })
  t.throws(() => b.build({ ensureExplicitNames: true }), { message: /KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-/ })
})
