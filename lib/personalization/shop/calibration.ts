/**
 * What the shop simulator was calibrated on. Figures marked [rees46] were measured over the file rees46-2019-10-01
 * (17,434 events, 5,066 sessions; REES46 Marketing Platform, rees46.com), [bol] over bol-sessions-2020 train (113,601
 * views; bolcom/serenade, Apache-2.0), [retail] over online-retail-uk (226,467 priced order lines of customers; CC0).
 * Assumptions, where no file has the figure, are marked so. docs/simulator.md compares what comes out with what went in.
 */

/** Points of a distribution: share of values at or below, and the value there. Between points: straight on a log scale. */
export type Quantiles = readonly (readonly [share: number, value: number])[]

/** Events of a session [rees46]: p50 2, p75 4, p90 8, p95 11, p99 21, longest 51; two in five have one event. */
export const SESSION_EVENTS: Quantiles = [
  [0, 0.6],
  [0.408, 1.5],
  [0.593, 2.5],
  [0.708, 3.5],
  [0.783, 4.5],
  [0.865, 6.5],
  [0.9, 8],
  [0.95, 11],
  [0.99, 21],
  [1, 51],
]

/** Gap between two events of a session, in seconds [rees46]: p50 33, p90 115. */
export const GAP_SECONDS: Quantiles = [
  [0, 2],
  [0.1, 10],
  [0.25, 18],
  [0.5, 33],
  [0.75, 62],
  [0.9, 115],
  [0.99, 377],
  [1, 1200],
]

/** From putting an item into the cart to buying it, in seconds [rees46], 69 cases, cut off by the slice's end at p90. */
export const CART_TO_PURCHASE_SECONDS: Quantiles = [
  [0, 8],
  [0.1, 18],
  [0.25, 47],
  [0.5, 81],
  [0.75, 154],
  [0.9, 370],
  [1, 1500],
]

/** Prices of the items on offer, in the shop's currency [rees46]. */
export const ITEM_PRICE: Quantiles = [
  [0, 6],
  [0.1, 21],
  [0.25, 46.3],
  [0.5, 107.9],
  [0.75, 290],
  [0.9, 617],
  [0.99, 1776],
  [1, 2400],
]

/** Views in each hour of the day (UTC) per thousand [bol]: quiet at 2, highest at 19. */
export const VIEWS_BY_HOUR = [
  6, 3, 2, 2, 6, 14, 27, 39, 51, 55, 57, 66, 62, 61, 63, 57, 54, 67, 76, 81, 69, 44, 24, 13,
] as const

/** Weight of the item on popularity rank r is 1/r^s; chosen so that the top fifth gets 0.59 of the views as in [rees46]. */
export const POPULARITY_EXPONENT = 1.7

/** The next view is of the same item [rees46] (the page is opened again). */
export const SAME_ITEM_SHARE = 0.318
/** The next view returns to another item of the session [rees46]: repeats 0.397 less those of the same item. */
export const RETURN_SHARE = 0.079
/** A view of an item new to the session stays in the category; chosen so that 0.92 of all next views do, as in [rees46]. */
export const SAME_CATEGORY_SHARE = 0.91
/** Of the views that continue inside a category, this share follows a product's companions. Assumption. */
export const COMPANION_SHARE = 0.6

/** Sessions with a cart event [rees46]. */
export const CART_SESSION_SHARE = 0.0233
/** Carts whose item is bought [rees46]: 69 of 125. */
export const CART_BOUGHT_SHARE = 0.552
/** Of the carts that are not bought, the item is taken out again. Assumption. */
export const CART_REMOVED_SHARE = 0.12
/** Sessions that buy without a cart event [rees46]: 0.0395 buy, less the carts that are bought. */
export const DIRECT_PURCHASE_SESSION_SHARE = 0.0266
/** Purchases cancelled later [retail]: 5,565 of 226,467 lines. */
export const CANCELLATION_SHARE = 0.0246
/** Hours from purchase to cancellation, evenly spread. Assumption. */
export const CANCELLATION_HOURS = [0.5, 20] as const
/** Sessions that begin with a search. Assumption. */
export const SEARCH_SESSION_SHARE = 0.25
/** Sessions in one of the user's own interests; the rest look at whatever is popular. Assumption. */
export const INTEREST_SHARE = 0.8
/** Customers with a profile. Assumption. */
export const PROFILE_SHARE = 0.7

/** The value at `share` (0 to 1) of a distribution. */
export function quantile(points: Quantiles, share: number): number {
  let i = 1
  while (i < points.length - 1 && points[i]![0] < share) i++
  const [fromShare, from] = points[i - 1]!
  const [toShare, to] = points[i]!
  const part = (share - fromShare) / (toShare - fromShare)
  return from * (to / from) ** Math.min(1, Math.max(0, part))
}

/** Running sums of `weights`, to draw from with `drawIndex`. */
export function runningSums(weights: readonly number[]): number[] {
  let sum = 0
  return weights.map((weight) => {
    sum += weight
    return sum
  })
}

/** An index drawn by weight: `share` is uniform in [0, 1). */
export function drawIndex(sums: readonly number[], share: number): number {
  const target = share * sums.at(-1)!
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (sums[middle]! > target) high = middle
    else low = middle + 1
  }
  return low
}
