/** Every API implemented, by its numeric key. */
import type { Api } from './api.js'
import { addOffsetsToTxnApi } from './api-add-offsets-to-txn.js'
import { addPartitionsToTxnApi } from './api-add-partitions-to-txn.js'
import { alterConfigsApi } from './api-alter-configs.js'
import { apiVersionsApi } from './api-api-versions.js'
import { createPartitionsApi } from './api-create-partitions.js'
import { createTopicsApi } from './api-create-topics.js'
import { deleteGroupsApi } from './api-delete-groups.js'
import { deleteRecordsApi } from './api-delete-records.js'
import { deleteTopicsApi } from './api-delete-topics.js'
import { describeClusterApi } from './api-describe-cluster.js'
import { describeConfigsApi } from './api-describe-configs.js'
import { describeGroupsApi } from './api-describe-groups.js'
import { describeProducersApi } from './api-describe-producers.js'
import { describeTopicPartitionsApi } from './api-describe-topic-partitions.js'
import { describeTransactionsApi } from './api-describe-transactions.js'
import { endTxnApi } from './api-end-txn.js'
import { fetchApi } from './api-fetch.js'
import { findCoordinatorApi } from './api-find-coordinator.js'
import { heartbeatApi } from './api-heartbeat.js'
import { incrementalAlterConfigsApi } from './api-incremental-alter-configs.js'
import { initProducerIdApi } from './api-init-producer-id.js'
import { joinGroupApi } from './api-join-group.js'
import { leaveGroupApi } from './api-leave-group.js'
import { listGroupsApi } from './api-list-groups.js'
import { listOffsetsApi } from './api-list-offsets.js'
import { listPartitionReassignmentsApi } from './api-list-partition-reassignments.js'
import { listTransactionsApi } from './api-list-transactions.js'
import { metadataApi } from './api-metadata.js'
import { offsetCommitApi } from './api-offset-commit.js'
import { offsetDeleteApi } from './api-offset-delete.js'
import { offsetFetchApi } from './api-offset-fetch.js'
import { offsetForLeaderEpochApi } from './api-offset-for-leader-epoch.js'
import { produceApi } from './api-produce.js'
import { saslAuthenticateApi } from './api-sasl-authenticate.js'
import { saslHandshakeApi } from './api-sasl-handshake.js'
import { syncGroupApi } from './api-sync-group.js'
import { txnOffsetCommitApi } from './api-txn-offset-commit.js'

/** All of them, by key. */
export const allApis: readonly Api[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  heartbeatApi,
  leaveGroupApi,
  syncGroupApi,
  describeGroupsApi,
  listGroupsApi,
  saslHandshakeApi,
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  deleteRecordsApi,
  initProducerIdApi,
  offsetForLeaderEpochApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
  endTxnApi,
  txnOffsetCommitApi,
  describeConfigsApi,
  alterConfigsApi,
  saslAuthenticateApi,
  createPartitionsApi,
  deleteGroupsApi,
  incrementalAlterConfigsApi,
  listPartitionReassignmentsApi,
  offsetDeleteApi,
  describeClusterApi,
  describeProducersApi,
  describeTransactionsApi,
  listTransactionsApi,
  describeTopicPartitionsApi,
]

const byKey = new Map(allApis.map((api) => [api.key, api]))

/** The API of that key, or undefined when it is not spoken here. */
export function apiByKey(key: number): Api | undefined {
  return byKey.get(key)
}
