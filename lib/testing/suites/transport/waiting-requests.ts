/** Transport suite: waiting requests delay no other requests, and idle connections cost nothing. */
import assert from 'node:assert/strict'
import { createHook } from 'node:async_hooks'
import type { GroupIdentity } from '../../../client/commit.js'
import { Fetcher } from '../../../client/fetcher.js'
import { GroupMember } from '../../../client/group-member.js'
import type { TransactionManager } from '../../../client/transaction/transaction-manager.js'
import { delay } from '../../../record/clock.js'
import type { TransportCase, TransportRig } from './transport-rig.js'

/** Milliseconds of the slowest. */
async function hundredCommits(
  rig: TransportRig,
  transactions: TransactionManager,
  topic: string,
  identity: GroupIdentity,
): Promise<number> {
  const tookMs: number[] = []
  for (let i = 0; i < 100; i++) {
    const batches = [0, 1, 2, 3].map((partition) => rig.batch(topic, [`v${i}`], partition))
    const startedMs = rig.clock.monotonicMs()
    const outcome = await transactions.run(batches, [{ topic, partition: 0, offset: i, metadata: '' }], identity)
    tookMs.push(rig.clock.monotonicMs() - startedMs)
    assert.equal(outcome.kind, 'committed')
  }
  return tookMs.sort((a, b) => a - b)[99]!
}

const POLL_MS = 20_000

export const waitingCases: readonly TransportCase[] = [
  {
    name: 'a waiting JoinGroup and a long poll hold up none of 100 commits',
    async run(rig) {
      const topic = await rig.topic(4)
      const idle = await rig.topic()
      const group = rig.env.uniqueName('group')
      const owner = rig.member(group, topic, { sessionTimeoutMs: 30_000, rebalanceTimeoutMs: 30_000 })
      const { identity } = await owner.join()
      // On the same connections as the commits: the rebalance waits for the owner, who does not rejoin.
      const waiting = new GroupMember({
        cluster: rig.cluster,
        clock: rig.clock,
        groupId: group,
        groupInstanceId: null,
        sessionTimeoutMs: 30_000,
        rebalanceTimeoutMs: 30_000,
        heartbeatIntervalMs: 3_000,
        protocolName: 'suite',
        subscription: () => ({ topics: [topic], userData: Buffer.alloc(0) }),
        assign: () => new Map(),
      })
      let joined = false
      const joining = waiting.join().then(
        () => {
          joined = true
        },
        () => undefined,
      )
      const fetcher = new Fetcher({ cluster: rig.cluster, isolation: 'readCommitted', maxWaitMs: POLL_MS })
      fetcher.add({ topic: idle, partition: 0 }, 0)
      const transactions = await rig.transactions()
      await delay(rig.clock, 300)
      const slowestMs = await hundredCommits(rig, transactions, topic, identity)
      assert.equal(joined, false, 'the JoinGroup was to wait all the time')
      // Behind the long poll a commit would take as long as the poll has left; no machine is that slow.
      assert.ok(slowestMs < POLL_MS / 4, `the slowest of 100 commits took ${slowestMs.toFixed(1)} ms`)
      fetcher.close()
      const leaving = waiting.leave()
      await owner.join()
      await Promise.all([leaving, joining])
    },
  },
  {
    name: 'connections that idle arm no timers',
    async run(rig) {
      const topic = await rig.topic()
      await (await rig.transactions()).run([rig.batch(topic, ['v'])], [], null)
      await rig.values(topic)
      await delay(rig.clock, 700)
      let timers = 0
      const hook = createHook({
        init(_asyncId, type) {
          if (type === 'Timeout') timers++
        },
      })
      hook.enable()
      await delay(rig.clock, 1_000)
      hook.disable()
      // One is the delay itself.
      assert.ok(timers <= 3, `${timers} timers in one second`)
    },
  },
]
