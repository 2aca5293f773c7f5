/** DescribeProducers v0 (KIP-664): the producers and open transactions of a partition. */
import { describeProducersApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const describeProducersHandler = defineHandler(describeProducersApi, [0, 0], (core, request) => ({
  topics: request.topics.map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => {
      const log = core.topics.log(name, partitionIndex)
      if (log === undefined) {
        return { partitionIndex, errorCode: E.UNKNOWN_TOPIC_OR_PARTITION, activeProducers: [] }
      }
      const activeProducers = [...log.producers.byId].map(([producerId, state]) => ({
        producerId,
        producerEpoch: state.epoch,
        lastSequence: state.batches.at(-1)?.lastSequence ?? -1,
        lastTimestamp: state.lastTimestamp,
        coordinatorEpoch: state.coordinatorEpoch,
        currentTxnStartOffset: state.txnFirstOffset,
      }))
      return { partitionIndex, errorCode: E.NONE, activeProducers }
    }),
  })),
}))
