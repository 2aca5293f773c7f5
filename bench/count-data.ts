/** The input of `count`: records determined by a seed, and the expected counts. */

import type { Cluster } from '../lib/client/cluster.js'
import type { ProduceBatch } from '../lib/client/commit.js'
import { IdempotentProducer } from '../lib/client/producer.js'
import { BatchBuilder } from '../lib/protocol/index.js'
import { partitionForKey } from '../lib/record/partitioner.js'
import { seededRandom } from '../lib/record/random.js'

export const KEYS = 50_000
export const PARTITIONS = 8
/** Of the first record; each further one is a millisecond later. */
const FIRST_TIMESTAMP_MS = 1_760_000_000_000
/** With a key of 11 bytes and what the format adds, a record is about 130 bytes on disk. */
const VALUE_BYTES = 110
/** As a Java producer's default `batch.size`. */
const BATCH_BYTES = 16_384
/** Batches of a partition that go to the producer at a time. */
const BATCHES_AHEAD = 8

/** Event times are in the past, and a broker deletes by them: nothing is deleted while a benchmark runs. */
export function benchTopic(name: string) {
  return { name, partitions: PARTITIONS, replicationFactor: 1, config: { 'retention.ms': '-1' } }
}

export function keyText(index: number): string {
  return `user-${String(index).padStart(6, '0')}`
}

function valueBytes(random: ReturnType<typeof seededRandom>): Buffer {
  const text = `{"type":"view","product":"p${random.int(1e6)}","category":"c${random.int(100)}","price":"${random.int(1e5)}"`
  return Buffer.from(`${text.padEnd(VALUE_BYTES - 1, ' ')}}`)
}

/** Writes `records` records to `topic`; returns the expected count of every key. */
export async function loadCountTopic(
  cluster: Cluster,
  topic: string,
  records: number,
  seed: number,
): Promise<Map<string, number>> {
  const random = seededRandom(`${seed}/count`)
  const keys = Array.from({ length: KEYS }, (_, i) => Buffer.from(keyText(i)))
  const homes = keys.map((key) => partitionForKey(key, PARTITIONS))
  const values = Array.from({ length: 1_000 }, () => valueBytes(random))
  const counts = new Uint32Array(KEYS)
  const producer = new IdempotentProducer({ cluster })
  const builders = Array.from({ length: PARTITIONS }, () => new BatchBuilder({ initialBytes: BATCH_BYTES + 512 }))
  let waiting: ProduceBatch[] = []
  let sending: Promise<unknown> = Promise.resolve()
  const flush = async () => {
    await sending
    sending = producer.send(waiting)
    sending.catch(() => undefined)
    waiting = []
  }
  for (let i = 0; i < records; i++) {
    const key = random.int(KEYS)
    const partition = homes[key]!
    counts[key]!++
    builders[partition]!.append(FIRST_TIMESTAMP_MS + i, keys[key]!, values[random.int(values.length)]!)
    if (builders[partition]!.sizeBytes < BATCH_BYTES) continue
    waiting.push({ topic, partition, builder: builders[partition]! })
    builders[partition] = new BatchBuilder({ initialBytes: BATCH_BYTES + 512 })
    if (waiting.length >= PARTITIONS * BATCHES_AHEAD) await flush()
  }
  builders.forEach((builder, partition) => {
    if (builder.count > 0) waiting.push({ topic, partition, builder })
  })
  await flush()
  await sending
  await producer.close()
  const expected = new Map<string, number>()
  counts.forEach((count, key) => {
    if (count > 0) expected.set(keyText(key), count)
  })
  return expected
}
