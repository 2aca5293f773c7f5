/** The group coordinator of the classic protocol: the checks of JoinGroup, SyncGroup, Heartbeat and LeaveGroup. */
import { KAFKA_ERROR as E } from '../../protocol/index.js'
import type { Clock } from '../../record/clock.js'
import type { Random } from '../../record/random.js'
import type { BrokerSettings } from '../settings.js'
import type { BrokerStorage, StateValue } from '../storage/storage.js'
import { Group } from './group.js'
import {
  CoordinatedMember,
  failedJoin,
  failedSync,
  type GroupProtocol,
  type JoinAnswer,
  type JoinRequest,
  type SyncAnswer,
} from './member.js'
import type { GroupOffsets } from './offsets.js'

export interface GroupCoordinatorOptions {
  readonly clock: Clock
  readonly random: Random
  readonly settings: BrokerSettings
  readonly storage: BrokerStorage
  readonly offsets: GroupOffsets
}

const GROUP_KEY = 'group/'

export class GroupCoordinator {
  readonly #groups = new Map<string, Group>()
  readonly #o: GroupCoordinatorOptions

  constructor(options: GroupCoordinatorOptions) {
    this.#o = options
  }

  recover(state: ReadonlyMap<string, StateValue>): void {
    for (const groupId of this.#o.offsets.groupIds()) this.obtain(groupId)
    for (const [key, value] of state) {
      if (!key.startsWith(GROUP_KEY)) continue
      const group = this.obtain(key.slice(GROUP_KEY.length))
      group.generationId = value.generationId as number
      group.protocolType = value.protocolType as string | null
    }
  }

  close(): void {
    for (const group of this.#groups.values()) group.close(E.COORDINATOR_NOT_AVAILABLE)
  }

  all(): Iterable<Group> {
    return this.#groups.values()
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  /** The group, made when it is not there: for members, and for offsets committed without any. */
  obtain(groupId: string): Group {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = new Group({
        groupId,
        clock: this.#o.clock,
        initialRebalanceDelayMs: this.#o.settings.initialRebalanceDelayMs,
        save: ({ generationId, protocolType }) =>
          this.#o.storage.put([[`${GROUP_KEY}${groupId}`, { generationId, protocolType }]]),
      })
      this.#groups.set(groupId, group)
    }
    return group
  }

  /** NONE, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP. */
  delete(groupId: string): number {
    const group = this.#groups.get(groupId)
    if (group === undefined) return E.GROUP_ID_NOT_FOUND
    if (group.status !== 'Empty') return E.NON_EMPTY_GROUP
    group.close(E.UNKNOWN_MEMBER_ID)
    this.#groups.delete(groupId)
    this.#o.offsets.deleteGroup(groupId)
    this.#o.storage.put([[`${GROUP_KEY}${groupId}`, null]])
    return E.NONE
  }

  /** Forgets groups without members and without offsets. */
  expire(): void {
    for (const group of this.#groups.values()) {
      const used = group.status !== 'Empty' || group.pending.size > 0 || this.#o.offsets.has(group.groupId)
      if (!used) this.delete(group.groupId)
    }
  }

  /** `answer` is called once: now, or when the rebalance is complete. */
  join(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const { memberId, sessionTimeoutMs } = request
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#o.settings
    if (request.groupId === '') {
      answer(failedJoin(E.INVALID_GROUP_ID, memberId))
      return
    }
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
      answer(failedJoin(E.INVALID_SESSION_TIMEOUT, memberId))
      return
    }
    let group = this.#groups.get(request.groupId)
    if (group === undefined) {
      if (memberId !== '') {
        answer(failedJoin(E.UNKNOWN_MEMBER_ID, memberId))
        return
      }
      group = this.obtain(request.groupId)
    }
    if (!group.accepts(request.protocolType, request.protocols)) {
      answer(failedJoin(E.INCONSISTENT_GROUP_PROTOCOL, memberId))
      return
    }
    if (memberId === '') this.#joinNew(group, request, answer)
    else this.#rejoin(group, request, answer)
  }

  sync(
    request: {
      readonly groupId: string
      readonly memberId: string
      readonly groupInstanceId: string | null
      readonly generationId: number
      readonly protocolType: string | null
      readonly protocolName: string | null
      readonly assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[]
    },
    answer: (answer: SyncAnswer) => void,
  ): void {
    if (request.groupId === '') {
      answer(failedSync(E.INVALID_GROUP_ID))
      return
    }
    const group = this.#groups.get(request.groupId)
    if (group === undefined) {
      answer(failedSync(E.UNKNOWN_MEMBER_ID))
      return
    }
    const error = checkGeneration(group, request)
    if (error !== E.NONE) {
      answer(failedSync(error))
      return
    }
    const { protocolType, protocolName } = request
    const otherType = protocolType !== null && protocolType !== group.protocolType
    if (otherType || (protocolName !== null && protocolName !== group.protocolName)) {
      answer(failedSync(E.INCONSISTENT_GROUP_PROTOCOL))
      return
    }
    const member = group.members.get(request.memberId)!
    if (group.status === 'PreparingRebalance') {
      answer(failedSync(E.REBALANCE_IN_PROGRESS))
      return
    }
    if (group.status === 'Stable') {
      group.extendSession(member)
      const current = { protocolType: group.protocolType, protocolName: group.protocolName }
      answer({ error: E.NONE, ...current, assignment: member.assignment })
      return
    }
    member.sync = answer
    if (member.memberId !== group.leader) return
    group.assign(new Map(request.assignments.map((part) => [part.memberId, Buffer.from(part.assignment)])))
  }

  heartbeat(groupId: string, generationId: number, memberId: string, groupInstanceId: string | null): number {
    if (groupId === '') return E.INVALID_GROUP_ID
    const group = this.#groups.get(groupId)
    if (group === undefined) return E.UNKNOWN_MEMBER_ID
    const error = checkGeneration(group, { memberId, groupInstanceId, generationId })
    if (error !== E.NONE) return error
    group.extendSession(group.members.get(memberId)!)
    return group.status === 'PreparingRebalance' ? E.REBALANCE_IN_PROGRESS : E.NONE
  }

  /** Removes one member, named by its id, its instance id or both. */
  leave(groupId: string, memberId: string, groupInstanceId: string | null): number {
    const group = this.#groups.get(groupId)
    if (group === undefined) return E.UNKNOWN_MEMBER_ID
    const staticId = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId)
    if (groupInstanceId !== null && staticId === undefined) return E.UNKNOWN_MEMBER_ID
    if (staticId !== undefined && memberId !== '' && staticId !== memberId) return E.FENCED_INSTANCE_ID
    const id = staticId ?? memberId
    if (group.pending.has(id)) {
      group.dropPending(id)
      return E.NONE
    }
    const member = group.members.get(id)
    if (member === undefined) return E.UNKNOWN_MEMBER_ID
    group.removeMember(member)
    return E.NONE
  }

  #joinNew(group: Group, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const { groupInstanceId, clientId } = request
    const memberId = `${groupInstanceId ?? clientId}-${this.#o.random.uuid()}`
    const known = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId)
    if (known !== undefined) {
      this.#takeOver(group, group.members.get(known)!, memberId, request, answer)
      return
    }
    if (groupInstanceId === null && request.requiresKnownMemberId) {
      group.addPending(memberId, request.sessionTimeoutMs)
      answer(failedJoin(E.MEMBER_ID_REQUIRED, memberId))
      return
    }
    addAndRebalance(group, memberId, request, answer)
  }

  #rejoin(group: Group, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const { memberId, groupInstanceId } = request
    if (group.pending.has(memberId)) {
      if (groupInstanceId !== null) answer(failedJoin(E.UNKNOWN_MEMBER_ID, memberId))
      else addAndRebalance(group, memberId, request, answer)
      return
    }
    const error = group.checkMember(memberId, groupInstanceId)
    if (error !== E.NONE) {
      answer(failedJoin(error, memberId))
      return
    }
    const member = group.members.get(memberId)!
    const same = member.hasProtocols(request.protocols)
    const current = group.status === 'CompletingRebalance' ? same : same && memberId !== group.leader
    if (group.status !== 'PreparingRebalance' && current) {
      group.extendSession(member)
      const known = group.currentJoinAnswer(memberId)
      answer(group.status === 'Stable' ? { ...known, members: [] } : known)
      return
    }
    update(member, request)
    member.join = answer
    group.rebalance()
  }

  /** KIP-345: in a stable group a restarted static member gets its assignment back without a rebalance. */
  #takeOver(
    group: Group,
    member: CoordinatedMember,
    memberId: string,
    request: JoinRequest,
    answer: (answer: JoinAnswer) => void,
  ): void {
    const oldLeader = group.leader
    group.replaceStatic(member, memberId)
    update(member, request)
    group.extendSession(member)
    if (group.status === 'Stable' && group.selectProtocol() === group.protocolName) {
      const current = group.currentJoinAnswer(memberId)
      const isLeader = group.leader === memberId
      if (request.canSkipAssignment) answer({ ...current, skipAssignment: isLeader })
      else answer({ ...current, leader: oldLeader ?? '', members: [] })
      return
    }
    member.join = answer
    group.rebalance()
  }
}

function addAndRebalance(
  group: Group,
  memberId: string,
  request: JoinRequest,
  answer: (answer: JoinAnswer) => void,
): void {
  const member = new CoordinatedMember({ ...request, memberId, protocols: ownProtocols(request.protocols) })
  member.join = answer
  group.addMember(member, request.protocolType)
  group.rebalance()
}

function update(member: CoordinatedMember, request: JoinRequest): void {
  member.protocols = ownProtocols(request.protocols)
  member.sessionTimeoutMs = request.sessionTimeoutMs
  member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
}

/** The metadata of a request is a view of its frame: what is kept is copied. */
function ownProtocols(protocols: readonly GroupProtocol[]): GroupProtocol[] {
  return protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
}

export function checkGeneration(
  group: Group,
  who: { readonly memberId: string; readonly groupInstanceId: string | null; readonly generationId: number },
): number {
  const error = group.checkMember(who.memberId, who.groupInstanceId)
  if (error !== E.NONE) return error
  return who.generationId === group.generationId ? E.NONE : E.ILLEGAL_GENERATION
}
