/** The output of a side, read as read_committed: the last count of every key, and whether two outputs agree. */

import { createHash } from 'node:crypto'
import type { Cluster } from '../lib/client/cluster.js'
import { readTopic } from '../lib/client/reader.js'
import { untilStable } from '../lib/client/until-stable.js'
import { readInt64 } from '../lib/serde/int64-bytes.js'

export interface Outputs {
  /** Records in the topic. */
  readonly records: number
  readonly keys: number
  /** Of the sorted `key=count` lines. */
  readonly sha256: string
}

export async function readCounts(cluster: Cluster, topic: string): Promise<Outputs> {
  await untilStable(cluster, [topic])
  const counts = new Map<string, number>()
  let read = 0
  for await (const { records } of readTopic({ cluster, topic, until: 'now' })) {
    read += records.length
    for (const { key, value } of records) counts.set(key!.toString(), readInt64(value!, 0))
  }
  return { records: read, keys: counts.size, sha256: digest(counts) }
}

export function digest(counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].map(([key, count]) => `${key}=${count}\n`).sort()
  return createHash('sha256').update(lines.join('')).digest('hex')
}
