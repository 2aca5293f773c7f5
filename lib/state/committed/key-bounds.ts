/** A range of keys in a committed read. */
import { END } from '../order/ordered-keys.js'
import type { StoreParts } from '../stores/store-parts.js'

/** A range of keys, by the bytes of serialised keys. Null or omitted: open. */
export interface KeyBounds<K> {
  /** The first key, inclusive. */
  readonly keyFrom?: K | null
  /** The last key, inclusive. */
  readonly keyTo?: K | null
}

/** Whether the key behind so many bytes of a local key lies within the bounds. */
export function keyFilter(
  { keys }: StoreParts,
  { keyFrom = null, keyTo = null }: KeyBounds<unknown>,
  at: number,
): (localKey: string) => boolean {
  if (keyFrom === null && keyTo === null) return () => true
  const from = keyFrom === null ? '' : keys.byteString(keyFrom)
  const to = keyTo === null ? END : keys.byteString(keyTo)
  return (localKey) => {
    const key = localKey.slice(at)
    return key >= from && key <= to
  }
}
