/** ListGroups v0 to v5: filtered by state from v4 and by type from v5. All groups have the classic type. */
import { KAFKA_ERROR as E, listGroupsApi } from '../../protocol/index.js'
import { defineHandler } from './handler.js'

const TYPE = 'classic'

export const listGroupsHandler = defineHandler(listGroupsApi, [0, 5], (core, { statesFilter, typesFilter }) => {
  const states = new Set(statesFilter.map((state) => state.toLowerCase()))
  const types = new Set(typesFilter.map((type) => type.toLowerCase()))
  const groups = [...core.groups.all()]
    .filter((group) => states.size === 0 || states.has(group.status.toLowerCase()))
    .filter(() => types.size === 0 || types.has(TYPE))
  return {
    errorCode: E.NONE,
    groups: groups.map(({ groupId, protocolType, status }) => ({
      groupId,
      protocolType: protocolType ?? '',
      groupState: status,
      groupType: TYPE,
    })),
  }
})
