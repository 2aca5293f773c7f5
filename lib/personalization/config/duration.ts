/** Durations as people write them: `200ms`, `30s`, `5m`, `4h`, `1d`. The command line, the configuration file and decisions share this. */

/** A text such as `200ms`, `30s`, `5m`, `4h` or `1d`, or a number of milliseconds. */
export type Duration = string | number

/** What an error says about a duration that is wrong. */
export const DURATION_ADVICE = 'write a time such as 500ms, 30s, 5m, 4h or 1d'

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, '': 1 }
const TEXT = /^(\d{1,12})(ms|s|m|h|d)?$/

/** Whole milliseconds. Undefined if `value` is anything else, is negative, or is beyond the safe integers. */
export function duration(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? fromText(value) : value
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms >= 0 ? ms : undefined
}

function fromText(text: string): number {
  const parts = TEXT.exec(text)
  return parts === null ? Number.NaN : Number(parts[1]) * UNITS[parts[2] ?? '']!
}

/** Milliseconds of a setting of a decision. @throws RangeError: the message names the setting */
export function durationSetting(value: unknown, name: string): number {
  const ms = duration(value)
  if (ms === undefined || ms === 0) throw new RangeError(`${name} is ${String(value)}; ${DURATION_ADVICE}`)
  return ms
}

/** `4h` for 14,400,000: the largest unit that fits. */
export function durationText(ms: number): string {
  const [unit, unitMs] = Object.entries(UNITS).findLast(([name, each]) => name !== '' && ms % each === 0)!
  return `${ms / unitMs}${unit}`
}
