/** Steps whose answers were once not Kafka's. */

import * as p from '../../lib/protocol/index.js'
import type { Producer, Script } from '../../verify/differential/broker-script.js'
import { batchOf } from './wire.js'

const NOW = Date.now()

/** Differences that random scripts have found (`npm run differential`), each in its smallest form. */
export async function found(s: Script): Promise<void> {
  const topic = `${s.name}-found`
  const groupId = `${s.name}-f`
  const { client } = s
  await s.createTopic(topic, 1, { 'cleanup.policy': 'compact' })
  await s.settled(
    () => client.ask(p.findCoordinatorApi, 3, { key: groupId, keyType: 0 }),
    (response) => response.errorCode,
  )
  const note = (step: string, answer: { errorCode: number; baseOffset: number; logStartOffset: number }) =>
    s.error(step, answer.errorCode, answer.baseOffset, answer.logStartOffset)
  note('refused with the start of the log', await s.produce(topic, batchOf([{ value: 'no key' }], {}, NOW)))
  const first = await s.init(`${s.name}-f`)
  const producer: Producer = { ...first, transactionalId: `${s.name}-f` }
  const batch = (baseSequence: number, key: string | null, producerEpoch = first.producerEpoch) => {
    const options = { producerId: first.producerId, producerEpoch, baseSequence, transactional: true }
    return s.produce(topic, batchOf([{ key, value: 'v' }], options, NOW), producer.transactionalId)
  }
  note('not added comes before not valid', await batch(0, null))
  s.note('add', await s.add(producer, [{ name: topic, partitions: [0] }]))
  note('above the lowest number asked about', await batch(3, 'k'))
  note('the lowest', await batch(0, 'k'))
  const latest = {
    replicaId: -1,
    isolationLevel: 1,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -3 }] }],
  }
  const [open] = (await client.ask(p.listOffsetsApi, 7, latest)).topics[0]!.partitions
  s.error('the latest time is not readable yet', open!.errorCode, open!.offset, open!.timestamp)
  for (const isolation of [0, 1]) {
    const nowhere = await s.fetch(`${topic}-missing`, 0, isolation)
    s.error(`fetch nowhere, isolation ${isolation}`, nowhere.errorCode, nowhere.abortedTransactions)
    const outside = await s.fetch(topic, 99, isolation)
    s.error(`fetch outside, isolation ${isolation}`, outside.errorCode, outside.abortedTransactions)
  }
  const back = await s.init(producer.transactionalId, 4, first)
  s.error('back with its identity over its open transaction', back.errorCode, back.producerEpoch)
  await s.noteLog('log', topic, 2)
  note('an epoch of before', await batch(1, 'k'))
  await offsetsInOrder(s, topic, groupId, { ...back, transactionalId: producer.transactionalId })
}

async function offsetsInOrder(s: Script, topic: string, groupId: string, producer: Producer) {
  const { client } = s
  const describe = async (step: string) => {
    const answer = await s.settled(
      () => client.ask(p.describeGroupsApi, 5, { groups: [groupId] }),
      (response) => response.groups[0]!.errorCode,
    )
    const [group] = answer.groups
    s.error(step, group!.errorCode, group!.groupState)
  }
  const row = (committedOffset: number) => [{ partitionIndex: 0, committedOffset, committedMetadata: 'm' }]
  const plain = { groupId, generationIdOrMemberEpoch: -1, memberId: '' }
  await client.ask(p.offsetCommitApi, 7, { ...plain, topics: [{ name: `${topic}-missing`, partitions: row(1) }] })
  await describe('a commit for nothing makes no group')
  const hold = async (committedOffset: number) => {
    await s.settled(
      () => client.ask(p.addOffsetsToTxnApi, 3, { ...producer, groupId }),
      (response) => response.errorCode,
    )
    const topics = [{ name: topic, partitions: row(committedOffset) }]
    const answer = await client.ask(p.txnOffsetCommitApi, 3, { ...producer, groupId, topics })
    s.error(`held ${committedOffset}`, answer.topics[0]!.partitions[0]!.errorCode)
  }
  const stored = async (step: string) => {
    const topics = [{ name: topic, partitionIndexes: [0] }]
    const ask = () => client.ask(p.offsetFetchApi, 7, { groupId, topics, requireStable: true })
    const answer = await s.settled(ask, (response) =>
      response.topics[0]!.partitions[0]!.errorCode === p.KAFKA_ERROR.UNSTABLE_OFFSET_COMMIT ? 51 : 0,
    )
    const { errorCode, committedOffset } = answer.topics[0]!.partitions[0]!
    s.error(step, errorCode, committedOffset)
  }
  await hold(5)
  await client.ask(p.offsetCommitApi, 7, { ...plain, topics: [{ name: topic, partitions: row(9) }] })
  s.error('commit', (await s.end(producer, true)).errorCode)
  await stored('the later of two offsets counts')
  await hold(7)
  s.error('delete group', (await client.ask(p.deleteGroupsApi, 1, { groupsNames: [groupId] })).results[0]!.errorCode)
  await stored('a deleted group holds nothing')
  s.error('commit', (await s.end(producer, true)).errorCode)
  await stored('and gets nothing')
}
