/** DescribeCluster v0 to v2: this broker. */
import { describeClusterApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

const BROKER_ENDPOINTS = 1

export const describeClusterHandler = defineHandler(describeClusterApi, [0, 2], (core, { endpointType }) => {
  const { nodeId, clusterId, advertised } = core
  if (endpointType !== BROKER_ENDPOINTS) {
    return { errorCode: E.MISMATCHED_ENDPOINT_TYPE, clusterId, endpointType: BROKER_ENDPOINTS, brokers: [] }
  }
  return {
    errorCode: E.NONE,
    clusterId,
    controllerId: nodeId,
    brokers: [{ brokerId: nodeId, host: advertised.host, port: advertised.port, isFenced: false }],
  }
})
