/** Records read from a topic, by its serdes. */
import { MillraceError } from '../errors.js'
import type { TopicRecord } from '../record/record.js'
import { SchemaPending } from '../serde/serde.js'
import type { Topic } from '../serde/topic.js'
import type { Cluster } from './cluster.js'
import { growingPauseMs } from './retry.js'

const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 1_000

/** Those before the first that cannot be read, and why that cannot: DESERIALIZE_FAILED, CLIENT_CLOSED, or its registry's error. */
export async function typedRecords<K, V>(
  cluster: Cluster,
  topic: Topic<K, V>,
  records: readonly TopicRecord[],
): Promise<{ readonly typed: readonly TopicRecord<K, V>[]; readonly failure: unknown }> {
  const typed: TopicRecord<K, V>[] = []
  let attempts = 0
  while (typed.length < records.length) {
    const record = records[typed.length]!
    try {
      const key = read(topic, 'key', record) as K | null
      const value = read(topic, 'value', record) as V | null
      typed.push({ ...record, key, value })
      attempts = 0
    } catch (error) {
      if (!(error instanceof SchemaPending)) return { typed, failure: error }
      try {
        await error.ready
        if (attempts++ > 0) {
          await cluster.pause(growingPauseMs(cluster.random, attempts - 2, FIRST_PAUSE_MS, MAX_PAUSE_MS))
        }
      } catch (failure) {
        return { typed, failure }
      }
    }
  }
  return { typed, failure: null }
}

function read<K, V>(topic: Topic<K, V>, part: 'key' | 'value', record: TopicRecord): K | V | null {
  const bytes = record[part]
  if (bytes === null) return null
  const serde = topic[part]
  try {
    return serde.deserialize(bytes, topic.name)
  } catch (cause) {
    if (cause instanceof SchemaPending) throw cause
    const { partition, offset } = record
    const text = `The ${part} of the record at offset ${offset} of ${topic.name}-${partition} could not be read with serde ${serde.name}.`
    throw new MillraceError('DESERIALIZE_FAILED', text, {
      topic: topic.name,
      partition,
      offset,
      part,
      kind: 'record',
      cause,
    })
  }
}
