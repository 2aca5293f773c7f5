/** Reads a partition from its end to its beginning, in blocks: what is asked for is mostly recent. */
import { Admin, type Cluster, isMillraceError, readTopic, type TopicRecord } from '../../index.js'

const FIRST_BLOCK = 500
const LAST_BLOCK = 20_000

/** One partition of a topic. */
export interface PartitionPlace {
  readonly topic: string
  readonly partition: number
}

/**
 * Blocks of committed records, the latest block first; within a block, the latest record first. Begins before the offset `before`; null:
 * at the end. An empty block means that its offsets are marks of transactions, or deleted.
 */
export async function* backwards(
  cluster: Cluster,
  place: PartitionPlace,
  before: number | null,
): AsyncGenerator<readonly TopicRecord[], void, undefined> {
  const admin = new Admin(cluster)
  const offsetAt = async (spec: 'earliest' | 'latest') => {
    const [found] = await admin.listOffsets([place], spec, 'readCommitted')
    return found!.offset
  }
  const first = await offsetAt('earliest')
  const end = await offsetAt('latest')
  let to = before === null ? end : Math.min(before, end)
  for (let size = FIRST_BLOCK; to > first; size = Math.min(size * 2, LAST_BLOCK)) {
    const from = Math.max(first, to - size)
    yield (await block(cluster, place, from, to)).reverse()
    to = from
  }
}

/** The committed records of some offsets, `to` not included; none where they are deleted. */
export async function block(
  cluster: Cluster,
  { topic, partition }: PartitionPlace,
  from: number,
  to: number,
): Promise<TopicRecord[]> {
  const records: TopicRecord[] = []
  try {
    const chunks = readTopic({ cluster, topic, partitions: [partition], from: new Map([[partition, from]]) })
    for await (const chunk of chunks) {
      for (const record of chunk.records) if (record.offset < to) records.push(record)
      if (chunk.nextOffset >= to) break
    }
  } catch (error) {
    // Retention may delete the oldest records while they are looked for.
    if (!isMillraceError(error, 'CLIENT_OFFSET_OUT_OF_RANGE')) throw error
  }
  return records
}
