/** What a fetcher holds for a reader that does not come: bounded in all, however many partitions there are. */
import t from 'tap'
import { longPollMs } from '../../lib/client/fetch-request.js'
import { Fetcher } from '../../lib/client/fetcher.js'
import { connect } from '../../lib/index.js'
import { embedded } from '../runtime/embedded.js'
import { heldTransport, until } from '../runtime/group-rig.js'

t.test('nothing is asked for while enough waits, and everything comes in the end', async (t) => {
  const partitions = 40
  const world = await embedded(t, { in: partitions })
  const value = 'x'.repeat(10_000)
  const rows = Array.from({ length: partitions * 20 }, (_, i) => ({
    topic: 'in',
    partition: i % partitions,
    key: `${i}`,
    value,
  }))
  for (let i = 0; i < rows.length; i += 100) await world.send(rows.slice(i, i + 100))
  let fetches = 0
  const transport = heldTransport(world.broker, {
    before: async ({ apiKey }) => {
      if (apiKey === 1) fetches++
    },
  })
  const cluster = connect({ broker: world.broker, transport })
  const fetcher = new Fetcher({
    cluster,
    isolation: 'readCommitted',
    maxBytes: 100_000,
    partitionMaxBytes: 30_000,
    maxArrivedBytes: 500_000,
    maxWaitMs: 10,
  })
  for (let partition = 0; partition < partitions; partition++) fetcher.add({ topic: 'in', partition }, 0)
  let still = 0
  let before = -1
  await until(() => {
    still = fetches === before ? still + 1 : 0
    before = fetches
    return still > 20
  })
  const waiting = fetcher.poll().reduce((bytes, chunk) => bytes + chunk.bytes, 0)
  t.ok(waiting >= 500_000 && waiting < 1_000_000, `${waiting} bytes wait: two responses more at most`)
  const next = new Map<number, number>()
  await until(() => {
    for (const { partition, nextOffset } of fetcher.poll()) next.set(partition, nextOffset)
    return [...next.values()].reduce((sum, offset) => sum + offset, 0) >= rows.length
  })
  t.equal(next.size, partitions)
  fetcher.close()
  await cluster.close()
})

t.test('the more partitions, the longer an empty answer may take', async (t) => {
  const rows: [maxWaitMs: number, partitions: number, waitMs: number][] = [
    [500, 1, 500],
    [500, 100, 500],
    [500, 300, 1_500],
    [500, 5_000, 5_000],
    [10, 200, 20],
    [0, 5_000, 0],
    [8_000, 5_000, 8_000],
  ]
  for (const [maxWaitMs, partitions, waitMs] of rows) t.equal(longPollMs(maxWaitMs, partitions), waitMs)
})

t.test('what is added beside a long poll of many is held by a poll of its own', async (t) => {
  const partitions = 300
  const world = await embedded(t, { in: partitions })
  let fetches = 0
  const transport = heldTransport(world.broker, {
    before: async ({ apiKey }) => {
      if (apiKey === 1) fetches++
    },
  })
  const cluster = connect({ broker: world.broker, transport })
  const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', maxWaitMs: 4_000 })
  for (let partition = 1; partition < partitions; partition++) fetcher.add({ topic: 'in', partition }, 0)
  await until(() => fetches === 1)
  fetcher.add({ topic: 'in', partition: 0 }, 0)
  await until(() => fetches === 3)
  await world.send([{ topic: 'in', partition: 0, key: 'k', value: 'v' }])
  const arrived: number[] = []
  await until(() => {
    arrived.push(...fetcher.poll().map(({ partition }) => partition))
    return arrived.length > 0
  })
  t.same(arrived, [0], 'answered by the third, while the first still waits')
  fetcher.close()
  await cluster.close()
})
