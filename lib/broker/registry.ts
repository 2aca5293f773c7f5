/** Every request the broker answers, by API key. What is not here is not advertised, and closes the connection. */
import { addOffsetsToTxnHandler } from './api-add-offsets-to-txn.js'
import { addPartitionsToTxnHandler } from './api-add-partitions-to-txn.js'
import { alterConfigsHandler } from './api-alter-configs.js'
import { apiVersionsHandler } from './api-api-versions.js'
import { createPartitionsHandler } from './api-create-partitions.js'
import { createTopicsHandler } from './api-create-topics.js'
import { deleteGroupsHandler } from './api-delete-groups.js'
import { deleteRecordsHandler } from './api-delete-records.js'
import { deleteTopicsHandler } from './api-delete-topics.js'
import { describeClusterHandler } from './api-describe-cluster.js'
import { describeConfigsHandler } from './api-describe-configs.js'
import { describeGroupsHandler } from './api-describe-groups.js'
import { describeProducersHandler } from './api-describe-producers.js'
import { describeTopicPartitionsHandler } from './api-describe-topic-partitions.js'
import { describeTransactionsHandler } from './api-describe-transactions.js'
import { endTxnHandler } from './api-end-txn.js'
import { fetchHandler } from './api-fetch.js'
import { findCoordinatorHandler } from './api-find-coordinator.js'
import { heartbeatHandler } from './api-heartbeat.js'
import { incrementalAlterConfigsHandler } from './api-incremental-alter-configs.js'
import { initProducerIdHandler } from './api-init-producer-id.js'
import { joinGroupHandler } from './api-join-group.js'
import { leaveGroupHandler } from './api-leave-group.js'
import { listGroupsHandler } from './api-list-groups.js'
import { listOffsetsHandler } from './api-list-offsets.js'
import { listTransactionsHandler } from './api-list-transactions.js'
import { metadataHandler } from './api-metadata.js'
import { offsetCommitHandler } from './api-offset-commit.js'
import { offsetDeleteHandler } from './api-offset-delete.js'
import { offsetFetchHandler } from './api-offset-fetch.js'
import { offsetForLeaderEpochHandler } from './api-offset-for-leader-epoch.js'
import { produceHandler } from './api-produce.js'
import { syncGroupHandler } from './api-sync-group.js'
import { txnOffsetCommitHandler } from './api-txn-offset-commit.js'
import type { Handler } from './handler.js'

const handlers: readonly Handler[] = [
  addOffsetsToTxnHandler,
  addPartitionsToTxnHandler,
  alterConfigsHandler,
  apiVersionsHandler(() => handlers),
  createPartitionsHandler,
  createTopicsHandler,
  deleteGroupsHandler,
  deleteRecordsHandler,
  deleteTopicsHandler,
  describeClusterHandler,
  describeConfigsHandler,
  describeGroupsHandler,
  describeProducersHandler,
  describeTopicPartitionsHandler,
  describeTransactionsHandler,
  endTxnHandler,
  fetchHandler,
  findCoordinatorHandler,
  heartbeatHandler,
  incrementalAlterConfigsHandler,
  initProducerIdHandler,
  joinGroupHandler,
  leaveGroupHandler,
  listGroupsHandler,
  listOffsetsHandler,
  listTransactionsHandler,
  metadataHandler,
  offsetCommitHandler,
  offsetDeleteHandler,
  offsetFetchHandler,
  offsetForLeaderEpochHandler,
  produceHandler,
  syncGroupHandler,
  txnOffsetCommitHandler,
]

const byKey = new Map(handlers.map((handler) => [handler.api.key, handler]))

export function handlerOf(apiKey: number): Handler | undefined {
  return byKey.get(apiKey)
}

export function allHandlers(): readonly Handler[] {
  return handlers
}
