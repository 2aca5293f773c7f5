/** What follows when a topic changes: a table. */
import t from 'tap'
import {
  type ChangedTopic,
  changelogTrimmed,
  consequenceOf,
  type TopicRole,
  topicChangeOf,
} from '../../lib/runtime/topics/topic-changes.js'

const facts = (partitions: number, id: string | null = 'id') => ({ partitions, id })

t.test('what has become of it', async (t) => {
  const rows: readonly [ChangedTopic['before'], ChangedTopic['now'], ReturnType<typeof topicChangeOf>][] = [
    [facts(2), facts(2), null],
    [facts(2), facts(3), 'grown'],
    // The answer of a broker that is behind.
    [facts(3), facts(2), null],
    [facts(3, null), facts(2, null), 'shrunk'],
    [facts(3, null), facts(3, null), null],
    [facts(3, null), facts(3), null],
    [facts(3), facts(3, 'other'), 'remade'],
    [facts(3), facts(5, 'other'), 'remade'],
    [facts(3), null, 'gone'],
    [null, null, null],
    [null, facts(1), 'remade'],
  ]
  for (const [before, now, change] of rows) t.equal(topicChangeOf({ before, now }), change)
})

const END_SOURCE = 'STREAMS_SOURCE_TOPIC_CHANGED'
const END_INTERNAL = 'STREAMS_INTERNAL_TOPIC_CHANGED'

t.test('what follows', async (t) => {
  const rows: readonly [TopicRole, grown: string, remade: string, gone: string][] = [
    ['source', 'replan', END_SOURCE, END_SOURCE],
    ['matched', 'replan', END_SOURCE, 'replan'],
    ['global', 'follow', END_SOURCE, END_SOURCE],
    ['repartition', END_INTERNAL, END_INTERNAL, END_INTERNAL],
    ['changelog', END_INTERNAL, END_INTERNAL, END_INTERNAL],
    ['sink', 'none', 'none', 'none'],
  ]
  for (const [role, ...expected] of rows) {
    const found = [facts(4), facts(1, 'other'), null].map((now) => {
      const consequence = consequenceOf({ topic: 'the-topic', role, before: facts(2), now })
      if (consequence.kind !== 'end') return consequence.kind
      t.match(consequence.error.message, /the-topic/)
      t.equal(consequence.error.topic, 'the-topic')
      return consequence.error.code
    })
    t.same(found, expected, role)
    t.same(consequenceOf({ topic: 'x', role, before: facts(2), now: facts(2) }), { kind: 'none' })
  }
})

t.test('what an error says', async (t) => {
  const error = (role: TopicRole, now: ChangedTopic['now']) => {
    const consequence = consequenceOf({ topic: 'x', role, before: facts(2), now })
    return consequence.kind === 'end' ? consequence.error.message : ''
  }
  t.match(error('changelog', null), /Internal topic x was deleted .*new application id/)
  t.match(error('repartition', facts(3)), /2 before, 3 now/)
  t.match(
    error('source', facts(1, 'other')),
    /Source topic x was deleted and created again \(2 partitions before, 1 now\)/,
  )
  t.match(error('global', facts(2, 'other')), /Global topic x was deleted and created again/)
  t.match(changelogTrimmed('x', 3, 5, 9).message, /x-3 from offset 5 to 9/)
})
