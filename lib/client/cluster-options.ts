/** What a client of a cluster is made of, and how it is told where a request goes. */
import type { Clock } from '../record/clock.js'
import type { Random } from '../record/random.js'
import type { TopicPartition } from '../record/record.js'
import type { BrokerAddress, PortableTransport, Transport } from '../transport/transport.js'

export interface ClusterOptions {
  /** Closed with the cluster. */
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  /** Asked for the rest of the cluster; at least one. */
  readonly bootstrap: readonly BrokerAddress[]
  /** How long one request may take, and how long retries continue. Default 30000. */
  readonly requestTimeoutMs?: number
  /** First pause before a retry, doubled up to 1000. Default 20. */
  readonly retryBackoffMs?: number
  /** Brokers and leaders are asked for again after this time even without an error. Default 300000. */
  readonly metadataMaxAgeMs?: number
}

/** What another thread needs to make a cluster like this one. */
export interface PortableCluster {
  readonly transport: PortableTransport
  readonly bootstrap: readonly BrokerAddress[]
  readonly requestTimeoutMs: number
  readonly retryBackoffMs: number
}

export type CoordinatorType = 'group' | 'transaction'

/** Who should get a request. */
export type Target =
  | { readonly leaderOf: TopicPartition }
  | { readonly coordinator: CoordinatorType; readonly key: string }
  | { readonly node: number }
  | { readonly controller: true }
  | { readonly any: true }
