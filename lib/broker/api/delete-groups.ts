/** DeleteGroups v0 to v2: empty groups only. */
import { deleteGroupsApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

export const deleteGroupsHandler = defineHandler(deleteGroupsApi, [0, 2], (core, { groupsNames }) => ({
  results: groupsNames.map((groupId) => ({ groupId, errorCode: core.groups.delete(groupId) })),
}))
