/** Sources that read topics by pattern: what matches, and what cannot be. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import { TopologyBuilder } from '../../lib/topology/builder.js'
import { resolvePartitionCounts } from '../../lib/topology/copartition.js'
import { describe } from '../../lib/topology/describe.js'
import { matchesTopic, withMatchingTopics } from '../../lib/topology/patterns.js'
import { subTopologies } from '../../lib/topology/sub-topologies.js'

const text = { key: string, value: string }

t.test('the whole name has to match', async (t) => {
  for (const [pattern, topic, expected] of [
    [/in-.*/, 'in-1', true],
    [/in-.*/, 'in-', true],
    [/in-.*/, 'plugin-1', false],
    [/in-\d/, 'in-12', false],
    [/a|in/, 'in', true],
    [/a|in/, 'inn', false],
    [/^in$/, 'in', true],
    [/IN/i, 'in', true],
    [/in/g, 'in', true],
  ] as const) {
    t.equal(matchesTopic(pattern, topic), expected, `${pattern} ${topic}`)
    t.equal(matchesTopic(pattern, topic), expected, 'again')
  }
})

t.test('all matching topics are in the one source, and its tasks', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream(/in-.*/, text).to('out')
  const named = builder.build()
  const resolved = withMatchingTopics(named, ['in-2', 'out', 'in-1', 'other'])
  const [part] = subTopologies(resolved)
  t.same(part!.sourceTopics, ['in-1', 'in-2'])
  t.equal(describe(resolved), describe(named), 'described by the pattern')
  t.same(subTopologies(withMatchingTopics(named, []))[0]!.sourceTopics, [])
})

t.test('joined topics must have equal partition counts, those that match included', async (t) => {
  const builder = new StreamsBuilder()
  const rows = builder.table('rows', text)
  builder
    .stream(/in-.*/, text)
    .join(rows, { joiner: (one, other) => one + other })
    .to('out')
  const resolved = withMatchingTopics(builder.build(), ['in-1', 'in-2', 'rows'])
  const counts = (second: number) =>
    new Map([
      ['rows', 2],
      ['in-1', 2],
      ['in-2', second],
    ])
  t.doesNotThrow(() => resolvePartitionCounts(resolved, counts(2)))
  t.throws(() => resolvePartitionCounts(resolved, counts(3)), {
    code: 'TOPOLOGY_NOT_COPARTITIONED',
    message: /in-2: 3/,
  })
})

t.test('what cannot be', async (t) => {
  const conflict = (what: string, build: () => unknown, message: RegExp) =>
    t.throws(build, { code: 'TOPOLOGY_SOURCE_CONFLICT', message }, what)
  const both = (named: boolean) => () => {
    const b = new StreamsBuilder()
    const one = () => b.stream('in-1', text).to('a')
    if (named) one()
    b.stream(/in-.*/, text).to('b')
    if (!named) one()
    return b.build()
  }
  conflict('a topic named before', both(true), /matches topic in-1/)
  conflict('a topic named after', both(false), /matches topic in-1/)
  const global = () => {
    const b = new StreamsBuilder()
    b.globalTable('in-1', text)
    b.stream(/in-.*/, text).to('b')
    return b.build()
  }
  conflict('the topic of a global table', global, /matches topic in-1/)
  const twice = new TopologyBuilder()
    .addSource({ name: 'one', topics: /in-.*/, ...text })
    .addSource({ name: 'two', topics: /.*-1/, ...text })
    .build()
  t.doesNotThrow(() => withMatchingTopics(twice, ['in-2']))
  conflict('two patterns', () => withMatchingTopics(twice, ['in-1']), /in-1.*one.*two/)
  const b = new StreamsBuilder()
  b.stream(/in-.*/, { ...text, offsetReset: 'latest' })
  conflict('another offsetReset', () => b.stream(/in-.*/, text), /different offsetReset/)
})

t.test('in the driver: the topics named', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream(/in-.*/, text)
    .groupByKey()
    .reduce((one, other) => one + other)
    .toStream()
    .to('out')
  const driver = new TopologyTestDriver(builder.build(), { topics: ['in-1', 'in-2', 'none'], cacheBytes: 0 })
  driver.createInputTopic('in-1', string, string).pipe('k', 'a', 1)
  driver.createInputTopic('in-2', string, string).pipe('k', 'b', 2)
  t.same(
    driver
      .createOutputTopic('out', string, string)
      .readAll()
      .map(({ value }) => value),
    ['a', 'ab'],
  )
  t.throws(() => driver.createInputTopic('in-3', string, string), { code: 'TEST_TOPIC_UNKNOWN' })
})
