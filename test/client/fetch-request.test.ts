/** What a Fetch request asks for. */
import t from 'tap'
import type { Cluster } from '../../lib/client/cluster.js'
import { fetchBody, type Isolation } from '../../lib/client/fetch-request.js'

const cluster = { cachedTopic: () => undefined, leaderEpoch: () => 4 } as unknown as Cluster
const LIMITS = { maxBytes: 100, partitionMaxBytes: 10, maxWaitMs: 5 }

t.test('the isolation level, the position and the epoch of each partition', async (t) => {
  const rows: [isolation: Isolation, level: number][] = [
    ['readCommitted', 1],
    ['readUncommitted', 0],
  ]
  for (const [isolation, level] of rows) {
    const partition = { topic: 'in', partition: 3, position: 7, lastEpoch: 2 }
    const body = fetchBody(cluster, [partition as never], { ...LIMITS, isolation }, 11)
    t.equal(body.isolationLevel, level, isolation)
    t.match(body.topics, [
      { topic: 'in', partitions: [{ partition: 3, fetchOffset: 7, currentLeaderEpoch: 4, partitionMaxBytes: 10 }] },
    ])
  }
})

t.test('the least bytes that an answer waits for', async (t) => {
  const limits = { ...LIMITS, isolation: 'readCommitted' } as const
  t.equal(fetchBody(cluster, [], limits, 11).minBytes, 1)
  t.equal(fetchBody(cluster, [], { ...limits, minBytes: 500 }, 11).minBytes, 500)
})
