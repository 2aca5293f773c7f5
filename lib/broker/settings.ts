/** The settings of a broker, with their defaults. Times are in milliseconds. */

export interface BrokerSettings {
  /** Whether Metadata creates a topic that is not there. Default false. */
  readonly autoCreateTopics: boolean
  /** Partitions of a topic created without a count. Default 1. */
  readonly defaultPartitions: number
  /** Bounds of a group member's session timeout. Default 1,000 and 1,800,000. */
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** How long a new group waits for more members. Default 0. */
  readonly initialRebalanceDelayMs: number
  /** Default 900,000. */
  readonly maxTransactionTimeoutMs: number
  /** How often open transactions are looked at for their timeout. Default 1,000. */
  readonly transactionCheckIntervalMs: number
  /**
   * Longest delay of a transaction marker. 0 (the default) writes all markers before EndTxn is answered; more writes
   * each one after a random delay up to this, as separate events, while the transaction stays "prepared".
   */
  readonly markerDelayMs: number
  /** How often retention is applied. Default 300,000. */
  readonly retentionCheckIntervalMs: number
  /** How often compacted topics are looked at. Default 15,000. */
  readonly compactionIntervalMs: number
  /** The active segment of a compacted topic is closed for compaction from this size on. Default 4 MiB. */
  readonly compactionRollBytes: number
  /** After this long without a write a producer's sequence state is forgotten. Default 86,400,000. */
  readonly producerIdExpirationMs: number
  /** Longest offset metadata in characters. Default 4,096. */
  readonly maxOffsetMetadataLength: number
}

export const DEFAULT_SETTINGS: BrokerSettings = {
  autoCreateTopics: false,
  defaultPartitions: 1,
  minSessionTimeoutMs: 1_000,
  maxSessionTimeoutMs: 1_800_000,
  initialRebalanceDelayMs: 0,
  maxTransactionTimeoutMs: 900_000,
  transactionCheckIntervalMs: 1_000,
  markerDelayMs: 0,
  retentionCheckIntervalMs: 300_000,
  compactionIntervalMs: 15_000,
  compactionRollBytes: 4 * 1024 * 1024,
  producerIdExpirationMs: 86_400_000,
  maxOffsetMetadataLength: 4_096,
}
