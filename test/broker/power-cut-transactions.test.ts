/** Transactions on a disk that loses its power anywhere: what was answered stays, and nothing is there in part. */
import t from 'tap'
import { FolderStorage } from '../../lib/broker/index.js'
import { committedBatches } from '../../lib/client/aborted-filter.js'
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  KAFKA_ERROR as E,
  endTxnApi,
  offsetFetchApi,
  readBatches,
  txnOffsetCommitApi,
} from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { PowerCut, PowerCutFiles } from './power-cut-files.js'
import { batchOf, fetch, initProducer, produce, valuesOf, type Wire, wire } from './wire.js'

const SEEDS = Number(process.env.POWER_CUT_SEEDS ?? 60)
const LIVES = 4
const PARTITIONS = [0, 1, 2]
const GROUP = 'g'

/** What the client of all lives knows. */
interface Known {
  /** Numbers of transactions answered as committed, and of the one whose answer never came. */
  readonly committed: number[]
  inDoubt: number
  next: number
}

async function transaction(w: Wire, known: Known, commit: boolean): Promise<void> {
  const number = known.next++
  const { producerId, producerEpoch } = await initProducer(w, 'p')
  const who = { transactionalId: 'p', producerId, producerEpoch }
  await w.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: 'p',
    v3AndBelowProducerId: producerId,
    v3AndBelowProducerEpoch: producerEpoch,
    v3AndBelowTopics: [{ name: 'a', partitions: PARTITIONS }],
  })
  await w.ask(addOffsetsToTxnApi, 3, { ...who, groupId: GROUP })
  for (const partition of PARTITIONS) {
    const batch = batchOf([{ value: String(number) }], {
      producerId,
      producerEpoch,
      baseSequence: 0,
      transactional: true,
    })
    await produce(w, 'a', batch, { transactionalId: 'p', partition })
  }
  await w.ask(txnOffsetCommitApi, 3, {
    ...who,
    groupId: GROUP,
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset: number, committedMetadata: '' }] }],
  })
  if (commit) known.inDoubt = number
  const { errorCode } = await w.ask(endTxnApi, 3, { ...who, committed: commit })
  if (errorCode === E.NONE && commit) known.committed.push(number)
  known.inDoubt = -1
}

/** What a reader finds once the open transaction, if there is one, has ended; a reason where it is wrong. */
async function check(w: Wire, known: Known): Promise<string | null> {
  for (let tries = 0; tries < 3; tries++) await initProducer(w, 'p')
  const topics = [{ name: 'a', partitionIndexes: [0] }]
  const offsets = await w.ask(offsetFetchApi, 7, { groupId: GROUP, topics, requireStable: true })
  const offset = offsets.topics[0]!.partitions[0]!.committedOffset
  const expected = known.inDoubt >= 0 && offset === known.inDoubt ? [...known.committed, offset] : known.committed
  if (offset !== (expected.at(-1) ?? -1)) return `the group is at ${offset}, committed are ${expected}`
  for (const partition of PARTITIONS) {
    const log = w.broker.core.topics.log('a', partition)!
    if (log.lastStableOffset !== log.endOffset) return `partition ${partition} is stuck at ${log.lastStableOffset}`
    const { records, abortedTransactions } = await fetch(w, 'a', 0, { partition, readCommitted: true })
    const values = committedBatches(readBatches(records ?? Buffer.alloc(0)), abortedTransactions).flatMap((batch) =>
      valuesOf(batch.slice()),
    )
    if (values.join() !== expected.join()) return `partition ${partition} has ${values}, committed are ${expected}`
  }
  return null
}

/** After a check that found nothing wrong: the answer that never came is known now. */
function settle(w: Wire, known: Known): void {
  if (w.broker.core.offsets.get(GROUP, 'a', 0)?.offset === known.inDoubt) known.committed.push(known.inDoubt)
  known.inDoubt = -1
}

t.test('whatever happens, committed transactions are whole and answered ones are there', async (t) => {
  let doubted = 0
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`power-cut-transactions/${seed}`)
    const known: Known = { committed: [], inDoubt: -1, next: 0 }
    let files = new PowerCutFiles()
    let isMade = false
    for (let life = 0; life < LIVES; life++) {
      files.cutAt = files.operations + 1 + random.int(isMade ? 150 : 400)
      const storage = new FolderStorage('/data', { files, saveBytes: 1_000 + random.int(10_000) })
      try {
        const w = await wire({ storage })
        if (!isMade) {
          w.broker.createTopic('a', PARTITIONS.length)
          await storage.sync()
          isMade = true
        } else {
          const wrong = await check(w, known)
          // The power may go meanwhile: then the next life has to find it all.
          if (files.operations >= files.cutAt) throw new PowerCut()
          if (wrong !== null) {
            t.fail(`seed ${seed}, life ${life}: ${wrong}`)
            return
          }
          if (known.inDoubt >= 0) doubted++
          settle(w, known)
        }
        while (files.operations < files.cutAt) await transaction(w, known, random.next() < 0.7)
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error
      }
      files = random.next() < 0.3 ? files.afterKill() : files.afterPowerCut(random)
    }
  }
  t.ok(doubted > 0, 'some answers were lost')
})
