/** When a tier runs: pure functions of its `within` and the time. */

/** From here on a tier is run at its boundaries instead of all the time, milliseconds. */
const BOUNDED_FROM_MS = 3_600_000

/** Whether a tier is run at its boundaries. */
export function isBounded({ withinMs }: { readonly withinMs: number }): boolean {
  return withinMs >= BOUNDED_FROM_MS
}

/** Whether a boundary of the tier, a multiple of `withinMs` since 1970, lies after `lastMs` and not after `nowMs`. */
export function passesBoundary(withinMs: number, lastMs: number, nowMs: number): boolean {
  return Math.floor(nowMs / withinMs) > Math.floor(lastMs / withinMs)
}
