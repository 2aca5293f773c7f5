/** The allowed values of each option, alone and in combination. */
import type { StreamsConfig } from '../config.js'
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { checkOffsetReset } from '../record/offset-reset.js'
import { checkPort, PORTS } from '../record/ports.js'
import { isTopicName } from '../record/topic-name.js'
import { ENGINES } from '../state/engine/index.js'

/** Minimum of each number; whole numbers only. */
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
  fetchMinBytes: 0,
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

/** Maximum of the numbers that Kafka's requests carry in 32 or 16 bits. */
const MOST: Readonly<Record<string, number>> = {
  transactionTimeoutMs: INT32_MAX,
  sessionTimeoutMs: INT32_MAX,
  rebalanceTimeoutMs: INT32_MAX,
  maxPollIntervalMs: INT32_MAX,
  requestTimeoutMs: INT32_MAX,
  fetchMinBytes: INT32_MAX,
  replicationFactor: 2 ** 15 - 1,
}

const CHOICES: Readonly<Record<string, () => readonly string[]>> = {
  processingGuarantee: () => ['exactlyOnce', 'atLeastOnce'],
  stateEngine: () => Object.keys(ENGINES),
}

/** Options that are one of these words or a function. */
const HANDLERS: Readonly<Record<string, readonly string[]>> = {
  onDeserializationError: ['fail', 'deadLetter', 'skip'],
  onProcessingError: ['fail', 'deadLetter', 'skip'],
  onProductionError: ['fail', 'deadLetter', 'skip'],
  onUncaughtError: ['shutdownInstance', 'replace', 'shutdownApplication'],
}

/** `given`: the options that the caller has set. @throws MillraceError CONFIG_INVALID that names the option, what it was, and what it may be. */
export function checkConfig(config: StreamsConfig, given: object): void {
  const { applicationId } = config
  if (!isTopicName(applicationId) || applicationId.length > MAX_ID_CHARS) {
    throw invalid('applicationId', 'is missing or not a valid topic prefix', 'use letters, digits, ".", "_" and "-"')
  }
  checkNumbers(config)
  for (const [name, choices] of Object.entries(CHOICES)) {
    const allowed = choices()
    const value = config[name as keyof StreamsConfig]
    if (!allowed.includes(value as string))
      throw invalid(name, `is ${String(value)}`, `use one of ${allowed.join(', ')}`)
  }
  for (const [name, allowed] of Object.entries(HANDLERS)) {
    const value = config[name as keyof StreamsConfig]
    if (typeof value !== 'function' && !allowed.includes(value as string))
      throw invalid(name, `is ${String(value)}`, `use one of ${allowed.join(', ')}, or a function`)
  }
  for (const name of ['handleGlobalErrors', 'commitWhenDrained'] as const) {
    if (typeof config[name] !== 'boolean') throw invalid(name, `is ${String(config[name])}`, 'use true or false')
  }
  if (config.replicationFactor === 0)
    throw invalid('replicationFactor', 'is 0', "use -1, the broker's default, or >= 1")
  checkFolder(config.stateDir, 'stateDir', 'null: in memory')
  const { deadLetterTopic } = config
  if (deadLetterTopic !== null && !isTopicName(deadLetterTopic))
    throw invalid('deadLetterTopic', `is ${shown(deadLetterTopic)}`, 'use a topic name, or null')
  for (const name of Object.keys(PORTS) as (keyof typeof PORTS)[]) checkPort(name, config[name])
  checkOffsetReset(config.offsetReset, 'option offsetReset')
  checkTogether(config, given)
}

function checkNumbers(config: StreamsConfig): void {
  for (const [name, least] of Object.entries(MINIMUMS)) {
    const value = config[name as keyof StreamsConfig]
    const most = MOST[name] ?? Number.MAX_SAFE_INTEGER
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
      const bounds = most === Number.MAX_SAFE_INTEGER ? `>= ${least}` : `>= ${least} and <= ${most}`
      throw invalid(name, `is ${shown(value)}`, `use a whole number ${bounds}`)
    }
  }
}

/** @throws MillraceError CONFIG_INVALID if it is neither null nor a path */
export function checkFolder(folder: unknown, name: string, without: string): void {
  if (folder === null || (typeof folder === 'string' && folder.trim() !== '' && !folder.includes('\0'))) return
  throw invalid(name, `is ${shown(folder)}`, `name a folder, or ${without}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value === 'number' ? `${value}` : kindOf(value)
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
    throw invalid('deadLetterTopic', 'is missing', 'set the topic for dead letters')
  }
}

export function invalid(option: string, problem: string, advice: string): MillraceError {
  return new MillraceError('CONFIG_INVALID', `option ${option} ${problem}: ${advice}`)
}
