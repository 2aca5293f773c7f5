/** Where to start reading a partition without a committed offset. */
import { MillraceError } from '../errors.js'

/**
 * Where to start reading a partition without a committed offset. `earliest`: at its first record. `latest`: at its end.
 * `none`: the instance ends with STREAMS_NO_COMMITTED_OFFSET. `{ byDurationMs }` (KIP-1106): at the first record that is no
 * older than this, in milliseconds; at the end if there is none.
 */
export type OffsetReset = 'earliest' | 'latest' | 'none' | { readonly byDurationMs: number }

/** @throws MillraceError CONFIG_INVALID, with `where` at the beginning of the message */
export function checkOffsetReset(reset: OffsetReset, where: string): void {
  if (reset === 'earliest' || reset === 'latest' || reset === 'none') return
  const { byDurationMs } = typeof reset === 'object' && reset !== null ? reset : { byDurationMs: Number.NaN }
  if (Number.isSafeInteger(byDurationMs) && byDurationMs >= 0) return
  const given = typeof reset === 'object' ? JSON.stringify(reset) : String(reset)
  throw new MillraceError(
    'CONFIG_INVALID',
    `${where} is ${given}: use one of earliest, latest, none, or { byDurationMs: a whole number >= 0 }`,
  )
}

/** Equal for equal resets; null: the application's. */
export function offsetResetName(reset: OffsetReset | null): string {
  return typeof reset === 'object' && reset !== null ? `the last ${reset.byDurationMs} ms` : String(reset)
}
