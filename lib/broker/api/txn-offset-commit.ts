/**
 * TxnOffsetCommit v0 to v4: offsets that take effect when the transaction commits. From v3 member and generation are
 * checked (KIP-447). A request without both is accepted, as in Kafka.
 */
import { KAFKA_ERROR as E, txnOffsetCommitApi } from '../../protocol/index.js'
import { checkCommitter, judgeOffsets } from '../group/commit-offsets.js'
import { defineHandler } from './handler.js'

export const txnOffsetCommitHandler = defineHandler(txnOffsetCommitApi, [0, 4], (core, request, { version }) => {
  const { transactionalId, producerId, producerEpoch, groupId, memberId, groupInstanceId, generationId } = request
  let error = core.transactions.verify(transactionalId, producerId, producerEpoch, { groupId })
  if (error === E.TRANSACTION_ABORTABLE && version < 4) error = E.INVALID_TXN_STATE
  if (error === E.CONCURRENT_TRANSACTIONS) error = E.COORDINATOR_NOT_AVAILABLE
  if (error === E.NONE) {
    error = checkCommitter(
      core,
      { groupId, memberId, groupInstanceId, generationId, transactional: true },
      request.topics,
    )
  }
  const { accepted, answers } = judgeOffsets(core, request.topics, error)
  if (accepted.length > 0) core.offsets.hold(producerId, groupId, accepted)
  return { topics: answers }
})
