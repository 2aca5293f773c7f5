/** The interface of a fault. */
import type { KafkaCluster } from '../../kafka/cluster.js'
import type { Round } from '../round.js'

/** What a fault may need of where it is made. */
export interface Place {
  /** Null where the broker is somebody else's. */
  readonly kafka: KafkaCluster | null
  readonly isRoot: boolean
}

export interface Fault {
  readonly name: string
  /** Instances at the beginning; default two. */
  readonly instances?: number
  /** Events a second instead of `--rate`. */
  readonly perSecond?: number
  /** The instances reach the brokers through proxies. */
  readonly proxied?: boolean
  /** Nobody may be thrown out of the group by it. */
  readonly quiet?: boolean
  /** No node is killed meanwhile. */
  readonly hurtsBrokers?: boolean
  /** A measurement, made only where it is named. */
  readonly onlyNamed?: boolean
  /** Why it cannot be made here, or null. */
  readonly missing?: (place: Place) => string | null
  /** Before the instances start. */
  readonly prepare?: (round: Round) => Promise<void>
  /** Says what was done and seen. @throws ChaosFailure, ChaosSkipped */
  make(round: Round): Promise<string>
}
