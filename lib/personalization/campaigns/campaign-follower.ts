/** Follows the `campaigns` topic: what is written there becomes known, a tombstone takes it back, what is invalid is counted. */
import { type Cluster, type Log, readTopic, type TopicRecord } from '../../index.js'
import type { KnownCampaigns } from '../frame/known-campaigns.js'
import { campaignOf } from '../records/campaign.js'

export interface CampaignFollowerParts {
  readonly cluster: Cluster
  readonly topic: string
  readonly known: KnownCampaigns
  readonly log: Log
}

export class CampaignFollower {
  readonly #parts: CampaignFollowerParts
  readonly #stop = new AbortController()
  readonly #next = new Map<number, number>()
  #following: Promise<void> = Promise.resolve()
  #invalid = 0

  constructor(parts: CampaignFollowerParts) {
    this.#parts = parts
  }

  /** Records that are no campaign. */
  get invalid(): number {
    return this.#invalid
  }

  /** Reads the topic to its end, so that no task starts without a campaign that is there. */
  async readToEnd(): Promise<void> {
    await this.#read('now')
  }

  /** From now on, follows the topic. */
  follow(): void {
    this.#following = this.#read('never').catch((error: unknown) => {
      if (this.#stop.signal.aborted) return
      this.#parts.log.warn({ error: String(error) }, 'campaigns that are written from now on are not followed')
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#following
  }

  async #read(until: 'now' | 'never'): Promise<void> {
    const { cluster, topic } = this.#parts
    const { signal } = this.#stop
    for await (const chunk of readTopic({ cluster, topic, from: this.#next, until, signal })) {
      for (const record of chunk.records) this.#apply(record)
      this.#next.set(chunk.partition, chunk.nextOffset)
    }
  }

  #apply({ key, value, partition, offset }: TopicRecord): void {
    const { known } = this.#parts
    const id = key?.toString() ?? ''
    const read = value === null ? null : campaignOf(id, value.toString())
    if (read === null) known.remove(id)
    else if (typeof read !== 'string') known.add(read)
    else this.#rejected(partition, offset, read)
  }

  #rejected(partition: number, offset: number, problem: string): void {
    this.#invalid += 1
    this.#parts.log.warn(
      { partition, offset, problem, invalid: this.#invalid },
      'a record of the campaigns topic is no campaign',
    )
  }
}
