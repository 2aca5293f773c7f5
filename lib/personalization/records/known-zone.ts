/** Whether a time zone exists, asked of `Intl` once for each name. */

const ZONES = new Map<string, boolean>()
/** A sender of made-up names fills this much and no more. */
const MAX_ZONES = 1_000
const MAX_NAME_LENGTH = 80

/** The name, or null if there is no such zone. */
export function knownZone(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME_LENGTH) return null
  let isKnown = ZONES.get(value)
  if (isKnown === undefined) {
    isKnown = isZone(value)
    if (ZONES.size < MAX_ZONES) ZONES.set(value, isKnown)
  }
  return isKnown ? value : null
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
