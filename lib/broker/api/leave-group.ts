/** LeaveGroup v0 to v5: one member before v3, several from v3. */
import { KAFKA_ERROR as E, leaveGroupApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const leaveGroupHandler = defineHandler(leaveGroupApi, [0, 5], (core, request, { version }) => {
  const { groupId, memberId, members } = request
  if (groupId === '') return { errorCode: E.INVALID_GROUP_ID }
  if (version < 3) return { errorCode: core.groups.leave(groupId, memberId, null) }
  return {
    errorCode: E.NONE,
    members: members.map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      errorCode: core.groups.leave(groupId, member.memberId, member.groupInstanceId),
    })),
  }
})
