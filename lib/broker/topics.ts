/** The topics: names, ids, settings and partition logs. */
import type { Random } from '../record/random.js'
import { recoverLog } from './log/log-recovery.js'
import { PartitionLog } from './log/partition-log.js'
import type { BrokerStorage, StateValue } from './storage/storage.js'
import { type ConfigValues, type TopicConfig, topicConfig } from './topic-config.js'

export interface BrokerTopic {
  readonly name: string
  /** 22 characters of URL-safe base64. */
  readonly id: string
  /** Settings that differ from the defaults. */
  values: ConfigValues
  config: TopicConfig
  readonly partitions: PartitionLog[]
}

/** Kafka's controller makes no more partitions than this in one request. */
export const MAX_NEW_PARTITIONS = 10_000

/** What Kafka keeps in topics of its own, and this broker in its state: they are there, and stay empty. */
export const OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTIONS_TOPIC = '__transaction_state'
type InternalTopic = typeof OFFSETS_TOPIC | typeof TRANSACTIONS_TOPIC

const INTERNAL_CONFIG: ConfigValues = {
  'cleanup.policy': 'compact',
  'compression.type': 'producer',
  'segment.bytes': '104857600',
}

const TOPIC_KEY = 'topic/'
const START_KEY = 'log-start/'

export class Topics {
  readonly #byName = new Map<string, BrokerTopic>()
  readonly #byId = new Map<string, BrokerTopic>()
  readonly #storage: BrokerStorage
  readonly #random: Random
  readonly #onDelete: ((topic: BrokerTopic) => void)[] = []

  constructor(storage: BrokerStorage, random: Random) {
    this.#storage = storage
    this.#random = random
  }

  /** Rebuilds every topic from storage; `report` hears of what was cut off. */
  recover(state: ReadonlyMap<string, StateValue>, nowMs: number, report: (line: string) => void): void {
    const wanted = new Set<string>()
    for (const [key, value] of state) {
      if (!key.startsWith(TOPIC_KEY)) continue
      const { id, partitions, values } = value as { id: string; partitions: number; values: ConfigValues }
      const topic = this.#register(key.slice(TOPIC_KEY.length), id, values)
      for (let partition = 0; partition < partitions; partition++) {
        const start = state.get(`${START_KEY}${logId(id, partition)}`) as { offset: number } | undefined
        const log = this.#addPartition(topic, start?.offset ?? 0)
        wanted.add(logId(id, partition))
        const { droppedBytes } = recoverLog(log, nowMs)
        if (droppedBytes > 0) {
          report(`cut ${droppedBytes} damaged bytes off ${topic.name}-${partition}: it now ends at ${log.endOffset}`)
        }
      }
    }
    for (const id of this.#storage.logIds()) if (!wanted.has(id)) this.#storage.log(id).remove()
  }

  all(): BrokerTopic[] {
    return [...this.#byName.values()]
  }

  named(name: string): BrokerTopic | undefined {
    return this.#byName.get(name)
  }

  withId(id: string): BrokerTopic | undefined {
    return this.#byId.get(id)
  }

  log(topic: string, partition: number): PartitionLog | undefined {
    return this.#byName.get(topic)?.partitions[partition]
  }

  create(name: string, partitions: number, values: ConfigValues): BrokerTopic {
    const topic = this.#register(name, this.#random.bytes(16).toString('base64url'), values)
    this.#storage.put([stateOf(topic, partitions)])
    for (let partition = 0; partition < partitions; partition++) this.#addPartition(topic, 0)
    return topic
  }

  /** As Kafka does when somebody asks for a coordinator. One partition, as there is one broker. */
  ensureInternal(name: InternalTopic): void {
    if (!this.#byName.has(name)) this.create(name, 1, INTERNAL_CONFIG)
  }

  grow(topic: BrokerTopic, partitions: number): void {
    this.#storage.put([stateOf(topic, partitions)])
    while (topic.partitions.length < partitions) this.#addPartition(topic, 0)
  }

  configure(topic: BrokerTopic, values: ConfigValues): void {
    topic.values = values
    topic.config = topicConfig(values)
    this.#storage.put([stateOf(topic, topic.partitions.length)])
  }

  delete(topic: BrokerTopic): void {
    this.#byName.delete(topic.name)
    this.#byId.delete(topic.id)
    const starts = topic.partitions.map((log) => [`${START_KEY}${logId(topic.id, log.partition)}`, null] as const)
    this.#storage.put([[`${TOPIC_KEY}${topic.name}`, null], ...starts])
    for (const log of topic.partitions) {
      log.storage.remove()
      log.wake()
    }
    for (const listener of this.#onDelete) listener(topic)
  }

  whenDeleted(listener: (topic: BrokerTopic) => void): void {
    this.#onDelete.push(listener)
  }

  /** Moves a log's start and remembers it. */
  moveStart(topic: BrokerTopic, log: PartitionLog, offset: number): void {
    if (offset <= log.logStartOffset) return
    this.#storage.put([[`${START_KEY}${logId(topic.id, log.partition)}`, { offset }]])
    log.moveStart(offset)
  }

  #register(name: string, id: string, values: ConfigValues): BrokerTopic {
    const topic: BrokerTopic = { name, id, values, config: topicConfig(values), partitions: [] }
    this.#byName.set(name, topic)
    this.#byId.set(id, topic)
    return topic
  }

  #addPartition(topic: BrokerTopic, logStartOffset: number): PartitionLog {
    const partition = topic.partitions.length
    const log = new PartitionLog({
      topic: topic.name,
      partition,
      storage: this.#storage.log(logId(topic.id, partition)),
      config: () => topic.config,
      logStartOffset,
    })
    topic.partitions.push(log)
    return log
  }
}

function logId(topicId: string, partition: number): string {
  return `${topicId}-${partition}`
}

function stateOf(topic: BrokerTopic, partitions: number): [string, StateValue] {
  return [`${TOPIC_KEY}${topic.name}`, { id: topic.id, partitions, values: topic.values }]
}

/** Clients leave such topics out of regular expressions, and only admin clients may write to them. */
export function isInternalTopic(name: string): boolean {
  return name === OFFSETS_TOPIC || name === TRANSACTIONS_TOPIC
}

/** What Kafka says about a name that is no topic name, or undefined. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'.' or '..' is not allowed`
  if (name.length > 249) return `the length of '${name}' is longer than the max allowed length 249`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return undefined
}
