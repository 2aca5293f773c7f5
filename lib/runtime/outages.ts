/** Logs when brokers stop answering and when they answer again. */
import type { Cluster } from '../client/cluster.js'
import type { Log } from '../telemetry/log.js'

export function tellOutages({ reachability }: Pick<Cluster, 'reachability'>, log: Log): void {
  reachability.onOutage = (cause) => {
    log.warn({ cause: cause instanceof Error ? cause.message : String(cause) }, 'no broker answers')
  }
  reachability.onRecovery = (outageMs) => {
    log.info({ outageMs: Math.round(outageMs) }, 'the brokers answer again')
  }
}
