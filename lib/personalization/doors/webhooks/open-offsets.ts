/** Of each partition: how far it was read, and which offsets before that are not settled. What is committed follows. */

interface Place {
  /** The next offset to read. */
  next: number
  /** Read, and neither settled nor kept elsewhere; in ascending order. */
  readonly open: Set<number>
}

export class OpenOffsets {
  readonly #places = new Map<number, Place>()

  /** Reading of `partition` begins at `next`. */
  begin(partition: number, next: number): void {
    this.#places.set(partition, { next, open: new Set() })
  }

  end(partition: number): void {
    this.#places.delete(partition)
  }

  /** Everything before `next` was read. */
  read(partition: number, next: number): void {
    const place = this.#places.get(partition)
    if (place !== undefined) place.next = next
  }

  open(partition: number, offset: number): void {
    this.#places.get(partition)?.open.add(offset)
  }

  settle(partition: number, offset: number): void {
    this.#places.get(partition)?.open.delete(offset)
  }

  /** Where to read on. */
  get positions(): Map<number, number> {
    return new Map([...this.#places].map(([partition, { next }]) => [partition, next]))
  }

  /** Where to read on after a restart: before everything that is open. */
  get committable(): Map<number, number> {
    return new Map([...this.#places].map(([partition, { next, open }]) => [partition, first(open) ?? next]))
  }
}

function first(offsets: ReadonlySet<number>): number | undefined {
  const [offset] = offsets
  return offset
}
