/** Topic settings: Kafka's names, defaults and bounds, and the values that the broker uses. */

/** As DescribeConfigs numbers them. */
export const CONFIG_TYPE = { boolean: 1, string: 2, int: 3, long: 5, double: 6, list: 7 } as const

interface ConfigRule {
  readonly type: keyof typeof CONFIG_TYPE
  readonly fallback: string
  readonly min?: number
  readonly max?: number
  readonly oneOf?: readonly string[]
}

const LONG_MAX = '9223372036854775807'
const POSITIVE = { min: 1 }
const FROM_ZERO = { min: 0 }

/** What Kafka 4.3 accepts on a topic. Some have no effect here, where there is one node and no page cache to steer. */
export const TOPIC_CONFIGS: Readonly<Record<string, ConfigRule>> = {
  'cleanup.policy': { type: 'list', fallback: 'delete', oneOf: ['compact', 'delete'] },
  'compression.gzip.level': { type: 'int', fallback: '-1', min: -1, max: 9 },
  'compression.lz4.level': { type: 'int', fallback: '9', min: 1, max: 17 },
  'compression.type': {
    type: 'string',
    fallback: 'producer',
    oneOf: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
  },
  'compression.zstd.level': { type: 'int', fallback: '3', min: -131072, max: 22 },
  'delete.retention.ms': { type: 'long', fallback: '86400000', ...FROM_ZERO },
  'file.delete.delay.ms': { type: 'long', fallback: '60000', ...FROM_ZERO },
  'flush.messages': { type: 'long', fallback: LONG_MAX, ...POSITIVE },
  'flush.ms': { type: 'long', fallback: LONG_MAX, ...FROM_ZERO },
  'follower.replication.throttled.replicas': { type: 'list', fallback: '' },
  'index.interval.bytes': { type: 'int', fallback: '4096', ...FROM_ZERO },
  'leader.replication.throttled.replicas': { type: 'list', fallback: '' },
  'local.retention.bytes': { type: 'long', fallback: '-2', min: -2 },
  'local.retention.ms': { type: 'long', fallback: '-2', min: -2 },
  'max.compaction.lag.ms': { type: 'long', fallback: LONG_MAX, ...POSITIVE },
  'max.message.bytes': { type: 'int', fallback: '1048588', ...FROM_ZERO },
  'message.timestamp.after.max.ms': { type: 'long', fallback: '3600000', ...FROM_ZERO },
  'message.timestamp.before.max.ms': { type: 'long', fallback: LONG_MAX, ...FROM_ZERO },
  'message.timestamp.type': { type: 'string', fallback: 'CreateTime', oneOf: ['CreateTime', 'LogAppendTime'] },
  'min.cleanable.dirty.ratio': { type: 'double', fallback: '0.5', min: 0, max: 1 },
  'min.compaction.lag.ms': { type: 'long', fallback: '0', ...FROM_ZERO },
  'min.insync.replicas': { type: 'int', fallback: '1', ...POSITIVE },
  preallocate: { type: 'boolean', fallback: 'false' },
  'retention.bytes': { type: 'long', fallback: '-1' },
  'retention.ms': { type: 'long', fallback: '604800000', min: -1 },
  'segment.bytes': { type: 'int', fallback: '1073741824', min: 1024 },
  'segment.index.bytes': { type: 'int', fallback: '10485760', min: 4 },
  'segment.jitter.ms': { type: 'long', fallback: '0', ...FROM_ZERO },
  'segment.ms': { type: 'long', fallback: '604800000', ...POSITIVE },
  'unclean.leader.election.enable': { type: 'boolean', fallback: 'false' },
}

export interface TopicConfig {
  readonly compact: boolean
  readonly delete: boolean
  readonly maxMessageBytes: number
  /** -1 for no limit, as with `retentionBytes`. */
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly minDirtyRatio: number
  readonly logAppendTime: boolean
  readonly timestampAfterMaxMs: number
  readonly timestampBeforeMaxMs: number
}

/** Settings by name, as given; what is not there has its default. */
export type ConfigValues = Readonly<Record<string, string>>

export function topicConfig(values: ConfigValues): TopicConfig {
  const text = (name: string) => values[name] ?? TOPIC_CONFIGS[name]!.fallback
  const number = (name: string) => Number(text(name))
  const policy = text('cleanup.policy').split(',')
  return {
    compact: policy.some((word) => word.trim() === 'compact'),
    delete: policy.some((word) => word.trim() === 'delete'),
    maxMessageBytes: number('max.message.bytes'),
    retentionMs: number('retention.ms'),
    retentionBytes: number('retention.bytes'),
    segmentBytes: number('segment.bytes'),
    segmentMs: number('segment.ms'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    minDirtyRatio: number('min.cleanable.dirty.ratio'),
    logAppendTime: text('message.timestamp.type') === 'LogAppendTime',
    timestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    timestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
  }
}

/** What is wrong with a setting, or undefined. */
export function configProblem(name: string, value: string | null): string | undefined {
  const rule = Object.hasOwn(TOPIC_CONFIGS, name) ? TOPIC_CONFIGS[name] : undefined
  if (rule === undefined) return `Unknown topic config name: ${name}`
  if (value === null) return `Null value not supported for topic configs: ${name}`
  const invalid = `Invalid value ${value} for configuration ${name}`
  const words = rule.type === 'list' ? value.split(',').map((word) => word.trim()) : [value]
  if (rule.oneOf !== undefined && words.some((word) => !rule.oneOf!.includes(word))) {
    return `${invalid}: must be one of ${rule.oneOf.join(', ')}`
  }
  if (rule.type === 'boolean') return /^(true|false)$/i.test(value) ? undefined : `${invalid}: must be true or false`
  if (rule.type === 'string' || rule.type === 'list') return undefined
  const number = Number(value)
  const wellFormed = rule.type === 'double' ? value.trim() !== '' && Number.isFinite(number) : /^-?\d+$/.test(value)
  if (!wellFormed) return `${invalid}: not a number of type ${rule.type}`
  if (number < (rule.min ?? Number.NEGATIVE_INFINITY)) return `${invalid}: must be at least ${rule.min}`
  if (number > (rule.max ?? Number.POSITIVE_INFINITY)) return `${invalid}: must be at most ${rule.max}`
  return undefined
}
