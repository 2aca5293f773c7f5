/** Already bought: items that the user has bought lately are taken out of the lists. */
import type { AroundRule } from './rule.js'

/** Which purchases count. */
export interface BoughtOptions {
  /** A purchase counts for this many days of 24 hours, its last instant included. */
  readonly forDays: number
}

/** The latest purchase of one item. */
export interface BoughtItem {
  /** The item. */
  readonly itemId: string
  /** Event time, epoch milliseconds. */
  readonly at: number
}

const DAY_MS = 86_400_000
/** Of a user who buys more than this, the latest are kept. */
const MAX_ITEMS = 500

export const alreadyBought: AroundRule = {
  name: 'already-bought',
  judge(judgement) {
    const { decision, state, config, nowMs, mayBeEmpty } = judgement
    const { items } = decision
    if (config.excludeBought === null || items.length === 0) return null
    const sinceMs = nowMs - config.excludeBought.forDays * DAY_MS
    const bought = new Set<string>()
    for (const { itemId, at } of state.bought) if (at >= sinceMs) bought.add(itemId)
    const left = items.filter((item) => !bought.has(item))
    const { forDays } = config.excludeBought
    judgement.figures = { forDays, bought: bought.size, removed: items.filter((item) => bought.has(item)) }
    if (left.length === items.length) return null
    if (left.length === 0 && !mayBeEmpty) return { kind: 'suppress', reason: 'already-bought' }
    return { kind: 'items', items: left }
  },
}

/** The latest purchases of both, each item once, ascending by time. Those too old for a decision that is a day late are dropped. */
export function unitedPurchases(
  some: readonly BoughtItem[],
  others: readonly BoughtItem[],
  options: BoughtOptions | null,
): readonly BoughtItem[] {
  if (options === null) return []
  const latest = new Map(some.map((item) => [item.itemId, item]))
  let changed = false
  for (const item of others) {
    const before = latest.get(item.itemId)
    if (before !== undefined && before.at >= item.at) continue
    latest.set(item.itemId, item)
    changed = true
  }
  if (!changed) return some
  const all = [...latest.values()].sort((a, b) => a.at - b.at || (a.itemId < b.itemId ? -1 : 1))
  const keepFromMs = all.at(-1)!.at - (options.forDays + 1) * DAY_MS
  return all.slice(-MAX_ITEMS).filter(({ at }) => at >= keepFromMs)
}
