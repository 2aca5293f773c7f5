/** One member of a group, and the responses that wait for it. */
import type { Cancel } from '../../record/clock.js'

export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinRequest {
  readonly groupId: string
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly GroupProtocol[]
  readonly clientId: string
  readonly clientHost: string
  /** JoinGroup v4 and later: a member without an id is told one first (KIP-394). */
  readonly requiresKnownMemberId: boolean
  /** JoinGroup v9 and later (KIP-814). */
  readonly canSkipAssignment: boolean
}

export interface JoinAnswer {
  readonly error: number
  readonly generationId: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly memberId: string
  readonly skipAssignment: boolean
  /** Empty for everybody but the leader. */
  readonly members: readonly { memberId: string; groupInstanceId: string | null; metadata: Buffer }[]
}

export interface SyncAnswer {
  readonly error: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Buffer
}

export const NO_BYTES: Buffer = Buffer.alloc(0)

export class CoordinatedMember {
  memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  protocols: readonly GroupProtocol[]
  assignment: Buffer = NO_BYTES
  /** Until its first rebalance is over it is expected to be silent. */
  isNew = true
  join: ((answer: JoinAnswer) => void) | undefined
  sync: ((answer: SyncAnswer) => void) | undefined
  cancelSession: Cancel | undefined

  constructor(o: {
    memberId: string
    groupInstanceId: string | null
    clientId: string
    clientHost: string
    sessionTimeoutMs: number
    rebalanceTimeoutMs: number
    protocols: readonly GroupProtocol[]
  }) {
    this.memberId = o.memberId
    this.groupInstanceId = o.groupInstanceId
    this.clientId = o.clientId
    this.clientHost = o.clientHost
    this.sessionTimeoutMs = o.sessionTimeoutMs
    this.rebalanceTimeoutMs = o.rebalanceTimeoutMs
    this.protocols = o.protocols
  }

  answerJoin(answer: JoinAnswer): void {
    const waiting = this.join
    this.join = undefined
    waiting?.(answer)
  }

  answerSync(answer: SyncAnswer): void {
    const waiting = this.sync
    this.sync = undefined
    waiting?.(answer)
  }

  metadataFor(protocol: string): Buffer {
    return this.protocols.find((candidate) => candidate.name === protocol)?.metadata ?? NO_BYTES
  }

  /** Whether it brings the same protocols, in the same order, with the same bytes. */
  hasProtocols(protocols: readonly GroupProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every((p, i) => p.name === this.protocols[i]!.name && p.metadata.equals(this.protocols[i]!.metadata))
    )
  }
}

export function failedJoin(error: number, memberId: string): JoinAnswer {
  return {
    error,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    memberId,
    skipAssignment: false,
    members: [],
  }
}

export function failedSync(error: number): SyncAnswer {
  return { error, protocolType: null, protocolName: null, assignment: NO_BYTES }
}
