/** Every API implemented, by its numeric key. */

import { addOffsetsToTxnApi } from './add-offsets-to-txn.js'
import { addPartitionsToTxnApi } from './add-partitions-to-txn.js'
import { alterConfigsApi } from './alter-configs.js'
import { apiVersionsApi } from './api-versions.js'
import { createPartitionsApi } from './create-partitions.js'
import { createTopicsApi } from './create-topics.js'
import type { Api } from './define.js'
import { deleteGroupsApi } from './delete-groups.js'
import { deleteRecordsApi } from './delete-records.js'
import { deleteTopicsApi } from './delete-topics.js'
import { describeClusterApi } from './describe-cluster.js'
import { describeConfigsApi } from './describe-configs.js'
import { describeGroupsApi } from './describe-groups.js'
import { describeProducersApi } from './describe-producers.js'
import { describeTopicPartitionsApi } from './describe-topic-partitions.js'
import { describeTransactionsApi } from './describe-transactions.js'
import { endTxnApi } from './end-txn.js'
import { fetchApi } from './fetch.js'
import { findCoordinatorApi } from './find-coordinator.js'
import { heartbeatApi } from './heartbeat.js'
import { incrementalAlterConfigsApi } from './incremental-alter-configs.js'
import { initProducerIdApi } from './init-producer-id.js'
import { joinGroupApi } from './join-group.js'
import { leaveGroupApi } from './leave-group.js'
import { listGroupsApi } from './list-groups.js'
import { listOffsetsApi } from './list-offsets.js'
import { listPartitionReassignmentsApi } from './list-partition-reassignments.js'
import { listTransactionsApi } from './list-transactions.js'
import { metadataApi } from './metadata.js'
import { offsetCommitApi } from './offset-commit.js'
import { offsetDeleteApi } from './offset-delete.js'
import { offsetFetchApi } from './offset-fetch.js'
import { offsetForLeaderEpochApi } from './offset-for-leader-epoch.js'
import { produceApi } from './produce.js'
import { saslAuthenticateApi } from './sasl-authenticate.js'
import { saslHandshakeApi } from './sasl-handshake.js'
import { syncGroupApi } from './sync-group.js'
import { txnOffsetCommitApi } from './txn-offset-commit.js'

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
