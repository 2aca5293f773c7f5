/** The messages between the main thread and the heartbeat thread. Each group member has a channel. */
import type { ErrorCode, ErrorDetails } from '../../../errors.js'
import type { PortableCluster } from '../../cluster-options.js'
import type { GroupIdentity } from '../../commit.js'
import type { HeartbeatSettings } from '../heartbeats.js'
import type { ProgressNames, RecordPlace } from '../progress.js'

export interface OpenChannel {
  readonly settings: HeartbeatSettings
  readonly cluster: Omit<PortableCluster, 'transport'>
  readonly transport: Omit<PortableCluster['transport'], 'providers'>
  /** Providers of secrets, with what they answered last where they have. */
  readonly providers: Readonly<Record<string, unknown>>
  readonly progress: { readonly memory: SharedArrayBuffer; readonly names: ProgressNames } | null
}

export type ToHeartbeats = { readonly channel: number } & (
  | { readonly kind: 'open'; readonly open: OpenChannel }
  | {
      readonly kind: 'name'
      readonly of: 'place' | 'node'
      readonly index: number
      readonly name: RecordPlace | string
    }
  /** Later messages of this channel bear `epoch`. */
  | { readonly kind: 'start'; readonly epoch: number; readonly identity: GroupIdentity }
  | { readonly kind: 'joining'; readonly epoch: number }
  | { readonly kind: 'stop'; readonly epoch: number }
  /** `value` undefined: the provider failed. */
  | { readonly kind: 'provided'; readonly provider: string; readonly value: unknown }
  /** This thread has heard why the member was lost, and says so itself. */
  | { readonly kind: 'heard' }
  | { readonly kind: 'close' }
)

export type FromHeartbeats = { readonly channel: number } & (
  | { readonly kind: 'refused'; readonly epoch: number; readonly kafkaCode: number }
  | {
      readonly kind: 'lost'
      readonly epoch: number
      readonly code: ErrorCode
      readonly message: string
      readonly details: ErrorDetails
    }
  | { readonly kind: 'ask'; readonly provider: string }
  /** The channel cannot be opened there, e.g. because a package is missing. */
  | { readonly kind: 'failed'; readonly message: string }
)
