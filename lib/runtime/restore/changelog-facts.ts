/** The present state of changelogs on the brokers: read before a restore, while one waits, and after it. */
import type { Admin } from '../../client/admin.js'
import { formatTopicPartition, type TopicPartition } from '../../record/record.js'

export interface ChangelogFacts {
  /** Another one: the topic was deleted and created again. Null from brokers before 2.8. */
  readonly topicId: string | null
  readonly logStart: number
  /** High watermark, open transactions included (KAFKA-10167). */
  readonly logEnd: number
  readonly deleteRetentionMs: number
}

/** `topic-partition` → facts. */
export type AskChangelogs = (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, ChangelogFacts>>

/** @throws MillraceError CLIENT_TOPIC_MISSING */
export function askChangelogs(
  admin: Pick<Admin, 'describeTopics' | 'deleteRetentionMs' | 'listOffsets'>,
): AskChangelogs {
  return async (partitions) => {
    const facts = new Map<string, ChangelogFacts>()
    if (partitions.length === 0) return facts
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    // The ids first: should a topic be created again meanwhile, the question at the end sees another id.
    const infos = await admin.describeTopics(topics)
    const retentions = new Map<string, number>()
    for (const topic of topics) retentions.set(topic, await admin.deleteRetentionMs(topic))
    const ends = byName(await admin.listOffsets(partitions, 'latest', 'readUncommitted'))
    const starts = byName(await admin.listOffsets(partitions, 'earliest', 'readUncommitted'))
    for (const { topic, partition } of partitions) {
      const name = formatTopicPartition(topic, partition)
      facts.set(name, {
        topicId: infos.get(topic)?.id ?? null,
        logStart: starts.get(name)!,
        logEnd: ends.get(name)!,
        deleteRetentionMs: retentions.get(topic)!,
      })
    }
    return facts
  }
}

function byName(offsets: readonly (TopicPartition & { readonly offset: number })[]): Map<string, number> {
  return new Map(offsets.map(({ topic, partition, offset }) => [formatTopicPartition(topic, partition), offset]))
}
