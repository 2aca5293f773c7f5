/** How many records a task processes before it checks the clock: one if they are slow, more if they are fast. */

/** Few enough that the first slow ones after fast ones are soon noticed, many enough that the looks cost nothing. */
const MOST_RECORDS = 16
/** A chunk that took less is worth doubling. */
const SHORT_MS = 1
/** A chunk that took longer is followed by a single record. */
const LONG_MS = 4

export const FIRST_CHUNK = 1

/** `processed` of the `chunk` records allowed were there, and took `tookMs`. */
export function nextChunk(chunk: number, processed: number, tookMs: number): number {
  if (tookMs > LONG_MS) return FIRST_CHUNK
  if (tookMs > SHORT_MS || processed < chunk) return chunk
  return Math.min(chunk * 2, MOST_RECORDS)
}
