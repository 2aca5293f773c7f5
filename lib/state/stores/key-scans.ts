/** Iterations over the keys of an ordered key-value store. */
import { MillraceError } from '../../errors.js'
import { END, type OrderedKeys } from '../order/ordered-keys.js'
import type { Row } from '../ports/ordered.js'
import type { ValueAndTimestamp } from '../ports/store.js'
import type { LocalKeyValueStore } from './key-value-store.js'

/** @throws MillraceError STATE_NOT_ORDERED when the store was declared without `ordered` */
export function requireOrder<T>(order: T | null, name: string): T {
  if (order !== null) return order
  throw new MillraceError(
    'STATE_NOT_ORDERED',
    `store ${name} cannot iterate over its keys, because it does not keep them in order`,
  )
}

/** What starts again with every loop. */
export function iterable<T>(walk: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: walk }
}

export class KeyScans<K, V> {
  readonly #store: LocalKeyValueStore<K, V>
  readonly #order: OrderedKeys

  constructor(store: LocalKeyValueStore<K, V>) {
    this.#store = store
    this.#order = requireOrder(store.order, store.name)
  }

  all(reverse = false): Iterable<Row<K, V>> {
    return this.#rows('', END, reverse)
  }

  range(from: K | null, to: K | null, reverse = false): Iterable<Row<K, V>> {
    const { keys } = this.#store.parts
    // The smallest key after `to`: `to` and a zero byte.
    return this.#rows(
      from === null ? '' : keys.byteString(from),
      to === null ? END : `${keys.byteString(to)}\0`,
      reverse,
    )
  }

  /** `prefix` as a byte string. */
  prefix(prefix: string): Iterable<Row<K, V>> {
    return this.#rows(prefix, prefix + END, false)
  }

  #rows(from: string, to: string, reverse: boolean): Iterable<Row<K, V>> {
    return iterable(() => this.#walk(from, to, reverse))
  }

  *#walk(from: string, to: string, reverse: boolean): Generator<Row<K, V>, void, undefined> {
    const order = this.#order
    const store = this.#store
    const { data, keys } = store.parts
    const walk = () => (reverse ? order.betweenReversed('', from, to) : order.between('', from, to))
    for (const localKey of order.iterate(walk)) {
      const found = data.newest(localKey)
      if (found === undefined || !store.lives(found.timestamp)) continue
      const row = store.parts.row(found.held, found.timestamp) as ValueAndTimestamp<V>
      yield { key: keys.fromByteString(localKey) as K, ...row }
    }
  }
}
