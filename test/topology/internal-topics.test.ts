/** Internal topics: their names on the broker and their configuration. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { changelogTopic, internalTopics, realTopicName } from '../../lib/topology/internal-topics.js'
import { session, tumbling, unlimited } from '../../lib/windows/definitions.js'

const text = { key: string, value: string }
const DAY_MS = 86_400_000

t.test('names and configuration', async (t) => {
  const builder = new StreamsBuilder()
  const grouped = builder.stream('in', text).groupBy((_k, v) => v!, { name: 'by-value' })
  grouped.count({ store: { name: 'counts', topicConfig: { 'segment.ms': '1000' } } })
  grouped.windowedBy(tumbling({ sizeMs: 100, graceMs: 10 })).count({ store: { name: 'windows' } })
  grouped.windowedBy(session({ gapMs: 50 })).count({ store: { name: 'sessions', retentionMs: 500 } })
  grouped.windowedBy(unlimited()).count({ store: { name: 'forever' } })
  grouped.count({ store: { name: 'unlogged', logged: false } })
  builder.globalTable('global', { ...text, store: { name: 'global-rows' } })
  const topology = builder.build()
  const createTime = { 'message.timestamp.type': 'CreateTime' }
  const windowed = (retention: string) => ({
    ...createTime,
    'cleanup.policy': 'compact,delete',
    'retention.ms': retention,
  })
  t.same(
    internalTopics('app', topology).map(({ name, purpose, config }) => [name, purpose, config]),
    [
      [
        'app-by-value-repartition',
        'repartition',
        { ...createTime, 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.bytes': '52428800' },
      ],
      ['app-counts-changelog', 'changelog', { ...createTime, 'cleanup.policy': 'compact', 'segment.ms': '1000' }],
      ['app-windows-changelog', 'changelog', windowed(String(110 + DAY_MS))],
      ['app-sessions-changelog', 'changelog', windowed(String(500 + DAY_MS))],
      ['app-forever-changelog', 'changelog', windowed('9223372036854775807')],
    ],
  )
  const store = (name: string) => topology.stores.find((definition) => definition.name === name)!
  t.equal(changelogTopic('app', store('counts')), 'app-counts-changelog')
  t.equal(changelogTopic('app', store('unlogged')), null)
  t.equal(realTopicName('app', topology, 'by-value-repartition'), 'app-by-value-repartition')
  t.equal(realTopicName('app', topology, 'in'), 'in')
})
