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

/** Users that a task tells in a second, if a campaign does not say. */
export const DEFAULT_PER_SECOND = 100

const ID = /^[A-Za-z0-9._-]{1,80}$/
const MAX_NAMES = 1_000
const MAX_PER_SECOND = 1_000_000

/** The campaign in a record of the topic; a text says why it is none. `key`: the key of the record, which is the id. */
export function campaignOf(key: string, text: string): Campaign | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'the value is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the value is not an object'
  const { id, title = null, categories = [], items = [], startMs, endMs, perSecond } = value as Partial<Campaign>
  if (typeof id !== 'string' || !ID.test(id)) return 'id is not 1 to 80 letters, digits, ".", "_" and "-"'
  if (id !== key) return 'id is not the key of the record'
  if (title !== null && typeof title !== 'string') return 'title is not a text'
  if (!areNames(categories)) return 'categories is not a list of names'
  if (!areNames(items)) return 'items is not a list of ids'
  if (categories.length + items.length === 0) return 'it names no category and no item'
  if (!isWhole(startMs) || !isWhole(endMs)) return 'startMs or endMs is not a whole number of milliseconds'
  if (endMs <= startMs) return 'endMs is not after startMs'
  if (!isWhole(perSecond) || perSecond < 1 || perSecond > MAX_PER_SECOND) return 'perSecond is not 1 to 1,000,000'
  return { id, title, categories, items, startMs, endMs, perSecond }
}

function areNames(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) && value.length <= MAX_NAMES && value.every((one) => typeof one === 'string' && one !== '')
  )
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
