/** Transport suite: the records that a read_committed reader gets. */
import assert from 'node:assert/strict'
import { Fetcher } from '../../../client/fetcher.js'
import type { TransportCase, TransportRig } from './transport-rig.js'

/** Reads partition 0 from the start with small fetches until the position reaches its end. */
async function valuesBySmallFetches(rig: TransportRig, topic: string): Promise<{ values: string[]; fetches: number }> {
  const tp = { topic, partition: 0 }
  const [end] = await rig.admin.listOffsets([tp], 'latest', 'readUncommitted')
  const fetcher = new Fetcher({
    cluster: rig.cluster,
    isolation: 'readCommitted',
    partitionMaxBytes: 100,
    maxBytes: 100,
  })
  const values: string[] = []
  let fetches = 0
  fetcher.add(tp, 0)
  try {
    await rig.until('the position reaches the end', () => {
      for (const { batches } of fetcher.poll()) {
        fetches++
        for (const batch of batches) {
          const cursor = batch.records()
          while (cursor.next()) values.push(String(cursor.value()))
        }
      }
      return fetcher.position(tp)! >= end!.offset
    })
  } finally {
    fetcher.close()
  }
  return { values, fetches }
}

async function abortOf(rig: TransportRig, topic: string, values: readonly string[], key?: Buffer): Promise<void> {
  const transactions = await rig.transactions()
  transactions.begin()
  for (const value of values) await transactions.send([rig.batch(topic, [value], 0, key)])
  await transactions.abort()
}

export const committedCases: readonly TransportCase[] = [
  {
    name: 'read committed: two aborts by one producer, then a commit: only the commit',
    async run(rig) {
      const topic = await rig.topic()
      const transactions = await rig.transactions()
      for (const value of ['no1', 'no2']) {
        transactions.begin()
        await transactions.send([rig.batch(topic, [value])])
        await transactions.abort()
      }
      await transactions.run([rig.batch(topic, ['yes'])], [], null)
      assert.deepEqual(await rig.values(topic), ['yes'])
      assert.deepEqual(await rig.values(topic, 'readUncommitted'), ['no1', 'no2', 'yes'])
    },
  },
  {
    name: 'read committed: an aborted transaction larger than a fetch',
    async run(rig) {
      const topic = await rig.topic()
      await abortOf(
        rig,
        topic,
        ['a', 'b', 'c', 'd', 'e', 'f'].map((text) => text.repeat(500)),
      )
      await (await rig.transactions()).run([rig.batch(topic, ['yes'])], [], null)
      const { values, fetches } = await valuesBySmallFetches(rig, topic)
      assert.deepEqual(values, ['yes'])
      assert.ok(fetches >= 6, `${fetches} fetches`)
    },
  },
  {
    name: 'read committed: an aborted record whose key is 00 00 00 00 is no marker',
    async run(rig) {
      const topic = await rig.topic()
      await abortOf(rig, topic, ['no1', 'no2', 'no3'], Buffer.alloc(4))
      await (await rig.transactions()).run([rig.batch(topic, ['yes'], 0, Buffer.alloc(4))], [], null)
      assert.deepEqual(await rig.values(topic), ['yes'])
    },
  },
  {
    name: 'read committed: interleaved aborts of two producers',
    async run(rig) {
      const topic = await rig.topic()
      const first = await rig.transactions()
      const second = await rig.transactions()
      first.begin()
      second.begin()
      await first.send([rig.batch(topic, ['no1'])])
      await second.send([rig.batch(topic, ['no2'])])
      await first.send([rig.batch(topic, ['no3'])])
      await second.abort()
      await first.abort()
      await second.run([rig.batch(topic, ['yes2'])], [], null)
      await first.run([rig.batch(topic, ['yes1'])], [], null)
      assert.deepEqual(await rig.values(topic), ['yes2', 'yes1'])
      assert.deepEqual((await valuesBySmallFetches(rig, topic)).values, ['yes2', 'yes1'])
    },
  },
  {
    name: 'read committed: plain records between the batches of an aborted transaction are seen',
    async run(rig) {
      const topic = await rig.topic()
      const producer = rig.producer()
      const transactions = await rig.transactions()
      transactions.begin()
      await transactions.send([rig.batch(topic, ['no1'])])
      await producer.send([rig.batch(topic, ['plain'])])
      await transactions.send([rig.batch(topic, ['no2'])])
      await transactions.abort()
      assert.deepEqual(await rig.values(topic), ['plain'])
    },
  },
  {
    name: 'read committed: nothing of an open transaction is seen, nor what follows it',
    async run(rig) {
      const topic = await rig.topic()
      const producer = rig.producer()
      const transactions = await rig.transactions()
      transactions.begin()
      await transactions.send([rig.batch(topic, ['open'])])
      await producer.send([rig.batch(topic, ['after'])])
      assert.deepEqual(await rig.values(topic, 'readCommitted', { open: true }), [])
      await transactions.commit()
      assert.deepEqual(await rig.values(topic), ['open', 'after'])
    },
  },
  {
    name: 'the position passes aborted data and markers at the end of the log',
    async run(rig) {
      const topic = await rig.topic()
      await (await rig.transactions()).run([rig.batch(topic, ['yes'])], [], null)
      await abortOf(rig, topic, ['no'])
      assert.deepEqual((await valuesBySmallFetches(rig, topic)).values, ['yes'])
    },
  },
]
