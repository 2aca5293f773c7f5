/** One group of the classic protocol: its members, its generation, and the rebalance that leads to the next one. */
import { KAFKA_ERROR as E } from '../../protocol/index.js'
import type { Cancel, Clock } from '../../record/clock.js'
import { patientTimer } from '../../record/patient-timer.js'
import {
  type CoordinatedMember,
  failedJoin,
  failedSync,
  type GroupProtocol,
  type JoinAnswer,
  NO_BYTES,
} from './member.js'

export type GroupStatus = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable'

/** How long a new member may take over its first rebalance before it counts as gone. */
const NEW_MEMBER_JOIN_MS = 300_000

export interface GroupOptions {
  readonly groupId: string
  readonly clock: Clock
  readonly initialRebalanceDelayMs: number
  /** Stores generation and protocol type. */
  readonly save: (group: Group) => void
}

export class Group {
  readonly groupId: string
  status: GroupStatus = 'Empty'
  generationId = 0
  protocolType: string | null = null
  protocolName: string | null = null
  leader: string | null = null
  readonly members = new Map<string, CoordinatedMember>()
  /** Member id by group instance id. */
  readonly staticMembers = new Map<string, string>()
  /** Ids given out with MEMBER_ID_REQUIRED that did not come back yet. */
  readonly pending = new Map<string, Cancel>()
  readonly #o: GroupOptions
  #cancelRebalance: Cancel | undefined
  #cancelSync: Cancel | undefined
  /** True while a new group waits for more members, however many are there. */
  #gathering = false

  constructor(options: GroupOptions) {
    this.#o = options
    this.groupId = options.groupId
  }

  /** Whether a member with these protocols can be in the group. */
  accepts(protocolType: string, protocols: readonly GroupProtocol[]): boolean {
    if (this.members.size === 0) return protocolType !== '' && protocols.length > 0
    if (protocolType !== this.protocolType) return false
    return protocols.some(({ name }) => this.#isCommon(name))
  }

  /** NONE when the ids name a member: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID. */
  checkMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const known = this.staticMembers.get(groupInstanceId)
      if (known === undefined) return E.UNKNOWN_MEMBER_ID
      if (known !== memberId) return E.FENCED_INSTANCE_ID
    }
    return this.members.has(memberId) ? E.NONE : E.UNKNOWN_MEMBER_ID
  }

  addPending(memberId: string, sessionTimeoutMs: number): void {
    const cancel = patientTimer(this.#o.clock, sessionTimeoutMs, () => this.dropPending(memberId))
    this.pending.set(memberId, cancel)
  }

  dropPending(memberId: string): void {
    this.pending.get(memberId)?.()
    if (this.pending.delete(memberId)) this.#tryCompleteJoin()
  }

  addMember(member: CoordinatedMember, protocolType: string): void {
    this.pending.get(member.memberId)?.()
    this.pending.delete(member.memberId)
    if (this.members.size === 0) this.protocolType = protocolType
    this.leader ??= member.memberId
    this.members.set(member.memberId, member)
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, member.memberId)
    this.extendSession(member, NEW_MEMBER_JOIN_MS)
  }

  /** A restarted static member takes its place over; whoever waited under the old id is fenced. */
  replaceStatic(member: CoordinatedMember, newMemberId: string): void {
    const oldMemberId = member.memberId
    member.answerJoin(failedJoin(E.FENCED_INSTANCE_ID, oldMemberId))
    member.answerSync(failedSync(E.FENCED_INSTANCE_ID))
    this.members.delete(oldMemberId)
    member.memberId = newMemberId
    this.members.set(newMemberId, member)
    this.staticMembers.set(member.groupInstanceId!, newMemberId)
    if (this.leader === oldMemberId) this.leader = newMemberId
    this.extendSession(member)
  }

  /** Removes a member and rebalances what is left. */
  removeMember(member: CoordinatedMember): void {
    this.#forget(member)
    if (this.status === 'Stable' || this.status === 'CompletingRebalance') this.rebalance()
    else this.#tryCompleteJoin()
  }

  /** Heard of the member: its session starts again. */
  extendSession(member: CoordinatedMember, timeoutMs = member.sessionTimeoutMs): void {
    member.cancelSession?.()
    member.cancelSession = patientTimer(this.#o.clock, timeoutMs, () => {
      if (!member.isNew && (member.join !== undefined || member.sync !== undefined)) this.extendSession(member)
      else this.removeMember(member)
    })
  }

  /** Starts a rebalance unless one is being prepared, and completes it when everybody is here. */
  rebalance(): void {
    if (this.status !== 'PreparingRebalance') {
      const initial = this.status === 'Empty'
      for (const member of this.members.values()) {
        member.assignment = NO_BYTES
        if (member.sync === undefined) continue
        member.answerSync(failedSync(E.REBALANCE_IN_PROGRESS))
        this.extendSession(member)
      }
      this.#cancelSync?.()
      this.status = 'PreparingRebalance'
      const longest = Math.max(0, ...[...this.members.values()].map((member) => member.rebalanceTimeoutMs))
      const delayMs = initial ? Math.min(this.#o.initialRebalanceDelayMs, longest) : longest
      if (initial && delayMs === 0) {
        this.#completeJoin()
        return
      }
      this.#gathering = initial
      this.#cancelRebalance = patientTimer(this.#o.clock, delayMs, () => this.#completeJoin())
    }
    this.#tryCompleteJoin()
  }

  currentJoinAnswer(memberId: string): JoinAnswer {
    return {
      error: E.NONE,
      generationId: this.generationId,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leader ?? '',
      memberId,
      skipAssignment: false,
      members: memberId === this.leader ? this.#memberList() : [],
    }
  }

  /** The leader's assignment: everybody who waits for it gets its part. */
  assign(assignments: ReadonlyMap<string, Buffer>): void {
    this.#cancelSync?.()
    this.status = 'Stable'
    this.#o.save(this)
    for (const member of this.members.values()) {
      member.assignment = assignments.get(member.memberId) ?? NO_BYTES
      if (member.sync === undefined) continue
      member.answerSync({
        error: E.NONE,
        protocolType: this.protocolType,
        protocolName: this.protocolName,
        assignment: member.assignment,
      })
      this.extendSession(member)
    }
  }

  /** The first protocol of most members among those all of them have. */
  selectProtocol(): string | null {
    const votes = new Map<string, number>()
    for (const member of this.members.values()) {
      const choice = member.protocols.find(({ name }) => this.#isCommon(name))
      if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    let winner: string | null = null
    for (const [name, count] of votes) if (winner === null || count > votes.get(winner)!) winner = name
    return winner
  }

  /** Cancels every timer, and rejects whoever waits with `error`. */
  close(error: number): void {
    for (const cancel of this.pending.values()) cancel()
    this.#cancelRebalance?.()
    this.#cancelSync?.()
    for (const member of this.members.values()) {
      member.cancelSession?.()
      member.answerJoin(failedJoin(error, member.memberId))
      member.answerSync(failedSync(error))
    }
  }

  #isCommon(protocol: string): boolean {
    for (const member of this.members.values()) {
      if (!member.protocols.some((candidate) => candidate.name === protocol)) return false
    }
    return true
  }

  #memberList(): JoinAnswer['members'] {
    return [...this.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: member.metadataFor(this.protocolName ?? ''),
    }))
  }

  #forget(member: CoordinatedMember): void {
    member.cancelSession?.()
    this.members.delete(member.memberId)
    if (member.groupInstanceId !== null && this.staticMembers.get(member.groupInstanceId) === member.memberId) {
      this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.leader === member.memberId) this.leader = this.members.keys().next().value ?? null
    member.answerJoin(failedJoin(E.UNKNOWN_MEMBER_ID, ''))
    member.answerSync(failedSync(E.UNKNOWN_MEMBER_ID))
  }

  #tryCompleteJoin(): void {
    if (this.status !== 'PreparingRebalance' || this.#gathering || this.pending.size > 0) return
    for (const member of this.members.values()) if (member.join === undefined) return
    this.#completeJoin()
  }

  /** Everybody is here, or their time is over: the next generation begins. */
  #completeJoin(): void {
    this.#cancelRebalance?.()
    this.#gathering = false
    if (this.status !== 'PreparingRebalance') return
    for (const member of [...this.members.values()]) {
      if (member.join === undefined && member.groupInstanceId === null) this.#forget(member)
    }
    const joined = [...this.members.values()].find((member) => member.join !== undefined)
    if (this.members.size > 0 && joined === undefined) {
      // Only static members, and none came back: wait until one does or their sessions end.
      const longest = Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs))
      this.#cancelRebalance = patientTimer(this.#o.clock, longest, () => this.#completeJoin())
      return
    }
    this.generationId += 1
    if (joined === undefined) {
      this.status = 'Empty'
      this.protocolName = null
      this.leader = null
      this.#o.save(this)
      return
    }
    if (this.leader === null || this.members.get(this.leader)?.join === undefined) this.leader = joined.memberId
    this.protocolName = this.selectProtocol()
    this.status = 'CompletingRebalance'
    for (const member of this.members.values()) {
      member.answerJoin(this.currentJoinAnswer(member.memberId))
      member.isNew = false
      this.extendSession(member)
    }
    this.#watchSync()
  }

  /** Members that do not ask for their assignment in time are removed. */
  #watchSync(): void {
    const generationId = this.generationId
    const longest = Math.max(...[...this.members.values()].map((member) => member.rebalanceTimeoutMs))
    this.#cancelSync = patientTimer(this.#o.clock, longest, () => {
      if (this.generationId !== generationId || this.status !== 'CompletingRebalance') return
      const silent = [...this.members.values()].filter((member) => member.sync === undefined)
      for (const member of silent) this.#forget(member)
      if (silent.length > 0) this.rebalance()
    })
  }
}
