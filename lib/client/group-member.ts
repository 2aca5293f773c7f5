/**
 * A member of a classic consumer group with our own assignor: joins, sends heartbeats, and detects a new generation.
 */
import { MillraceError } from '../errors.js'
import { leaveGroupApi } from '../protocol/api/leave-group.js'
import { KAFKA_ERROR } from '../protocol/error-codes.js'
import type { Cancel, Clock } from '../record/clock.js'
import type { TopicPartition } from '../record/record.js'
import { brokerError, mayRepeat, remedyOf } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { Target } from './cluster-options.js'
import type { GroupIdentity, OffsetToCommit } from './commit.js'
import { type CommittedOffset, type CommittedOffsetsOptions, commitOffsets, committedOffsets } from './group-offsets.js'
import { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'
import type { Heartbeats, MakeHeartbeats } from './heartbeat/heartbeats.js'
import { InstanceFence } from './instance-fence.js'
import { type Assign, JoinRejected, type JoinRound, joinRound, type MemberSubscription } from './join-round.js'
import { growingPauseMs } from './retry.js'

export type { JoinedMember, MemberAssignment } from './join-round.js'
export type { Assign, CommittedOffset, MemberSubscription }

export interface GroupMemberOptions {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly groupId: string
  /** Static membership (KIP-345): a restarted process gets its partitions back without a rebalance. Null: dynamic. */
  readonly groupInstanceId: string | null
  /**
   * True where no other process can have the instance id, because what it stands for is locked: a fence is then first taken for
   * a late request of this process. Default: a fence is another process.
   */
  readonly ownsInstanceId?: boolean
  /** Without a heartbeat for this long the coordinator gives the member up. */
  readonly sessionTimeoutMs: number
  /** How long a rebalance waits for members that still work. */
  readonly rebalanceTimeoutMs: number
  /** At most a third of the session timeout. */
  readonly heartbeatIntervalMs: number
  /** Default: heartbeats on this thread, over `cluster`, which stand still while user code does not return. */
  readonly makeHeartbeats?: MakeHeartbeats
  /** Default: nobody watches whether the loop comes round. */
  readonly maxPollIntervalMs?: number
  /** Name of the assignor; all members of the group share one. */
  readonly protocolName: string
  /** Asked again at every join. */
  readonly subscription: () => MemberSubscription
  readonly assign: Assign
}

export interface Assignment {
  readonly identity: GroupIdentity
  readonly partitions: readonly TopicPartition[]
  readonly userData: Buffer
  readonly isLeader: boolean
}

const FIRST_PAUSE_MS = 20
const MAX_PAUSE_MS = 1_000
/** Leaving is a courtesy: it is not waited for longer than this. */
const LEAVE_MS = 3_000

export class GroupMember {
  /** The group wants to rebalance: finish what is in progress, then `join` again. Once per generation. */
  onRebalanceNeeded: () => void = () => undefined
  /**
   * The coordinator no longer counts on us, others may have our partitions: GROUP_STALE_GENERATION (join again),
   * GROUP_POLL_INTERVAL (the same, because our own loop did not come round), GROUP_INSTANCE_FENCED (another process uses our
   * instance id: stop), CLIENT_AUTHORIZATION.
   */
  onLost: (error: MillraceError) => void = () => undefined
  readonly #options: GroupMemberOptions
  readonly #round: JoinRound
  readonly #target: Target
  #memberId = ''
  #generationId = -1
  #rejoinReason = 'first join'
  #joining: Promise<Assignment> | null = null
  readonly #heartbeats: Heartbeats
  readonly #fence: InstanceFence | null
  #told = false
  #closed = false
  #goodbye: Promise<void> | null = null

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#round = options
    this.#target = { coordinator: 'group', key: options.groupId }
    this.#fence = options.ownsInstanceId === true ? new InstanceFence(options.sessionTimeoutMs) : null
    const { cluster, clock, maxPollIntervalMs = Number.POSITIVE_INFINITY } = options
    const make: MakeHeartbeats =
      options.makeHeartbeats ??
      ((settings, events) =>
        new HeartbeatLoop({ ...settings, cluster, clock, events, progress: null, goesOnWhileJoining: false }))
    this.#heartbeats = make(
      { ...options, maxPollIntervalMs },
      { onRefused: (code) => this.#heartbeatRefused(code), onLost: (error) => this.#lost(error) },
    )
  }

  /** Its place stays when it falls silent, until its session ends. */
  get isStatic(): boolean {
    return this.#options.groupInstanceId !== null
  }

  identity(): GroupIdentity {
    const { groupId, groupInstanceId } = this.#options
    return { groupId, memberId: this.#memberId, generationId: this.#generationId, groupInstanceId }
  }

  /**
   * Joins, or joins again, and waits until the group has agreed: as long as the rebalance takes. Heartbeats run from
   * then on. Goes on through lost connections and moving coordinators.
   * @throws GROUP_INSTANCE_FENCED, CLIENT_AUTHORIZATION, CLIENT_REQUEST_FAILED (e.g. another assignor), CLIENT_CLOSED
   */
  join(): Promise<Assignment> {
    this.#joining ??= this.#joinNow().finally(() => {
      this.#joining = null
    })
    return this.#joining
  }

  /** Asks the group for a rebalance, e.g. because what `subscription` says has changed. */
  requestRejoin(reason: string): void {
    this.#rejoinReason = reason
    this.#tellRebalance()
  }

  committedOffsets(
    partitions: readonly TopicPartition[],
    options: CommittedOffsetsOptions = { requireStable: true },
  ): Promise<CommittedOffset[]> {
    return committedOffsets(this.#options.cluster, this.#options.groupId, partitions, options)
  }

  /** Outside transactions. GROUP_STALE_GENERATION, GROUP_INSTANCE_FENCED. */
  commitOffsets(offsets: readonly OffsetToCommit[], identity: GroupIdentity = this.identity()): Promise<void> {
    return commitOffsets(this.#options.cluster, offsets, identity)
  }

  /**
   * Stops heartbeats and says goodbye, so that others take over at once. A static member stays a member until its
   * session ends, so that it finds its partitions again after a restart, unless `evenIfStatic`. Takes 3 s at most.
   */
  async leave(options: { readonly evenIfStatic?: boolean } = {}): Promise<void> {
    this.#closed = true
    const stopped = this.#heartbeats.close()
    if (!this.isStatic || options.evenIfStatic === true) this.#goodbye ??= this.#sayGoodbye()
    await this.#goodbye
    await stopped
  }

  /** Stops heartbeats without a word, whatever state it is in. */
  async abandon(): Promise<void> {
    this.#closed = true
    await this.#heartbeats.close()
  }

  async #sayGoodbye(): Promise<void> {
    const { groupId, groupInstanceId, cluster } = this.#options
    // A join in progress may have made it a member whose id it has not heard: its instance id names it, too.
    if (this.#memberId === '' && (groupInstanceId === null || this.#joining === null)) return
    const memberId = this.#memberId
    this.#forgetMembership()
    const left = cluster
      .request(
        leaveGroupApi,
        (version) =>
          version >= 3
            ? { groupId, members: [{ memberId, groupInstanceId, reason: 'the member is closing' }] }
            : { groupId, memberId },
        this.#target,
        { lane: 'admin', timeoutMs: LEAVE_MS },
      )
      // The session timeout does the same, only later.
      .catch(() => undefined)
    let cancel: Cancel = () => undefined
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.setTimer(LEAVE_MS, resolve)
    })
    await Promise.race([left, late])
    cancel()
  }

  async #joinNow(): Promise<Assignment> {
    this.#heartbeats.joining()
    const { cluster } = this.#options
    let pauses = 0
    let named = false
    for (;;) {
      if (this.#closed)
        throw new MillraceError('CLIENT_CLOSED', 'The member did not join the group, because it was closed.')
      try {
        const joined = await joinRound(this.#round, this.#memberId, this.#rejoinReason)
        if (this.#closed) continue
        this.#memberId = joined.memberId
        this.#generationId = joined.generationId
        this.#told = false
        this.#rejoinReason = 'the group is rebalancing'
        this.#heartbeats.start(this.identity())
        const { partitions, userData, isLeader } = joined
        return { identity: this.identity(), partitions, userData, isLeader }
      } catch (error) {
        if (this.#memberId === '' && !(error instanceof JoinRejected)) this.#fence?.joinUnanswered()
        if (!this.#mayRetryJoin(error)) throw error instanceof JoinRejected ? error.cause : error
        // The coordinator only wanted us to know our name first (KIP-394): nothing has failed, once.
        const newlyNamed: boolean = isMemberIdRequired(error) && !named
        named ||= newlyNamed
        if (newlyNamed) continue
      }
      await cluster.pause(growingPauseMs(cluster.random, pauses++, FIRST_PAUSE_MS, MAX_PAUSE_MS))
    }
  }

  /** Takes from the error who to be next time, and whether there is one. */
  #mayRetryJoin(error: unknown): boolean {
    if (!(error instanceof JoinRejected)) return mayRepeat(error)
    const { cause, memberId } = error
    const code = cause.kafkaCode
    this.#options.cluster.noteError(code, this.#target)
    switch (code) {
      case KAFKA_ERROR.MEMBER_ID_REQUIRED:
        this.#memberId = memberId
        return true
      case KAFKA_ERROR.REBALANCE_IN_PROGRESS:
      case KAFKA_ERROR.ILLEGAL_GENERATION:
        if (memberId !== '') this.#memberId = memberId
        return true
      case KAFKA_ERROR.FENCED_INSTANCE_ID:
        return this.#takesPlaceBack()
      default:
        if (remedyOf(cause) !== 'rejoin') return mayRepeat(cause)
        this.#forgetMembership()
        return true
    }
  }

  /** Fenced. False: by another process. */
  #takesPlaceBack(): boolean {
    if (this.#fence?.mayBeOwn(this.#options.clock.monotonicMs()) !== true) return false
    this.#forgetMembership()
    this.#rejoinReason = 'a delayed request of the same process replaced it'
    return true
  }

  #forgetMembership(): void {
    this.#memberId = ''
    this.#generationId = -1
  }

  #heartbeatRefused(code: number): void {
    this.#options.cluster.noteError(code, this.#target)
    switch (code) {
      case KAFKA_ERROR.REBALANCE_IN_PROGRESS:
      case KAFKA_ERROR.ILLEGAL_GENERATION:
        this.#tellRebalance()
        return
    }
    const error = brokerError(code, 'Heartbeat', `group "${this.#options.groupId}"`)
    if (error.remedy === 'repeat') return
    if (code === KAFKA_ERROR.FENCED_INSTANCE_ID && this.#takesPlaceBack()) {
      const { groupId, groupInstanceId } = this.#options
      const what = `Another member joined group "${groupId}" with instance id "${groupInstanceId}"`
      this.#lost(
        new MillraceError(
          'GROUP_STALE_GENERATION',
          `${what}. It may be a delayed request of this process; join again.`,
        ),
      )
      return
    }
    if (error.remedy === 'rejoin') this.#forgetMembership()
    this.#lost(error)
  }

  #tellRebalance(): void {
    if (this.#told || this.#closed) return
    this.#told = true
    this.onRebalanceNeeded()
  }

  #lost(error: MillraceError): void {
    // It has left the group, or will have by the end of its session.
    if (error.code === 'GROUP_POLL_INTERVAL') this.#forgetMembership()
    this.onLost(error)
  }
}

function isMemberIdRequired(error: unknown): boolean {
  return error instanceof JoinRejected && error.cause.kafkaCode === KAFKA_ERROR.MEMBER_ID_REQUIRED
}
