/** DescribeTransactions (key 65), versions 0 to 0 as Kafka 4.3 defines them. */

import { array, int16, int32, int64, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const describeTransactionsApi = defineApi({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: {
    transactionalIds: array('0+', string()),
  },
  response: {
    throttleTimeMs: int32(),
    transactionStates: array('0+', {
      errorCode: int16(),
      transactionalId: string(),
      transactionState: string(),
      transactionTimeoutMs: int32(),
      transactionStartTimeMs: int64(),
      producerId: int64(),
      producerEpoch: int16(),
      topics: array('0+', {
        topic: string(),
        partitions: array('0+', int32()),
      }),
    }),
  },
})
