/** AddPartitionsToTxn (key 24), versions 0 to 5 as Kafka 4.3 defines them. */

import { array, boolean, int16, int32, int64, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const addPartitionsToTxnApi = defineApi({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexibleFrom: 3,
  request: {
    transactions: array('4+', {
      transactionalId: string(),
      producerId: int64(),
      producerEpoch: int16(),
      verifyOnly: boolean('0+', { default: false }),
      topics: array('0+', {
        name: string(),
        partitions: array('0+', int32()),
      }),
    }),
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: array('0-3', {
      name: string(),
      partitions: array('0+', int32()),
    }),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16('4+', { ignorable: true }),
    resultsByTransaction: array('4+', {
      transactionalId: string(),
      topicResults: array('0+', {
        name: string(),
        resultsByPartition: array('0+', {
          partitionIndex: int32(),
          partitionErrorCode: int16(),
        }),
      }),
    }),
    resultsByTopicV3AndBelow: array('0-3', {
      name: string(),
      resultsByPartition: array('0+', {
        partitionIndex: int32(),
        partitionErrorCode: int16(),
      }),
    }),
  },
})
