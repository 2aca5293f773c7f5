/** A table that every instance has completely: joined by any key, without co-partitioning. */

export class GlobalKTable<K, V> {
  /** The store's name, under which it can be queried. */
  readonly store: string
  /** Never set: it carries the types. */
  declare readonly rowType?: { readonly key: K; readonly value: V }

  /** @internal */
  constructor(store: string) {
    this.store = store
  }
}
