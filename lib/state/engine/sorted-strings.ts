/** Positions in ascending lists of strings. */

/** Index of the first entry that comes after `text`. */
export function firstAfter(sorted: readonly string[], text: string): number {
  const at = firstFrom(sorted, text)
  // No entry stands twice.
  return sorted[at] === text ? at + 1 : at
}

/** Index of the first entry that is not before `text`. */
export function firstFrom(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < text) low = middle + 1
    else high = middle
  }
  return low
}
