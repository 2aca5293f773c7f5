/** The campaigns that an instance knows, and writing them to the `campaigns` topic, which every instance follows. */
import { type Cluster, Producer } from '../../index.js'
import type { KnownCampaigns } from '../frame/known-campaigns.js'
import type { EventClock } from '../gate/event-clock.js'
import type { Campaign } from '../records/campaign.js'
import type { Campaigns } from '../service-port.js'

export interface CampaignBookParts {
  readonly cluster: Cluster
  readonly topic: string
  readonly known: KnownCampaigns
  readonly eventClock: EventClock
}

/** Someone waits for the answer. The same campaign may be written again: a later record of an id replaces the one before. */
const ANSWER_MS = 10_000

export class CampaignBook implements Campaigns {
  readonly #parts: CampaignBookParts
  readonly #producer: Producer

  constructor(parts: CampaignBookParts) {
    this.#parts = parts
    this.#producer = new Producer({ cluster: parts.cluster, deliveryTimeoutMs: ANSWER_MS })
  }

  get nowMs(): number {
    return this.#parts.eventClock.now()
  }

  get all(): readonly Campaign[] {
    return this.#parts.known.all
  }

  async write(campaign: Campaign): Promise<void> {
    await this.#send(campaign.id, Buffer.from(JSON.stringify(campaign)))
  }

  async remove(id: string): Promise<void> {
    await this.#send(id, null)
  }

  close(): Promise<void> {
    return this.#producer.close()
  }

  async #send(id: string, value: Buffer | null): Promise<void> {
    await this.#producer.send(this.#parts.topic, { key: Buffer.from(id), value })
  }
}
