/** What a fetcher is told: how much it may hold, on which lane it asks, and who hears of errors. */
import type { MillraceError } from '../errors.js'
import type { Lane } from '../transport/transport.js'
import type { Cluster } from './cluster.js'
import type { FetchPosition } from './fetch-partition.js'
import type { FetchLimits, Isolation } from './fetch-request.js'

export interface FetcherOptions {
  readonly cluster: Cluster
  readonly isolation: Isolation
  /** Most bytes of one response. Default 8 MiB. */
  readonly maxBytes?: number
  /** Most bytes of one partition in one response. Default 1 MiB. */
  readonly partitionMaxBytes?: number
  /**
   * How long a broker holds an empty answer. Default 500 on lane "fetch", 100 on others, which a fetcher gives up again:
   * whoever uses the lane next waits behind the last long poll.
   */
  readonly maxWaitMs?: number
  /** The broker waits up to `maxWaitMs` for so many bytes. Default 1. */
  readonly minBytes?: number
  /** A partition is not asked for while this much of it waits for `poll`. Default 1 MiB. */
  readonly bufferBytes?: number
  /** Nothing is asked for while this much waits for `poll` in all, whatever the number of partitions. Default 64 MiB. */
  readonly maxArrivedBytes?: number
  /** Default "fetch". Two fetchers of one cluster need two lanes, or each waits behind the other's long poll. */
  readonly lane?: Lane
  /**
   * The partition named in the error is not fetched any more, until `seek` or `remove`:
   * CLIENT_OFFSET_OUT_OF_RANGE (never reset silently), CLIENT_LOG_TRUNCATED (KIP-320), CLIENT_TOPIC_MISSING,
   * CLIENT_AUTHORIZATION, PROTOCOL_*.
   * Default: `poll` throws it.
   */
  readonly onError?: (error: MillraceError) => void
  /** Asked before `onError`. True: somebody else sees to it. */
  readonly isHandled?: (error: MillraceError) => boolean
  /** A partition is asked for again after `error`, as it has been for a second or more: with each attempt. */
  readonly onRetry?: (error: MillraceError, at: FetchPosition) => void
}

/** With the defaults. */
export interface FetcherSettings {
  readonly limits: FetchLimits
  readonly bufferBytes: number
  readonly maxArrivedBytes: number
  readonly lane: Lane
  /** For what is not in the long poll in progress; null: there is none. */
  readonly promptLane: Lane | null
  readonly onRetry: NonNullable<FetcherOptions['onRetry']>
}

export function fetcherSettings(options: FetcherOptions): FetcherSettings {
  const lane = options.lane ?? 'fetch'
  return {
    limits: {
      isolation: options.isolation,
      maxBytes: options.maxBytes ?? 8 << 20,
      partitionMaxBytes: options.partitionMaxBytes ?? 1 << 20,
      maxWaitMs: options.maxWaitMs ?? (lane === 'fetch' ? 500 : 100),
      minBytes: options.minBytes ?? 1,
    },
    bufferBytes: options.bufferBytes ?? 1 << 20,
    maxArrivedBytes: options.maxArrivedBytes ?? 64 << 20,
    lane,
    promptLane: lane === 'fetch' ? 'fetch-prompt' : null,
    onRetry: options.onRetry ?? (() => undefined),
  }
}
