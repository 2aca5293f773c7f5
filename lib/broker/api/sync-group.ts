/** SyncGroup v0 to v5: waits for the leader's assignment. */
import { KAFKA_ERROR as E, syncGroupApi } from '../../protocol/index.js'
import { failedSync, type SyncAnswer } from '../group/member.js'
import { whenAnswered } from '../waiting.js'
import { defineHandler } from './handler.js'

export const syncGroupHandler = defineHandler(syncGroupApi, [0, 5], (core, request, context) =>
  whenAnswered<SyncAnswer, ReturnType<typeof encodable>>(
    context,
    (answer) => {
      // Since v5 a member says what it believes the group's protocol to be.
      if (context.version >= 5 && (request.protocolType === null || request.protocolName === null)) {
        answer(failedSync(E.INCONSISTENT_GROUP_PROTOCOL))
      } else core.groups.sync(request, answer)
    },
    failedSync(E.NETWORK_EXCEPTION),
    encodable,
  ),
)

function encodable({ error, ...rest }: SyncAnswer) {
  return { ...rest, errorCode: error }
}
