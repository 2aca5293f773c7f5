/** The configuration of one application: checked once, frozen, units in the names. */
import { MillraceError } from './errors.js'
import { type Clock, systemClock } from './record/clock.js'
import type { FailureHandler, ProcessingFailureHandler, UncaughtHandler } from './record/failure.js'
import { kindOf } from './record/kind-of.js'
import { checkOffsetReset, type OffsetReset } from './record/offset-reset.js'
import { type Random, systemRandom } from './record/random.js'
import { isTopicName } from './record/topic-name.js'
import type { Log } from './telemetry/log.js'
import { stderrLog } from './telemetry/stderr-log.js'

export type ProcessingGuarantee = 'exactlyOnce' | 'atLeastOnce'

export interface StreamsConfig {
  /** Group id, prefix of internal topics and transactional ids. Letters, digits, dot, dash, underscore. */
  readonly applicationId: string
  /** Folder for local state. Null: memory only, and a restart rebuilds everything from the changelogs. */
  readonly stateDir: string | null
  readonly processingGuarantee: ProcessingGuarantee
  /** No uncommitted work grows older than this (Kafka Streams' `commit.interval.ms`). */
  readonly commitIntervalMs: number
  /** No uncommitted output grows older than this while the broker keeps up; <= commitIntervalMs. */
  readonly commitLatencyMs: number
  /** Commit early when this many bytes of output are pending. */
  readonly commitBytes: number
  /** Record cache of one instance (`statestore.cache.max.bytes`); 0 forwards every update at once. */
  readonly cacheMaxBytes: number
  /** The byte store of every task under `stateDir`. RocksDB is the optional peer @nxtedition/rocksdb. */
  readonly stateEngine: 'level' | 'rocksdb'
  /** Memory of one instance for state, divided over its tasks: so much for the engine, and as much for values kept decoded. */
  readonly stateBudgetBytes: number
  /** How long the state of a task that went to another instance stays on disk (`state.cleanup.delay.ms`); 0: for ever. */
  readonly stateCleanupDelayMs: number
  /** -1 never waits, 0 waits for partitions known to have data, > 0 additionally waits so long (KIP-695). */
  readonly maxTaskIdleMs: number
  /**
   * While nothing comes for a task, its event time goes on as fast as the wall clock, so far behind it: windows close
   * and event-time timers fire without a next record. Whatever comes later than that is late. 0: event time stands.
   */
  readonly idleTimeoutMs: number
  readonly transactionTimeoutMs: number
  /** Without a heartbeat for this long the coordinator gives the member's tasks to others (`session.timeout.ms`). */
  readonly sessionTimeoutMs: number
  /** At most a third of `sessionTimeoutMs` (`heartbeat.interval.ms`). Default 3 s, or that third. */
  readonly heartbeatIntervalMs: number
  /**
   * How long the loop may be busy, e.g. with one record, before its member leaves the group although heartbeats go on
   * (`max.poll.interval.ms`).
   */
  readonly maxPollIntervalMs: number
  /** How long a rebalance waits for this member while it is busy. Default `maxPollIntervalMs`, as in Kafka's consumers. */
  readonly rebalanceTimeoutMs: number
  readonly requestTimeoutMs: number
  /** Longest time that `close` takes; less than a container gets before it is killed (10 s). */
  readonly closeTimeoutMs: number
  /** Brokers and leaders are asked for again after this time even without an error. */
  readonly metadataMaxAgeMs: number
  /** So long what has to succeed before tasks run may fail with errors that pass; then the instance ends. 0: for ever. */
  readonly taskTimeoutMs: number
  /** So long `start` tries while no broker answers at all; 0: once. */
  readonly startTimeoutMs: number
  /** Where a partition without a committed offset starts. */
  readonly offsetReset: OffsetReset
  /** How often the brokers are asked which topics match patterns (Kafka Streams' `metadata.max.age.ms`). */
  readonly topicRefreshIntervalMs: number
  /** Buffered bytes per partition after which fetching it pauses. */
  readonly bufferBytes: number
  /** Replicas of internal topics; -1: the broker's default. */
  readonly replicationFactor: number
  /** How often processed records of repartition topics are deleted; 0: never. */
  readonly repartitionPurgeIntervalMs: number
  /** On top of a windowed store's retention, for its changelog topic: room for clocks that differ. */
  readonly changelogExtraRetentionMs: number
  /** How often a line of the log says how much was done; 0: never. */
  readonly logSummaryIntervalMs: number
  /** What becomes of a record that cannot be read. */
  readonly onDeserializationError: FailureHandler
  /** The same for a record that made user code throw. */
  readonly onProcessingError: ProcessingFailureHandler
  /** Pause before the second attempt where `onProcessingError` says `retry`; each further one is twice as long, up to 10 s. */
  readonly retryBackoffMs: number
  /** Whether `onProcessingError` also decides about processors that fill global stores; otherwise they stop the instance. */
  readonly handleGlobalErrors: boolean
  /** The same for a record a sink cannot serialise, of more than `maxRecordBytes`, or that the broker refuses. */
  readonly onProductionError: FailureHandler
  /** What becomes of the instance after an error it cannot go on with. */
  readonly onUncaughtError: UncaughtHandler
  /** Most bytes of key, value and headers of a record that a sink writes; the topic's `max.message.bytes` less 101. */
  readonly maxRecordBytes: number
  /** Also receives late, expired and null-key drops when set. */
  readonly deadLetterTopic: string | null
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What a caller writes: everything but the application id has a default. */
export type StreamsOptions = Partial<StreamsConfig> & Pick<StreamsConfig, 'applicationId'>

const DEFAULTS: Omit<StreamsConfig, 'applicationId'> = {
  stateDir: null,
  processingGuarantee: 'exactlyOnce',
  commitIntervalMs: 100,
  commitLatencyMs: 20,
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

/** Least value of every number; whole numbers only. */
const MINIMUMS: Readonly<Record<string, number>> = {
  commitIntervalMs: 0,
  commitLatencyMs: 0,
  commitBytes: 1,
  cacheMaxBytes: 0,
  stateBudgetBytes: 1024 * 1024,
  stateCleanupDelayMs: 0,
  maxTaskIdleMs: -1,
  idleTimeoutMs: 0,
  transactionTimeoutMs: 1_000,
  sessionTimeoutMs: 1_000,
  heartbeatIntervalMs: 10,
  maxPollIntervalMs: 1_000,
  rebalanceTimeoutMs: 1_000,
  requestTimeoutMs: 100,
  closeTimeoutMs: 0,
  metadataMaxAgeMs: 1,
  taskTimeoutMs: 0,
  startTimeoutMs: 0,
  topicRefreshIntervalMs: 10,
  bufferBytes: 1,
  replicationFactor: -1,
  repartitionPurgeIntervalMs: 0,
  changelogExtraRetentionMs: 0,
  logSummaryIntervalMs: 0,
  maxRecordBytes: 1,
  retryBackoffMs: 0,
}

/** Names of internal topics begin with it. */
const MAX_ID_CHARS = 200
const INT32_MAX = 2 ** 31 - 1

/** Greatest value of numbers that Kafka's requests carry in 32 or 16 bits. */
const MOST: Readonly<Record<string, number>> = {
  transactionTimeoutMs: INT32_MAX,
  sessionTimeoutMs: INT32_MAX,
  rebalanceTimeoutMs: INT32_MAX,
  maxPollIntervalMs: INT32_MAX,
  requestTimeoutMs: INT32_MAX,
  replicationFactor: 2 ** 15 - 1,
}

/** What each argument that is an object must be able to do. */
const PORTS = {
  clock: ['now', 'monotonicMs', 'setTimer', 'nextTurn'],
  random: ['next', 'int', 'bytes', 'uuid'],
  log: ['debug', 'info', 'warn', 'error'],
} as const

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  processingGuarantee: ['exactlyOnce', 'atLeastOnce'],
  stateEngine: ['level', 'rocksdb'],
}

/** Options that are one of these words or a function. */
const HANDLERS: Readonly<Record<string, readonly string[]>> = {
  onDeserializationError: ['fail', 'deadLetter', 'skip'],
  onProcessingError: ['fail', 'deadLetter', 'skip'],
  onProductionError: ['fail', 'deadLetter', 'skip'],
  onUncaughtError: ['shutdownInstance', 'replace', 'shutdownApplication'],
}

/** @throws MillraceError CONFIG_INVALID where there are none */
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
  const { applicationId } = config
  if (!isTopicName(applicationId) || applicationId.length > MAX_ID_CHARS) {
    throw invalid('applicationId', 'is missing or not a legal topic prefix', 'use letters, digits, ".", "_" and "-"')
  }
  for (const [name, least] of Object.entries(MINIMUMS)) {
    const value = config[name as keyof StreamsConfig]
    const most = MOST[name] ?? Number.MAX_SAFE_INTEGER
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      const bounds = most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `>= ${least} and <= ${most}`
      throw invalid(name, `is ${shown(value)}`, `use a whole number ${bounds}`)
    }
  }
  for (const [name, allowed] of Object.entries(CHOICES)) {
    const value = config[name as keyof StreamsConfig]
    if (!allowed.includes(value as string))
      throw invalid(name, `is ${String(value)}`, `use one of ${allowed.join(', ')}`)
  }
  for (const [name, allowed] of Object.entries(HANDLERS)) {
    const value = config[name as keyof StreamsConfig]
    if (typeof value !== 'function' && !allowed.includes(value as string))
      throw invalid(name, `is ${String(value)}`, `use one of ${allowed.join(', ')}, or a function`)
  }
  if (typeof config.handleGlobalErrors !== 'boolean') {
    throw invalid('handleGlobalErrors', `is ${String(config.handleGlobalErrors)}`, 'use true or false')
  }
  if (config.replicationFactor === 0)
    throw invalid('replicationFactor', 'is 0', "use -1, the broker's default, or >= 1")
  checkFolder(config.stateDir, 'stateDir', 'null: in memory')
  const { deadLetterTopic } = config
  if (deadLetterTopic !== null && !isTopicName(deadLetterTopic))
    throw invalid('deadLetterTopic', `is ${shown(deadLetterTopic)}`, 'use the name of a topic, or null')
  for (const name of Object.keys(PORTS) as (keyof typeof PORTS)[]) checkPort(name, config[name])
  checkOffsetReset(config.offsetReset, 'option offsetReset')
  checkTogether(config, given)
  return Object.freeze({ ...config, commitLatencyMs: Math.min(config.commitLatencyMs, config.commitIntervalMs) })
}

/** @throws MillraceError CONFIG_INVALID */
export function checkPort(name: keyof typeof PORTS, given: unknown): void {
  const port = given as Readonly<Record<string, unknown>> | null | undefined
  const lacking = PORTS[name].filter((call) => typeof port?.[call] !== 'function')
  if (lacking.length > 0) throw invalid(name, `has no function ${lacking.join(', ')}`, 'leave it out for the default')
}

/** @throws MillraceError CONFIG_INVALID where it is neither null nor a path */
export function checkFolder(folder: unknown, name: string, without: string): void {
  if (folder === null || (typeof folder === 'string' && folder.trim() !== '' && !folder.includes('\0'))) return
  throw invalid(name, `is ${shown(folder)}`, `name a folder, or ${without}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? `${value}` : kindOf(value)
}

/** Times that follow others follow what was given for those. */
function withDefaults(given: Partial<StreamsConfig>): StreamsConfig {
  const config = { ...DEFAULTS, ...given } as StreamsConfig
  const heartbeatIntervalMs = Math.min(DEFAULTS.heartbeatIntervalMs, Math.floor(config.sessionTimeoutMs / 3))
  return { ...config, heartbeatIntervalMs, rebalanceTimeoutMs: config.maxPollIntervalMs, ...given }
}

function checkTogether(config: StreamsConfig, given: object): void {
  if ('commitLatencyMs' in given && config.commitLatencyMs > config.commitIntervalMs) {
    throw invalid('commitLatencyMs', 'is longer than commitIntervalMs', 'make it at most commitIntervalMs')
  }
  if (config.heartbeatIntervalMs * 3 > config.sessionTimeoutMs) {
    throw invalid(
      'heartbeatIntervalMs',
      'is more than a third of sessionTimeoutMs',
      'one lost heartbeat would end the session',
    )
  }
  if (config.processingGuarantee === 'exactlyOnce' && config.commitIntervalMs >= config.transactionTimeoutMs) {
    throw invalid('commitIntervalMs', 'is not below transactionTimeoutMs', 'the broker would abort every transaction')
  }
  if (config.stateEngine !== 'level' && config.stateDir === null) {
    throw invalid('stateDir', `is missing, and ${config.stateEngine} keeps state on disk`, 'name a folder')
  }
  const handlers = [config.onDeserializationError, config.onProcessingError, config.onProductionError]
  if (handlers.includes('deadLetter') && config.deadLetterTopic === null) {
    throw invalid('deadLetterTopic', 'is missing', 'name the topic that takes dead letters')
  }
}

function invalid(option: string, problem: string, advice: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `option ${option} ${problem}: ${advice}`)
}
