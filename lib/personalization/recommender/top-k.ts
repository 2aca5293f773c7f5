/** The best k of many by a bounded heap: k log k memory-free work per candidate instead of sorting them all. */

/**
 * The `k` best of `ids`, best first. `better(a, b)` is true when `a` ranks strictly before `b`; it must be a total
 * order, so that the answer does not depend on the order of `ids`.
 */
export function topOf(ids: readonly number[], k: number, better: (a: number, b: number) => boolean): number[] {
  if (k <= 0) return []
  if (ids.length <= k) return ids.slice().sort((a, b) => (better(a, b) ? -1 : 1))
  const heap = ids.slice(0, k)
  for (let i = (k >> 1) - 1; i >= 0; i--) siftDown(heap, i, better)
  for (let i = k; i < ids.length; i++) {
    const id = ids[i]!
    if (!better(id, heap[0]!)) continue
    heap[0] = id
    siftDown(heap, 0, better)
  }
  return heap.sort((a, b) => (better(a, b) ? -1 : 1))
}

/** Restores the heap below `index`: the worst stays at the root. */
function siftDown(heap: number[], index: number, better: (a: number, b: number) => boolean): void {
  const moved = heap[index]!
  let hole = index
  for (;;) {
    let child = 2 * hole + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && better(heap[child]!, heap[child + 1]!)) child++
    if (!better(moved, heap[child]!)) break
    heap[hole] = heap[child]!
    hole = child
  }
  heap[hole] = moved
}
