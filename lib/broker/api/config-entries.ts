/** Settings as DescribeConfigs and CreateTopics list them. */
import type { BrokerCore } from '../core.js'
import { CONFIG_TYPE, type ConfigValues, TOPIC_CONFIGS } from '../topic-config.js'

/** Where a value comes from, as DescribeConfigs numbers it. */
const SOURCE = { topic: 1, static: 4, default: 5 } as const

export interface ConfigEntry {
  readonly name: string
  readonly value: string
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly configType: number
}

export function describeTopicConfig(values: ConfigValues): ConfigEntry[] {
  return Object.entries(TOPIC_CONFIGS).map(([name, rule]) => ({
    name,
    value: values[name] ?? rule.fallback,
    readOnly: false,
    configSource: values[name] === undefined ? SOURCE.default : SOURCE.topic,
    isSensitive: false,
    configType: CONFIG_TYPE[rule.type],
  }))
}

/** What this broker was started with, under Kafka's names. */
export function describeBrokerConfig({ nodeId, settings }: BrokerCore): ConfigEntry[] {
  const fixed: readonly (readonly [string, string | number | boolean, keyof typeof CONFIG_TYPE])[] = [
    ['auto.create.topics.enable', settings.autoCreateTopics, 'boolean'],
    ['broker.id', nodeId, 'int'],
    ['default.replication.factor', 1, 'int'],
    ['group.initial.rebalance.delay.ms', settings.initialRebalanceDelayMs, 'int'],
    ['group.max.session.timeout.ms', settings.maxSessionTimeoutMs, 'int'],
    ['group.min.session.timeout.ms', settings.minSessionTimeoutMs, 'int'],
    ['log.retention.check.interval.ms', settings.retentionCheckIntervalMs, 'long'],
    ['node.id', nodeId, 'int'],
    ['num.partitions', settings.defaultPartitions, 'int'],
    ['offset.metadata.max.bytes', settings.maxOffsetMetadataLength, 'int'],
    ['producer.id.expiration.ms', settings.producerIdExpirationMs, 'int'],
    ['transaction.max.timeout.ms', settings.maxTransactionTimeoutMs, 'int'],
  ]
  return fixed.map(([name, value, type]) => ({
    name,
    value: String(value),
    readOnly: true,
    configSource: SOURCE.static,
    isSensitive: false,
    configType: CONFIG_TYPE[type],
  }))
}
