/** EndTxn v0 to v4: transaction version 1, in which the epoch stays the same. Answered when the decision is on disk. */
import { KAFKA_ERROR as E, endTxnApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const endTxnHandler = defineHandler(endTxnApi, [0, 4], (core, request, { version }) => {
  const { transactionalId, producerId, producerEpoch, committed } = request
  // Before v2 clients did not know PRODUCER_FENCED.
  const encode = (error: number) => ({
    errorCode: error === E.PRODUCER_FENCED && version < 2 ? E.INVALID_PRODUCER_EPOCH : error,
  })
  const error = core.transactions.end(transactionalId, producerId, producerEpoch, committed)
  return error instanceof Promise ? error.then(encode) : encode(error)
})
