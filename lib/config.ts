/** The configuration of one application: checked once and frozen. */
import { checkConfig, invalid } from './config/checks.js'
import { MillraceError } from './errors.js'
import { type Clock, systemClock } from './record/clock.js'
import type { FailureHandler, ProcessingFailureHandler, UncaughtHandler } from './record/failure.js'
import { kindOf } from './record/kind-of.js'
import type { OffsetReset } from './record/offset-reset.js'
import { type Random, systemRandom } from './record/random.js'
import type { EngineName } from './state/engine/index.js'
import type { Log } from './telemetry/log.js'
import { stderrLog } from './telemetry/stderr-log.js'

/**
 * `exactlyOnce`: outputs, state changes and offsets are committed in one transaction. `atLeastOnce`: they are written in
 * this order without a transaction, so a record that is processed again after a failure is written again.
 */
export type ProcessingGuarantee = 'exactlyOnce' | 'atLeastOnce'

/**
 * The options of an application, with all defaults filled in. Times are milliseconds, sizes bytes, whole numbers both. In
 * brackets: the option of Kafka Streams or of Kafka's clients.
 */
export interface StreamsConfig {
  /**
   * The group id, and the prefix of internal topics and transactional ids: 1 to 200 letters, digits, dots, dashes and
   * underscores [application.id].
   */
  readonly applicationId: string
  /** Folder for local state. Default null: state is in memory and is restored from the changelogs at each start [state.dir]. */
  readonly stateDir: string | null
  /** Default `exactlyOnce` [processing.guarantee]. */
  readonly processingGuarantee: ProcessingGuarantee
  /** Maximum age of uncommitted work. Default 100 [commit.interval.ms]. With `exactlyOnce` less than `transactionTimeoutMs`. */
  readonly commitIntervalMs: number
  /** Maximum age of uncommitted output, unless the broker takes longer to commit. Default 20; at most `commitIntervalMs`. */
  readonly commitLatencyMs: number
  /**
   * Default true: with no input left, output is committed at once. False: also then it is committed only as old as `commitLatencyMs`, which
   * makes fewer and larger transactions of input that comes slowly.
   */
  readonly commitWhenDrained: boolean
  /** The instance commits early when this much output is pending. Default 16 MiB. */
  readonly commitBytes: number
  /** Record cache of the instance. Default 10 MiB; 0 forwards every update at once [statestore.cache.max.bytes]. */
  readonly cacheMaxBytes: number
  /** Storage engine of the tasks under `stateDir`. Default `level`; `rocksdb` needs the optional peer `@nxtedition/rocksdb`. */
  readonly stateEngine: EngineName
  /**
   * Memory for state, divided among the tasks of the instance. The engine and the cache of decoded values may each use this
   * much. Default 128 MiB, at least 1 MiB.
   */
  readonly stateBudgetBytes: number
  /**
   * How long the state of a task that has moved to another instance stays on disk. Default 600000; 0 keeps it forever
   * [state.cleanup.delay.ms].
   */
  readonly stateCleanupDelayMs: number
  /**
   * How a task waits for an empty partition. -1: never. 0 (default): only if the broker has more of its records. More: as 0,
   * and then up to this long for new ones [max.task.idle.ms, KIP-695].
   */
  readonly maxTaskIdleMs: number
  /**
   * When a task gets no input, its event time follows the wall clock at this distance, so that windows close and event-time
   * timers fire. A record that arrives later than that is late. Default 0: event time stands still without records.
   */
  readonly idleTimeoutMs: number
  /** The broker aborts a transaction that is open longer than this. Default 10000, at least 1000 [transaction.timeout.ms]. */
  readonly transactionTimeoutMs: number
  /** A member that sends no heartbeat for this long loses its tasks. Default 45000, at least 1000 [session.timeout.ms]. */
  readonly sessionTimeoutMs: number
  /** At most a third of `sessionTimeoutMs`. Default 1000, or that third if it is less [heartbeat.interval.ms]. */
  readonly heartbeatIntervalMs: number
  /**
   * How long the processing loop may be busy, e.g. with one record, before its member leaves the group although heartbeats
   * are sent. Default 300000 [max.poll.interval.ms].
   */
  readonly maxPollIntervalMs: number
  /** How long a rebalance waits for this member while it is busy. Default `maxPollIntervalMs`. */
  readonly rebalanceTimeoutMs: number
  /** How long one request to a broker may take. Default 30000, at least 100 [request.timeout.ms]. */
  readonly requestTimeoutMs: number
  /** How long `close` may take. Default 8000: less than the 10 s after which a container is usually killed. */
  readonly closeTimeoutMs: number
  /** How often leaders and partitions are read again, even without an error. Default 300000 [metadata.max.age.ms]. */
  readonly metadataMaxAgeMs: number
  /**
   * How long retriable errors are tolerated, while a task is being opened or in commits, before the instance ends. Default
   * 300000; 0 tolerates them forever [task.timeout.ms].
   */
  readonly taskTimeoutMs: number
  /** How long `start` tries to reach a broker. Default 60000; 0: one attempt. */
  readonly startTimeoutMs: number
  /** Where reading begins in a partition without a committed offset. Default `earliest` [auto.offset.reset]. */
  readonly offsetReset: OffsetReset
  /** How often topics that match a pattern, and topics that changed, are looked for. Default 30000 [metadata.max.age.ms]. */
  readonly topicRefreshIntervalMs: number
  /** The broker holds an answer up to half a second until it has so many bytes of input. Default 1: no answer waits [fetch.min.bytes]. */
  readonly fetchMinBytes: number
  /** Fetching a partition pauses when this much of it is buffered. Default 4 MiB. */
  readonly bufferBytes: number
  /** Replicas of internal topics. Default -1: as many as the broker's default [replication.factor]. */
  readonly replicationFactor: number
  /**
   * How often processed records of repartition topics are deleted. Default 30000; 0: never
   * [repartition.purge.interval.ms].
   */
  readonly repartitionPurgeIntervalMs: number
  /**
   * Retention of a windowed store's changelog topic in addition to the store's own, because clocks differ. Default one day
   * [windowstore.changelog.additional.retention.ms].
   */
  readonly changelogExtraRetentionMs: number
  /** How often the log says how many records and commits there were. Default 120000; 0: never [log.summary.interval.ms]. */
  readonly logSummaryIntervalMs: number
  /** Decides about a record that cannot be deserialised. Default `fail` [deserialization.exception.handler]. */
  readonly onDeserializationError: FailureHandler
  /** Decides about a record for which user code throws. Default `fail` [processing.exception.handler]. */
  readonly onProcessingError: ProcessingFailureHandler
  /**
   * Pause of a task before the second attempt if `onProcessingError` answers `retry`. It doubles up to 10 s, for ten attempts
   * in all. Default 100.
   */
  readonly retryBackoffMs: number
  /**
   * Whether `onProcessingError` also decides about processors that fill global stores. Default false: their errors end the
   * instance [processing.exception.handler.global.enabled].
   */
  readonly handleGlobalErrors: boolean
  /**
   * Decides about a record that a sink cannot serialise, that is larger than `maxRecordBytes`, or that the broker rejects.
   * Default `fail` [production.exception.handler].
   */
  readonly onProductionError: FailureHandler
  /** Decides what becomes of the instance after an error that ends it. Default `shutdownInstance`. */
  readonly onUncaughtError: UncaughtHandler
  /**
   * Maximum size of key, value and headers of a record that a sink writes: the topic's `max.message.bytes` less 101. Default
   * 1048487 [max.request.size].
   */
  readonly maxRecordBytes: number
  /**
   * The topic for dead letters, and for records dropped because they are late, expired or have no key. It must exist. Default
   * null: none [errors.dead.letter.queue.topic.name].
   */
  readonly deadLetterTopic: string | null
  /** Time and timers. Default: the machine's. Tests give a clock of their own. */
  readonly clock: Clock
  /** Random numbers, for ids and pauses. Default: the machine's. */
  readonly random: Random
  /** Default: events of the instance's life, warnings and errors go to standard error. `silentLog` writes nothing. */
  readonly log: Log
}

/** The options as a caller gives them: all but `applicationId` have a default. */
export type StreamsOptions = Partial<StreamsConfig> & Pick<StreamsConfig, 'applicationId'>

const DEFAULTS: Omit<StreamsConfig, 'applicationId'> = {
  stateDir: null,
  processingGuarantee: 'exactlyOnce',
  commitIntervalMs: 100,
  commitLatencyMs: 20,
  commitWhenDrained: true,
  commitBytes: 16 * 1024 * 1024,
  cacheMaxBytes: 10 * 1024 * 1024,
  stateEngine: 'level',
  stateBudgetBytes: 128 * 1024 * 1024,
  stateCleanupDelayMs: 600_000,
  maxTaskIdleMs: 0,
  idleTimeoutMs: 0,
  transactionTimeoutMs: 10_000,
  sessionTimeoutMs: 45_000,
  heartbeatIntervalMs: 1_000,
  maxPollIntervalMs: 300_000,
  rebalanceTimeoutMs: 300_000,
  requestTimeoutMs: 30_000,
  closeTimeoutMs: 8_000,
  metadataMaxAgeMs: 300_000,
  taskTimeoutMs: 300_000,
  startTimeoutMs: 60_000,
  offsetReset: 'earliest',
  topicRefreshIntervalMs: 30_000,
  fetchMinBytes: 1,
  bufferBytes: 4 * 1024 * 1024,
  replicationFactor: -1,
  repartitionPurgeIntervalMs: 30_000,
  changelogExtraRetentionMs: 86_400_000,
  logSummaryIntervalMs: 120_000,
  onDeserializationError: 'fail',
  onProcessingError: 'fail',
  retryBackoffMs: 100,
  handleGlobalErrors: false,
  onProductionError: 'fail',
  onUncaughtError: 'shutdownInstance',
  maxRecordBytes: 1_048_588 - 101,
  deadLetterTopic: null,
  clock: systemClock,
  random: systemRandom,
  log: stderrLog,
}

/** @throws MillraceError CONFIG_INVALID if there are none */
export function requireSettings<S>(settings: S): S {
  if (typeof settings === 'object' && settings !== null) return settings
  const text = `settings are ${kindOf(settings)}: use an object with applicationId, and brokers or broker`
  throw new MillraceError('CONFIG_INVALID', text)
}

/** @throws MillraceError CONFIG_INVALID that names the option, what it was, and what it may be. */
export function resolveConfig(options: StreamsOptions): StreamsConfig {
  for (const name of Object.keys(options)) {
    if (name !== 'applicationId' && !Object.hasOwn(DEFAULTS, name))
      throw invalid(name, 'is not an option', `known: ${Object.keys(DEFAULTS).join(', ')}`)
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const config = withDefaults(given)
  checkConfig(config, given)
  return Object.freeze({ ...config, commitLatencyMs: Math.min(config.commitLatencyMs, config.commitIntervalMs) })
}

/** Some defaults depend on other options. */
function withDefaults(given: Partial<StreamsConfig>): StreamsConfig {
  const config = { ...DEFAULTS, ...given } as StreamsConfig
  const heartbeatIntervalMs = Math.min(DEFAULTS.heartbeatIntervalMs, Math.floor(config.sessionTimeoutMs / 3))
  return { ...config, heartbeatIntervalMs, rebalanceTimeoutMs: config.maxPollIntervalMs, ...given }
}
