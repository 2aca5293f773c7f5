/** Quickselect: brings the largest of many to the front, in linear time and without memory of its own. */

/**
 * Reorders `ids` and their `keys` between `from` and `to` (exclusive), so that the `count` with the largest keys stand first, in no
 * order. Of equal keys those with the larger `tie[id]` are in front.
 */
export function quickselect(
  ids: Int32Array,
  keys: Float64Array,
  from: number,
  to: number,
  count: number,
  tie: Float64Array,
): void {
  const end = from + count
  let left = from
  let right = to - 1
  while (left < end && end <= right) {
    // The middle one: what comes in is nearly sorted.
    const middle = (left + right) >> 1
    const key = keys[middle]!
    const order = tie[ids[middle]!]!
    let i = left
    let j = right
    while (i <= j) {
      while (keys[i]! > key || (keys[i] === key && tie[ids[i]!]! > order)) i++
      while (keys[j]! < key || (keys[j] === key && tie[ids[j]!]! < order)) j--
      if (i > j) break
      swap(ids, keys, i++, j--)
    }
    if (end <= j + 1) right = j
    else left = i
  }
}

export function swap(ids: Int32Array, keys: Float64Array, a: number, b: number): void {
  const id = ids[a]!
  const key = keys[a]!
  ids[a] = ids[b]!
  keys[a] = keys[b]!
  ids[b] = id
  keys[b] = key
}
