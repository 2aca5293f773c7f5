/** DescribeTransactions v0 (KIP-664). */
import { describeTransactionsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const describeTransactionsHandler = defineHandler(describeTransactionsApi, [0, 0], (core, request) => ({
  transactionStates: request.transactionalIds.map((transactionalId) => {
    const txn = core.transactions.get(transactionalId)
    if (txn === undefined) {
      return {
        errorCode: E.TRANSACTIONAL_ID_NOT_FOUND,
        transactionalId,
        transactionState: '',
        transactionTimeoutMs: 0,
        transactionStartTimeMs: 0,
        producerId: 0,
        producerEpoch: 0,
        topics: [],
      }
    }
    return {
      errorCode: E.NONE,
      transactionalId,
      transactionState: txn.status,
      transactionTimeoutMs: txn.timeoutMs,
      transactionStartTimeMs: txn.startMs,
      producerId: txn.producerId,
      producerEpoch: txn.epoch,
      topics: [...txn.partitions].map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
    }
  }),
}))
