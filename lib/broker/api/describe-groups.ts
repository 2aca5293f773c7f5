/** DescribeGroups v0 to v6: a missing group is "Dead", from v6 with GROUP_ID_NOT_FOUND. */
import { describeGroupsApi, KAFKA_ERROR as E } from '../../protocol/index.js'
import type { Group } from '../group/group.js'
import { NO_BYTES } from '../group/member.js'
import { defineHandler } from './handler.js'

export const describeGroupsHandler = defineHandler(describeGroupsApi, [0, 6], (core, { groups }, { version }) => ({
  groups: groups.map((groupId) => {
    const group = core.groups.get(groupId)
    if (group !== undefined) return describe(group)
    const gone = { groupId, groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
    if (version < 6) return { ...gone, errorCode: E.NONE }
    return { ...gone, errorCode: E.GROUP_ID_NOT_FOUND, errorMessage: `Group ${groupId} not found.` }
  }),
}))

/** Metadata and protocol are told only while the group is stable, as members change them otherwise. */
function describe(group: Group) {
  const stable = group.status === 'Stable'
  const protocol = stable ? (group.protocolName ?? '') : ''
  return {
    errorCode: E.NONE,
    groupId: group.groupId,
    groupState: group.status,
    protocolType: group.protocolType ?? '',
    protocolData: protocol,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: stable ? member.metadataFor(protocol) : NO_BYTES,
      memberAssignment: stable ? member.assignment : NO_BYTES,
    })),
  }
}
