/** OffsetCommit v2 to v9: from members of the generation, or from any client if the group is empty. */
import { offsetCommitApi } from '../../protocol/index.js'
import { checkCommitter, judgeOffsets } from '../group/commit-offsets.js'
import { defineHandler } from './handler.js'

export const offsetCommitHandler = defineHandler(offsetCommitApi, [2, 9], (core, request) => {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId, topics } = request
  const error = checkCommitter(core, { groupId, memberId, groupInstanceId, generationId, transactional: false }, topics)
  const { accepted, answers } = judgeOffsets(core, topics, error)
  if (accepted.length > 0) core.offsets.commit(groupId, accepted)
  return { topics: answers }
})
