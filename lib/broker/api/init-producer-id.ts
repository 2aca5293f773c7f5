/**
 * InitProducerId v0 to v5: a new id, or the next epoch of a transactional id. Aborts the open transaction of the
 * earlier epoch.
 */
import { KAFKA_ERROR as E, initProducerIdApi } from '../../protocol/index.js'
import type { InitializedProducer } from '../transaction/transaction-coordinator.js'
import { defineHandler } from './handler.js'

export const initProducerIdHandler = defineHandler(initProducerIdApi, [0, 5], (core, request, { version }) => {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = request
  const encode = ({ error, ...identity }: InitializedProducer) => ({
    // Before v4 clients did not know PRODUCER_FENCED.
    errorCode: error === E.PRODUCER_FENCED && version < 4 ? E.INVALID_PRODUCER_EPOCH : error,
    ...identity,
  })
  if (producerId < 0 !== producerEpoch < 0) {
    return encode({ error: E.INVALID_REQUEST, producerId: -1, producerEpoch: -1 })
  }
  const expected = producerId < 0 ? undefined : { producerId, epoch: producerEpoch }
  const identity = core.transactions.initProducerId(transactionalId, transactionTimeoutMs, expected)
  return identity instanceof Promise ? identity.then(encode) : encode(identity)
})
