/** Collects the records of one transaction: a batch per partition, with Kafka's own partitioner for keyed records. */
import type { ProduceBatch } from '../../../client/commit.js'
import { BatchBuilder } from '../../../protocol/index.js'
import { partitionForKey } from '../../../record/partitioner.js'

export class LoaderBatches {
  readonly #nowMs: number
  readonly #batches = new Map<string, ProduceBatch>()
  #records = 0

  /** Records are stamped `nowMs`; topics that stamp what they store overwrite it. */
  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  get records(): number {
    return this.#records
  }

  /** Size of the largest batch; the broker bounds each. */
  get largestBytes(): number {
    let bytes = 0
    for (const { builder } of this.#batches.values()) bytes = Math.max(bytes, builder.sizeBytes)
    return bytes
  }

  add(topic: string, partitions: number, key: string, value: Buffer): void {
    const keyBytes = Buffer.from(key)
    this.addTo(topic, partitionForKey(keyBytes, partitions), keyBytes, value)
  }

  addTo(topic: string, partition: number, key: Buffer, value: Buffer): void {
    const name = `${topic}-${partition}`
    let batch = this.#batches.get(name)
    if (batch === undefined) {
      batch = { topic, partition, builder: new BatchBuilder() }
      this.#batches.set(name, batch)
    }
    batch.builder.append(this.#nowMs, key, value, [])
    this.#records++
  }

  list(): ProduceBatch[] {
    return [...this.#batches.values()]
  }
}
