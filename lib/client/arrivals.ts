/** What a fetcher has received and nobody has polled yet, in the order of arrival. */
import type { TopicPartition } from '../record/record.js'
import type { FetchedBatches } from './fetch-partition.js'

export class Arrivals {
  bytes = 0
  #batches: FetchedBatches[] = []

  get any(): boolean {
    return this.#batches.length > 0
  }

  add(fetched: FetchedBatches): void {
    this.bytes += fetched.bytes
    this.#batches.push(fetched)
  }

  take(): FetchedBatches[] {
    const batches = this.#batches
    this.#batches = []
    this.bytes = 0
    return batches
  }

  /** Of one partition. */
  drop({ topic, partition }: TopicPartition): void {
    if (!this.any) return
    this.#batches = this.#batches.filter((fetched) => fetched.topic !== topic || fetched.partition !== partition)
    this.bytes = this.#batches.reduce((bytes, fetched) => bytes + fetched.bytes, 0)
  }
}
