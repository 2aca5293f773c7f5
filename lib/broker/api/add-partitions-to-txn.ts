/** AddPartitionsToTxn v0 to v3, the versions that clients use: adds all partitions or none. */
import { addPartitionsToTxnApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const addPartitionsToTxnHandler = defineHandler(addPartitionsToTxnApi, [0, 3], (core, request, { version }) => {
  const topics = request.v3AndBelowTopics
  const known = (name: string, partition: number) => core.topics.log(name, partition) !== undefined
  const complete = topics.every(({ name, partitions }) => partitions.every((partition) => known(name, partition)))
  let error: number = E.OPERATION_NOT_ATTEMPTED
  if (complete) {
    const { v3AndBelowTransactionalId: id, v3AndBelowProducerId: producerId, v3AndBelowProducerEpoch: epoch } = request
    error = core.transactions.add(id, producerId, epoch, { topics })
    // Before v2 clients did not know PRODUCER_FENCED.
    if (error === E.PRODUCER_FENCED && version < 2) error = E.INVALID_PRODUCER_EPOCH
  }
  return {
    resultsByTopicV3AndBelow: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: known(name, partitionIndex) ? error : E.UNKNOWN_TOPIC_OR_PARTITION,
      })),
    })),
  }
})
