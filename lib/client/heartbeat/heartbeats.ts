/** The port for the heartbeats of one membership and their results. */
import type { MillraceError } from '../../errors.js'
import type { GroupIdentity } from '../commit.js'

export interface HeartbeatSettings {
  readonly groupId: string
  readonly groupInstanceId: string | null
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** The member leaves the group if its loop does not come round for this long (Kafka's `max.poll.interval.ms`). */
  readonly maxPollIntervalMs: number
}

/** Called about the identity last given to `start`; while a join is in progress only with GROUP_POLL_INTERVAL. */
export interface HeartbeatEvents {
  /** An error code of the coordinator. After codes that end the generation no further heartbeat is sent. */
  onRefused(kafkaCode: number): void
  /**
   * No further heartbeat is sent: GROUP_STALE_GENERATION (the coordinator was not reached within the session),
   * GROUP_POLL_INTERVAL (the loop did not come round; names the current record), CLIENT_AUTHORIZATION and the like.
   */
  onLost(error: MillraceError): void
}

export interface Heartbeats {
  /** Sends heartbeats for `identity` from now on, in place of those before. */
  start(identity: GroupIdentity): void
  /**
   * A join is in progress, and nothing is reported until the next `start`. Heartbeats of the old generation continue where they do
   * not wait behind the join on its connection.
   */
  joining(): void
  stop(): void
  /** Stops permanently and frees what it holds. */
  close(): Promise<void>
}

export type MakeHeartbeats = (settings: HeartbeatSettings, events: HeartbeatEvents) => Heartbeats
