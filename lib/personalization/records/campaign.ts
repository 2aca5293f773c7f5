/** A campaign: something that everybody who is interested is told once, such as a flash sale. */

/** The value of the compacted `campaigns` topic (JSON), keyed by `id`, and of `campaigns` in the configuration. */
export interface Campaign {
  /** Part of the subject of its decisions. */
  readonly id: string
  /** For people. */
  readonly title: string | null
  /** Categories that it is about. */
  readonly categories: readonly string[]
  /** Items that it is about, besides those of the categories. */
  readonly items: readonly string[]
  /** Start, epoch milliseconds. */
  readonly startMs: number
  /** End, exclusive, epoch milliseconds. */
  readonly endMs: number
  /** How many users each task tells in a second. */
  readonly perSecond: number
}
