/** A sink: topic, partition, bytes. */
import t from 'tap'
import { string } from '../../lib/serde/primitive.js'
import type { SinkNode } from '../../lib/topology/node.js'
import { type NodeFields, Operated, type Row } from './operate.js'

const node = { kind: 'sink', topic: 'out', keySerde: string, valueSerde: string, partitioner: null } as const
const sunk = (fields: Partial<SinkNode>, ...records: readonly Row[]) =>
  new Operated({ ...node, ...fields } as NodeFields).push(...records)

t.test('to its topic, by key; null stays null', async (t) => {
  t.same(sunk({}, ['k', 'v', 7], [null, null, 8]).sent, [
    ['app-out', null, 'k', 'v', 7],
    ['app-out', null, null, null, 8],
  ])
})

t.test('a function chooses the topic of each record; what is no name is refused', async (t) => {
  const topic = (_key: unknown, value: unknown) => `${value}`
  t.same(sunk({ topic }, ['k', 'here', 7]).sent, [['here', null, 'k', 'here', 7]])
  t.throws(() => sunk({ topic }, ['k', 'no name', 7]), { code: 'TOPIC_NAME_INVALID' })
})

t.test('a partitioner chooses one, several, none or leaves it to the key', async (t) => {
  const partitioner = (_topic: string, key: unknown) =>
    key === 'all' ? [0, 1, 1] : key === 'none' ? [] : key === 'k' ? null : 2
  const operated = sunk({ partitioner }, ['all', 'v', 1], ['none', 'v', 2], ['k', 'v', 3], ['x', 'v', 4])
  t.same(operated.sent, [
    ['app-out', 0, 'all', 'v', 1],
    ['app-out', 1, 'all', 'v', 1],
    ['app-out', null, 'k', 'v', 3],
    ['app-out', 2, 'x', 'v', 4],
  ])
  t.same(operated.drops, ['noPartition'])
  for (const chosen of [4, -1, 1.5]) {
    t.throws(() => sunk({ partitioner: () => chosen }, ['k', 'v', 1]), { code: 'PARTITION_INVALID' })
  }
})

t.test('what a serde refuses, and an answer that is no bytes', async (t) => {
  t.throws(() => sunk({}, [5, 'v', 1]), { code: 'SERIALIZE_FAILED' })
  t.throws(() => sunk({ valueSerde: { ...string, serialize: () => 'text' as never } as never }, ['k', 'v', 1]), {
    code: 'SERIALIZE_FAILED',
  })
})
