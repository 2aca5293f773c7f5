/**
 * Heartbeats over a cluster: one at a time, until the generation or the session ends. It also checks that the
 * processing loop makes progress. It runs on the main thread or on a thread of its own.
 */
import { MillraceError } from '../../errors.js'
import { heartbeatApi } from '../../protocol/api/heartbeat.js'
import { leaveGroupApi } from '../../protocol/api/leave-group.js'
import { KAFKA_ERROR } from '../../protocol/error-codes.js'
import type { Cancel, Clock } from '../../record/clock.js'
import { brokerError, isCoordinatorMoved } from '../broker-error.js'
import { isTransportError } from '../broker-link.js'
import type { Cluster } from '../cluster.js'
import type { Target } from '../cluster-options.js'
import type { GroupIdentity } from '../commit.js'
import type { HeartbeatEvents, HeartbeatSettings, Heartbeats } from './heartbeats.js'
import type { ProgressView } from './progress.js'

export interface HeartbeatLoopOptions extends HeartbeatSettings {
  readonly cluster: Cluster
  readonly clock: Clock
  readonly events: HeartbeatEvents
  /** Null: nobody watches the loop. */
  readonly progress: ProgressView | null
  /** True where the connection is not the one a join waits on. */
  readonly goesOnWhileJoining: boolean
}

const RETRY_MS = 200
const COORDINATOR_MOVED_MS = 20
const LEAST_ANSWER_MS = 1_000

export class HeartbeatLoop implements Heartbeats {
  readonly #options: HeartbeatLoopOptions
  readonly #target: Target
  #identity: GroupIdentity | null = null
  #reports = false
  #cancelHeartbeat: Cancel = () => undefined
  #cancelWatch: Cancel = () => undefined
  #aliveMs = 0
  #turns = -1
  #turnedMs = 0
  #watchDueMs = 0

  constructor(options: HeartbeatLoopOptions) {
    this.#options = options
    this.#target = { coordinator: 'group', key: options.groupId }
  }

  start(identity: GroupIdentity): void {
    this.stop()
    this.#identity = identity
    this.#reports = true
    this.#aliveMs = this.#options.clock.monotonicMs()
    this.#schedule(identity, this.#options.heartbeatIntervalMs)
    if (this.#options.progress !== null) {
      this.#turnedMs = this.#aliveMs
      this.#turns = this.#options.progress.turns
      this.#watch(identity, this.#options.progress)
    }
  }

  joining(): void {
    this.#reports = false
    if (!this.#options.goesOnWhileJoining) this.stop()
  }

  stop(): void {
    this.#identity = null
    this.#cancelHeartbeat()
    this.#cancelWatch()
  }

  async close(): Promise<void> {
    this.stop()
  }

  #schedule(identity: GroupIdentity, delayMs: number): void {
    this.#cancelHeartbeat()
    this.#cancelHeartbeat = this.#options.clock.setTimer(delayMs, () => {
      void this.#beat(identity)
    })
  }

  async #beat(identity: GroupIdentity): Promise<void> {
    const { cluster, clock, heartbeatIntervalMs, sessionTimeoutMs } = this.#options
    const { groupId, memberId, generationId, groupInstanceId } = identity
    let delayMs = heartbeatIntervalMs
    try {
      const { errorCode } = await cluster.request(
        heartbeatApi,
        { groupId, generationId, memberId, groupInstanceId },
        this.#target,
        { lane: 'group', timeoutMs: Math.min(sessionTimeoutMs, Math.max(LEAST_ANSWER_MS, 2 * heartbeatIntervalMs)) },
      )
      if (this.#identity !== identity) return
      if (errorCode === 0 || errorCode === KAFKA_ERROR.REBALANCE_IN_PROGRESS) this.#aliveMs = clock.monotonicMs()
      if (errorCode !== 0 && !this.#refused(errorCode)) return
      if (isCoordinatorMoved(errorCode)) delayMs = COORDINATOR_MOVED_MS
    } catch (error) {
      if (this.#identity !== identity) return
      if (!mayPass(error)) {
        this.#lost(error instanceof MillraceError ? error : this.#sessionEnded())
        return
      }
      delayMs = Math.min(heartbeatIntervalMs, RETRY_MS)
    }
    if (this.#identity !== identity) return
    if (clock.monotonicMs() - this.#aliveMs > sessionTimeoutMs) this.#lost(this.#sessionEnded())
    else this.#schedule(identity, delayMs)
  }

  /** Reports the code. False if it ends the generation. */
  #refused(kafkaCode: number): boolean {
    const { cluster, events, groupId } = this.#options
    cluster.noteError(kafkaCode, this.#target)
    const goesOn =
      kafkaCode === KAFKA_ERROR.REBALANCE_IN_PROGRESS ||
      brokerError(kafkaCode, 'Heartbeat', `group "${groupId}"`).remedy === 'repeat'
    if (!goesOn) this.stop()
    if (this.#reports) events.onRefused(kafkaCode)
    return goesOn
  }

  /** Looks at least once per heartbeat interval whether the loop has come round. */
  #watch(identity: GroupIdentity, progress: ProgressView): void {
    const { clock, heartbeatIntervalMs, maxPollIntervalMs } = this.#options
    const everyMs = Math.min(heartbeatIntervalMs, maxPollIntervalMs / 3)
    this.#watchDueMs = clock.monotonicMs() + everyMs
    this.#cancelWatch = clock.setTimer(everyMs, () => {
      const nowMs = clock.monotonicMs()
      // This thread stood still as well, with the loop or with the machine: the loop gets its turn first.
      const stoodStill = nowMs - this.#watchDueMs > maxPollIntervalMs / 2
      const { turns } = progress
      if (turns !== this.#turns || stoodStill) {
        this.#turns = turns
        this.#turnedMs = nowMs
      }
      if (nowMs - this.#turnedMs >= maxPollIntervalMs) this.#leave(identity, progress)
      else this.#watch(identity, progress)
    })
  }

  /** As Kafka's heartbeat thread does: a dynamic member leaves, a static one falls silent until its session ends. */
  #leave(identity: GroupIdentity, progress: ProgressView): void {
    const { cluster, events, sessionTimeoutMs, maxPollIntervalMs } = this.#options
    this.stop()
    // Also while a join is in progress: others may run our tasks before it ends.
    events.onLost(pollIntervalExceeded(identity.groupId, maxPollIntervalMs, progress))
    const { groupId, memberId, groupInstanceId } = identity
    if (groupInstanceId !== null) return
    const member = {
      memberId,
      groupInstanceId,
      reason: 'its processing loop was busy for longer than maxPollIntervalMs',
    }
    cluster
      .request(
        leaveGroupApi,
        (version) => (version >= 3 ? { groupId, members: [member] } : { groupId, memberId }),
        this.#target,
        { lane: 'admin', timeoutMs: sessionTimeoutMs },
      )
      // The session timeout does the same, only later.
      .catch(() => undefined)
  }

  #lost(error: MillraceError): void {
    this.stop()
    if (this.#reports) this.#options.events.onLost(error)
  }

  #sessionEnded(): MillraceError {
    const { groupId, sessionTimeoutMs } = this.#options
    return new MillraceError(
      'GROUP_STALE_GENERATION',
      `The coordinator of group "${groupId}" was not reached for ${sessionTimeoutMs} ms, so other members may have the partitions.`,
    )
  }
}

/** No connection is no reason yet, not even one rejected for credentials that expired while nobody could renew them. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof MillraceError)) return false
  return error.retriable || error.code === 'CLIENT_UNREACHABLE' || isTransportError(error)
}

function pollIntervalExceeded(groupId: string, maxPollIntervalMs: number, progress: ProgressView): MillraceError {
  const where = progress.where()
  const at = where === null ? 'no record is being processed' : `it is ${describe(where)}`
  return new MillraceError(
    'GROUP_POLL_INTERVAL',
    `The processing loop has been busy for ${maxPollIntervalMs} ms (maxPollIntervalMs), ${at}: the member leaves group "${groupId}", and other members take its tasks.`,
    where ?? {},
  )
}

function describe({ taskId, topic, partition, offset, node }: NonNullable<ReturnType<ProgressView['where']>>): string {
  const record = offset === undefined ? 'busy' : `at offset ${offset} of ${topic}-${partition}`
  return `${record} in task ${taskId}${node === undefined ? '' : `, node ${node}`}`
}
