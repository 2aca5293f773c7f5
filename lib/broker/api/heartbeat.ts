/** Heartbeat v0 to v4. */
import { heartbeatApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const heartbeatHandler = defineHandler(heartbeatApi, [0, 4], (core, request) => {
  const { groupId, generationId, memberId, groupInstanceId } = request
  return { errorCode: core.groups.heartbeat(groupId, generationId, memberId, groupInstanceId) }
})
