/** AddOffsetsToTxn v0 to v4: takes a group's offsets into the transaction. */
import { addOffsetsToTxnApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const addOffsetsToTxnHandler = defineHandler(addOffsetsToTxnApi, [0, 4], (core, request, { version }) => {
  const { transactionalId, producerId, producerEpoch, groupId } = request
  if (groupId === '') return { errorCode: E.INVALID_GROUP_ID }
  const error = core.transactions.add(transactionalId, producerId, producerEpoch, { groupId })
  // Before v2 clients did not know PRODUCER_FENCED.
  return { errorCode: error === E.PRODUCER_FENCED && version < 2 ? E.INVALID_PRODUCER_EPOCH : error }
})
