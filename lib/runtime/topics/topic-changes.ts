/**
 * How a topic has changed since the plan was made, and what follows: a pure function of two states of the topic and its
 * role.
 */
import { isMillraceError, MillraceError } from '../../errors.js'
import type { ResolvedTopology } from './resolved-topology.js'

export type TopicRole =
  /** Read by tasks, named by the user. */
  | 'source'
  /** Read by tasks because a pattern matches it. */
  | 'matched'
  /** Read whole by every instance. */
  | 'global'
  | 'repartition'
  | 'changelog'
  /** Only written to: its writers follow by themselves. */
  | 'sink'

/** Null for a topic that does not exist. */
export type TopicFacts = { readonly partitions: number; readonly id: string | null } | null

export type TopicChange = 'grown' | 'shrunk' | 'remade' | 'gone'

export type Consequence =
  | { readonly kind: 'none' }
  /** The tasks are planned again. */
  | { readonly kind: 'replan' }
  /** Global stores read the new partitions. */
  | { readonly kind: 'follow' }
  | { readonly kind: 'end'; readonly error: MillraceError }

export interface ChangedTopic {
  readonly topic: string
  readonly role: TopicRole
  readonly before: TopicFacts
  readonly now: TopicFacts
}

export function topicChangeOf({ before, now }: Pick<ChangedTopic, 'before' | 'now'>): TopicChange | null {
  if (now === null) return before === null ? null : 'gone'
  if (before === null) return 'remade'
  if (before.id !== null && now.id !== null && before.id !== now.id) return 'remade'
  if (now.partitions > before.partitions) return 'grown'
  // Kafka takes no partition away from a topic: a broker that says so of the same topic has not heard of the new ones.
  return now.partitions < before.partitions && (before.id === null || now.id === null) ? 'shrunk' : null
}

export function consequenceOf(changed: ChangedTopic): Consequence {
  const change = topicChangeOf(changed)
  const { role } = changed
  if (change === null || role === 'sink') return { kind: 'none' }
  if (role === 'repartition' || role === 'changelog') return { kind: 'end', error: internalTopicChanged(changed) }
  if (change === 'grown') return { kind: role === 'global' ? 'follow' : 'replan' }
  if (change === 'gone' && role === 'matched') return { kind: 'replan' }
  return { kind: 'end', error: sourceTopicChanged(changed) }
}

/** What it means to the application that a broker does not know a topic or partition; any other error as it is. */
export function explainMissing(plan: Pick<ResolvedTopology, 'roles' | 'facts'>, error: unknown): unknown {
  if (!isMillraceError(error, 'CLIENT_TOPIC_MISSING', 'CLIENT_PARTITION_MISSING')) return error
  const { topic = '', code } = error
  const role = plan.roles().get(topic)
  const before = plan.facts(topic)
  if (role === undefined || role === 'sink' || before === null) return error
  const now = code === 'CLIENT_TOPIC_MISSING' ? null : { partitions: 0, id: '' }
  const internal = role === 'repartition' || role === 'changelog'
  return (internal ? internalTopicChanged : sourceTopicChanged)({ topic, role, before, now }, error)
}

/** Nothing written so far, or what waits in a repartition topic, can be had again but from the application's input. */
function internalTopicChanged({ topic, role, before, now }: ChangedTopic, cause?: unknown): MillraceError {
  const lost =
    role === 'repartition' ? 'records that were not processed yet may be lost' : 'its state cannot be restored'
  return new MillraceError(
    'STREAMS_INTERNAL_TOPIC_CHANGED',
    `Internal topic ${topic} ${happened(before, now)} while the application was running, so ${lost}: ${advice(before, now)}`,
    { topic, cause },
  )
}

/** Records are gone from the start of a topic whose records are kept permanently. */
export function changelogTrimmed(topic: string, partition: number, before: number, now: number): MillraceError {
  return new MillraceError(
    'STREAMS_INTERNAL_TOPIC_CHANGED',
    `The records of internal topic ${topic}-${partition} from offset ${before} to ${now} were deleted, so the state cannot be restored: ${REBUILD}`,
    { topic, partition, offset: now },
  )
}

const REBUILD =
  'stop all instances and use a new application id to process the input again, or start again and continue with the remaining records.'

function advice(before: TopicFacts, now: TopicFacts): string {
  if (topicChangeOf({ before, now }) !== 'grown') return REBUILD
  return 'with another number of partitions, keys are looked up in the wrong partition. Delete the topic while no instance runs, or use a new application id.'
}

function sourceTopicChanged({ topic, role, before, now }: ChangedTopic, cause?: unknown): MillraceError {
  const what = role === 'global' ? 'Global' : 'Source'
  return new MillraceError(
    'STREAMS_SOURCE_TOPIC_CHANGED',
    `${what} topic ${topic} ${happened(before, now)} while the application was running. The committed offsets and the state belong to the old topic. If the topic is missing, create it. Then start again to read the new topic, with a new application id if you do not want to keep the old state.`,
    { topic, cause },
  )
}

function happened(before: TopicFacts, now: TopicFacts): string {
  switch (topicChangeOf({ before, now })) {
    case 'gone':
      return 'was deleted'
    case 'grown':
      return `got more partitions (${before?.partitions} before, ${now?.partitions} now)`
    default:
      return now === null || before === null || now.partitions === before.partitions || now.partitions === 0
        ? 'was deleted and created again'
        : `was deleted and created again (${before.partitions} partitions before, ${now.partitions} now)`
  }
}
