/** Topics and their configuration, as values. */

/** A topic to create. */
export interface NewTopic {
  readonly name: string
  /** How many partitions, at least 1; -1 takes the broker's default. */
  readonly partitions: number
  /** Replicas of each partition. Default -1: the broker's default. */
  readonly replicationFactor?: number
  /** Configuration of the topic, e.g. `{ 'retention.ms': '86400000' }`. */
  readonly config?: Readonly<Record<string, string>>
}

/** One setting of a topic. */
export interface TopicConfigEntry {
  /** Null if the broker hides it. */
  readonly value: string | null
  /** False: not set on the topic, so this is the broker's default. */
  readonly isSet: boolean
}

/** DescribeConfigs' source of a value set on the topic itself. */
export const SET_ON_TOPIC = 1
export const TOPIC_CONFIG = 2
export const SET = 0
export const DELETE = 1
