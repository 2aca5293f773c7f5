/** Returns the smallest element and, among equals, the same one as Java's PriorityQueue. */
export class JavaQueue<T> {
  readonly #heap: T[] = []
  readonly #compare: (left: T, right: T) => number

  constructor(compare: (left: T, right: T) => number) {
    this.#compare = compare
  }

  get first(): T | undefined {
    return this.#heap[0]
  }

  has(item: T): boolean {
    return this.#heap.includes(item)
  }

  clear(): void {
    this.#heap.length = 0
  }

  offer(item: T): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (this.#compare(item, heap[parent]!) >= 0) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = item
  }

  poll(): T | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#compare(heap[child]!, heap[child + 1]!) > 0) child++
      if (this.#compare(last, heap[child]!) <= 0) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}
