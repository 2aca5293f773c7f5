/** The campaigns that an instance knows, shared by its tasks. */
import type { Campaign } from '../records/campaign.js'

/** The campaigns of one instance: those of the configuration, and those of the topic. */
export class KnownCampaigns {
  readonly #byId = new Map<string, Campaign>()
  #all: readonly Campaign[] = []

  constructor(campaigns: readonly Campaign[] = []) {
    for (const campaign of campaigns) this.add(campaign)
  }

  /** Each campaign once, as it is now. */
  get all(): readonly Campaign[] {
    return this.#all
  }

  /** A campaign of an id that is known replaces it. */
  add(campaign: Campaign): void {
    if (JSON.stringify(this.#byId.get(campaign.id)) === JSON.stringify(campaign)) return
    this.#byId.set(campaign.id, campaign)
    this.#all = [...this.#byId.values()]
  }

  /** The campaign has been taken back. */
  remove(id: string): void {
    this.#byId.delete(id)
    this.#all = [...this.#byId.values()]
  }
}
