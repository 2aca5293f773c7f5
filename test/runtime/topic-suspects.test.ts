/** What a fetcher says is gone is seen to, also where brokers do not answer when it is looked at. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { TopicWatch, type WatchTopicsOptions } from '../../lib/runtime/topics/watch-topics.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { jumpingClock } from '../client/jumping-clock.js'

const FOUND = { name: 'in', id: 'id', leaders: [0], leaderEpochs: [0], replicas: [[0]] }

t.test('a partition that stopped is told of after looks that failed, not before', async (t) => {
  const clock = jumpingClock()
  const failed: unknown[] = []
  let looks = 0
  const plan = {
    roles: () => new Map([['in', 'source']]),
    facts: () => ({ partitions: 1, id: 'id' }),
    keptChangelogs: () => new Set(),
  }
  const watch = new TopicWatch({
    config: { clock, log: silentLog, topicRefreshIntervalMs: 60_000, metadataMaxAgeMs: 60_000 },
    topology: { nodes: [] },
    cluster: {
      look: async () => {
        if (++looks <= 2) throw new MillraceError('CLIENT_UNREACHABLE', 'nobody answers', { retriable: true })
        return new Map([['in', FOUND]])
      },
    },
    plan,
    tasks: () => [],
    failed: (error: unknown) => failed.push(error),
  } as unknown as WatchTopicsOptions)
  const gone = new MillraceError('CLIENT_LOG_TRUNCATED', 'cut', { topic: 'in', partition: 0, kind: 'task' })
  t.equal(watch.suspects(gone), true)
  while (looks < 4) await clock.nextTurn()
  t.same(failed, [gone], 'once')
  await watch.stop()
})
