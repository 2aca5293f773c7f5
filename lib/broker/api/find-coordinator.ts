/**
 * FindCoordinator v0 to v6: this broker coordinates every group and every transaction. There are no share groups. The
 * first request creates the internal topic, as in Kafka.
 */
import { KAFKA_ERROR as E, findCoordinatorApi } from '../../protocol/index.js'
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from '../topics.js'
import { defineHandler } from './handler.js'

const TRANSACTION = 1

export const findCoordinatorHandler = defineHandler(findCoordinatorApi, [0, 6], (core, request, { version }) => {
  const valid = request.keyType >= 0 && request.keyType <= TRANSACTION
  if (valid) core.topics.ensureInternal(request.keyType === TRANSACTION ? TRANSACTIONS_TOPIC : OFFSETS_TOPIC)
  const { host, port } = core.advertised
  const node = valid
    ? { errorCode: E.NONE, errorMessage: '', nodeId: core.nodeId, host, port }
    : { errorCode: E.INVALID_REQUEST, errorMessage: 'unknown key type', nodeId: -1, host: '', port: -1 }
  if (version < 4) return node
  return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...node })) }
})
