/** What one Produce request carries, and in which order. */
import t from 'tap'
import { ProduceQueue } from '../../../lib/client/producer/produce-queue.js'
import { BatchBuilder, KAFKA_ERROR, readBatches } from '../../../lib/protocol/index.js'
import { metadata, refused, ScriptedBroker } from '../scripted-broker.js'

function batch(partition: number, bytes: number) {
  const builder = new BatchBuilder()
  builder.append(1, null, Buffer.alloc(bytes))
  return { topic: 'out', partition, builder }
}

function queueOf(broker: ScriptedBroker, maxRequestBytes?: number) {
  const queue = new ProduceQueue({
    cluster: broker.cluster,
    transactionalId: null,
    budgetMs: 10_000,
    repeatUnanswered: true,
    compression: 'none',
    firstSequence: 0,
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
  })
  queue.reset({ producerId: 7, epoch: 0 }, new Error('none') as never)
  return queue
}

/** Per request: partition, sequence and size of each batch. */
function requests(broker: ScriptedBroker): { partition: number; sequence: number; bytes: number }[][] {
  return broker.named('Produce').map(({ request }) =>
    (request.topicData as { partitionData: { index: number; records: Buffer }[] }[]).flatMap((topic) =>
      topic.partitionData.map(({ index, records }) => ({
        partition: index,
        sequence: readBatches(records)[0]!.baseSequence,
        bytes: records.length,
      })),
    ),
  )
}

t.test(
  'no request is larger than its bound, order per partition is kept, no partition waits for another',
  async (t) => {
    const broker = new ScriptedBroker()
    const queue = queueOf(broker, 2_000)
    broker.on('Produce', refused(KAFKA_ERROR.NOT_ENOUGH_REPLICAS))
    const sends = [0, 1, 2, 3].flatMap((partition) => [1, 2, 3].map(() => queue.send(batch(partition, 800))))
    await Promise.all(sends)
    const sent = requests(broker)
    for (const rows of sent) t.ok(rows.reduce((sum, { bytes }) => sum + bytes, 0) <= 2_000, `${rows.length} batches`)
    t.same(
      new Set(sent.slice(0, 2).flatMap((rows) => rows.map(({ partition }) => partition))),
      new Set([0, 1, 2, 3]),
      'each has its turn before any has its second',
    )
    for (const partition of [0, 1, 2, 3]) {
      const sequences = sent.flat().filter((row) => row.partition === partition)
      const repeated = partition < 2 ? [0] : []
      t.same(
        sequences.map(({ sequence }) => sequence),
        [...repeated, 0, 1, 2],
      )
    }
  },
)

t.test('a batch that is larger than the bound goes alone', async (t) => {
  const broker = new ScriptedBroker()
  const queue = queueOf(broker, 2_000)
  await Promise.all([batch(0, 500), batch(1, 5_000), batch(2, 500)].map((each) => queue.send(each)))
  t.same(
    requests(broker).map((rows) => rows.map(({ partition }) => partition)),
    [[0], [1], [2]],
  )
})

t.test('by default far below what a broker takes', async (t) => {
  const broker = new ScriptedBroker()
  const queue = queueOf(broker)
  const MIB = 1 << 20
  await Promise.all([0, 1, 2, 3].map((partition) => queue.send(batch(partition, 7 * MIB))))
  const sizes = requests(broker).map((rows) => rows.reduce((sum, { bytes }) => sum + bytes, 0) / MIB)
  t.same(sizes.map(Math.floor), [14, 14])
})

t.test('a batch that cannot be encoded is refused, with those it would have been sent with', async (t) => {
  const broker = new ScriptedBroker()
  const queue = queueOf(broker)
  let doubts = 0
  queue.onDoubt = () => doubts++
  const broken = batch(1, 10)
  broken.builder.build = () => {
    throw new Error('no such codec')
  }
  const sends = await Promise.allSettled([queue.send(batch(0, 10)), queue.send(broken)])
  t.same(
    sends.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  t.ok(doubts > 0, 'a sequence was given to what was never sent')
  t.equal(broker.named('Produce').length, 0)
  queue.reset({ producerId: 7, epoch: 1 }, new Error('none') as never)
  t.equal(typeof (await queue.send(batch(1, 10))), 'number', 'and the queue goes on')
})

const HOUR_MS = 3_600_000

for (const [what, sentBefore, downMs, outcome, doubted] of [
  ['never sent, and the brokers come back within the budget', false, 8_000, 'fulfilled', false],
  ['sent once, and the brokers come back within the budget', true, 8_000, 'fulfilled', false],
  ['never sent, and the brokers stay away', false, HOUR_MS, 'rejected', false],
  ['sent once, and the brokers stay away', true, HOUR_MS, 'rejected', true],
] as const) {
  t.test(`a batch whose leader cannot be asked for: ${what}`, async (t) => {
    const broker = new ScriptedBroker()
    const queue = queueOf(broker)
    let doubts = 0
    queue.onDoubt = () => doubts++
    // The connection was there before.
    await queue.send(batch(0, 10))
    const startedMs = broker.clock.monotonicMs()
    const isDown = () => broker.clock.monotonicMs() - startedMs < downMs
    broker.always('Metadata', () => (isDown() ? 'drop' : undefined))
    broker.always('Produce', () => (isDown() ? 'drop' : undefined))
    if (!sentBefore) broker.cluster.markMetadataStale()
    const [sent] = await Promise.allSettled([queue.send(batch(0, 10))])
    t.equal(sent!.status, outcome)
    t.equal(doubts > 0, doubted, 'only a sequence that is taken makes a doubt')
    t.equal(broker.named('Produce').length > 1, sentBefore || outcome === 'fulfilled')
    if (outcome === 'fulfilled') t.same(requests(broker).at(-1)![0]!.sequence, 1, 'nothing is out of order')
  })
}

t.test('a batch that cannot be encoded takes no sequence', async (t) => {
  const broker = new ScriptedBroker()
  const queue = queueOf(broker)
  let doubts = 0
  queue.onDoubt = () => doubts++
  const broken = batch(0, 10)
  broken.builder.build = () => {
    throw new Error('no such codec')
  }
  await t.rejects(queue.send(broken), { message: 'no such codec' })
  await queue.send(batch(0, 10))
  t.equal(requests(broker)[0]![0]!.sequence, 0)
  t.equal(doubts, 0)
})

t.test('what is on its way for a batch that a reset has dropped says nothing of the batches after it', async (t) => {
  for (const late of ['its leader', 'its pause'] as const) {
    const broker = new ScriptedBroker()
    const queue = queueOf(broker)
    let doubts = 0
    let ended = 0
    queue.onDoubt = () => doubts++
    await queue.send(batch(0, 10))
    const reset = () => queue.reset({ producerId: 7, epoch: 1 }, new Error('reset') as never)
    broker.on('Produce', refused(KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER))
    const delivery = { stored: () => ended++, failed: () => ended++ }
    if (late === 'its leader') {
      const failed = { ...metadata([{ name: 'out' }], -1, KAFKA_ERROR.TOPIC_AUTHORIZATION_FAILED) }
      broker.on('Metadata', () => {
        reset()
        return failed
      })
    }
    queue.enqueue(batch(0, 10), delivery, broker.clock.monotonicMs())
    if (late === 'its pause') {
      while (broker.named('Produce').length < 2) await broker.clock.nextTurn()
      reset()
      await broker.cluster.close()
    }
    for (let i = 0; i < 20; i++) await broker.clock.nextTurn()
    t.equal(ended, 1, `${late}: told once`)
    t.equal(doubts, 0, `${late}: no doubt`)
  }
})
