/** Makes the fetchers of an instance: one lane each, committed records only, and a word in the log for each partition that is retried. */
import type { Cluster } from '../client/cluster.js'
import type { FetchPosition } from '../client/fetch-partition.js'
import { Fetcher } from '../client/fetcher.js'
import type { StreamsConfig } from '../config.js'
import type { MillraceError } from '../errors.js'
import type { Lane } from '../transport/transport.js'
import type { MakeFetcher } from './restore/restore.js'

export function fetchers(
  { config, cluster }: { readonly config: Pick<StreamsConfig, 'log' | 'fetchMinBytes'>; readonly cluster: Cluster },
  lane: Lane,
  maxWaitMs: number,
  isHandled: (error: MillraceError) => boolean = () => false,
): MakeFetcher {
  const onRetry = ({ code, message }: MillraceError, at: FetchPosition) =>
    config.log.warn({ ...at, code, cause: message }, 'a partition cannot be read; it is retried')
  // What is restored, and what is read for all tasks, waits for nothing.
  const minBytes = lane === 'fetch' ? config.fetchMinBytes : 1
  return (onArrival) => {
    const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', lane, maxWaitMs, minBytes, isHandled, onRetry })
    fetcher.onArrival = onArrival
    return fetcher
  }
}
