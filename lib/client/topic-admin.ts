/** Topics and their configuration, as values. */

export interface NewTopic {
  readonly name: string
  readonly partitions: number
  /** -1 takes the broker's default. */
  readonly replicationFactor?: number
  readonly config?: Readonly<Record<string, string>>
}

export interface TopicConfigEntry {
  /** Null where the broker hides it. */
  readonly value: string | null
  /** False where the broker's default shows through. */
  readonly isSet: boolean
}

/** DescribeConfigs' source of a value set on the topic itself. */
export const SET_ON_TOPIC = 1
export const TOPIC_CONFIG = 2
export const SET = 0
export const DELETE = 1
