/** JoinGroup v0 to v9: classic protocol; MEMBER_ID_REQUIRED from v4 (KIP-394), static members from v5 (KIP-345). */
import { KAFKA_ERROR as E, joinGroupApi } from '../../protocol/index.js'
import type { JoinAnswer } from '../group/member.js'
import { failedJoin } from '../group/member.js'
import { whenAnswered } from '../waiting.js'
import { defineHandler } from './handler.js'

export const joinGroupHandler = defineHandler(joinGroupApi, [0, 9], (core, request, context) => {
  const { version, clientId, clientHost } = context
  const { sessionTimeoutMs, rebalanceTimeoutMs } = request
  return whenAnswered<JoinAnswer, ReturnType<typeof encodable>>(
    context,
    (answer) =>
      core.groups.join(
        {
          ...request,
          rebalanceTimeoutMs: version === 0 || rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
          clientId,
          clientHost,
          requiresKnownMemberId: version >= 4,
          canSkipAssignment: version >= 9,
        },
        answer,
      ),
    failedJoin(E.NETWORK_EXCEPTION, request.memberId),
    (answer) => encodable(answer, version),
  )
})

/** Before v7 the protocol's name may not be null, before v9 nothing says that the assignment is skipped. */
function encodable({ error, skipAssignment, protocolName, members, ...rest }: JoinAnswer, version: number) {
  return {
    ...rest,
    errorCode: error,
    protocolName: version < 7 ? (protocolName ?? '') : protocolName,
    members: [...members],
    ...(version >= 9 ? { skipAssignment } : {}),
  }
}
