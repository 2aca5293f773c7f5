/** The objects that every request handler uses. */
import type { Clock } from '../record/clock.js'
import type { Random } from '../record/random.js'
import type { GroupCoordinator } from './group/group-coordinator.js'
import type { GroupOffsets } from './group/offsets.js'
import type { BrokerSettings } from './settings.js'
import type { BrokerStorage } from './storage/storage.js'
import type { Topics } from './topics.js'
import type { TransactionCoordinator } from './transaction/transaction-coordinator.js'

export interface BrokerCore {
  readonly clock: Clock
  readonly random: Random
  readonly settings: BrokerSettings
  readonly storage: BrokerStorage
  readonly nodeId: number
  /** Where clients reach this broker. The port is known once it listens. */
  advertised: { readonly host: string; readonly port: number }
  /** 22 characters of URL-safe base64. */
  readonly clusterId: string
  readonly topics: Topics
  readonly offsets: GroupOffsets
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
}

/** Where a request came from. */
export interface RequestContext {
  readonly version: number
  readonly clientId: string
  readonly clientHost: string
  /** Registers what ends a wait when the connection closes; the result takes it back. */
  onClose(release: () => void): () => void
}
