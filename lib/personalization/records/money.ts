/**
 * Amounts of money as whole micro-units (a millionth of the currency's unit) in a number: exact up to 9 billion, so that
 * 166.67 three times is 500.01 and a threshold of 500.00 means 500.00.
 */

export const MICROS_PER_UNIT = 1_000_000

/** The largest amount either way: one less than the largest safe integer, because that is what avsc takes as a long. */
export const MAX_MICROS = Number.MAX_SAFE_INTEGER - 1

const DECIMAL = /^(-?)(\d{1,10})(?:\.(\d{0,6})0*)?$/

/**
 * Micro-units of a plain decimal such as `2.55`, `-11062.06` or `0.001`. Undefined where the text is anything else
 * (exponents, blanks, digit separators), has more than six decimals that count, or is beyond `MAX_MICROS`.
 */
export function parseMicros(text: string): number | undefined {
  const parts = DECIMAL.exec(text)
  if (parts === null) return undefined
  const micros = Number(parts[2]) * MICROS_PER_UNIT + Number((parts[3] ?? '').padEnd(6, '0'))
  if (micros > MAX_MICROS) return undefined
  return parts[1] === '-' && micros !== 0 ? -micros : micros
}

/** The shortest decimal with at least two places: 2550000 is `2.55`, 1000 is `0.001`. */
export function formatMicros(micros: number): string {
  const whole = Math.floor(Math.abs(micros) / MICROS_PER_UNIT)
  const fraction = String(Math.abs(micros) % MICROS_PER_UNIT).padStart(6, '0')
  return `${micros < 0 ? '-' : ''}${whole}.${fraction.slice(0, 2)}${fraction.slice(2).replace(/0+$/, '')}`
}

/** Price times quantity, undefined where the product is beyond `MAX_MICROS`. */
export function timesQuantity(unitPriceMicros: number, quantity: number): number | undefined {
  const amountMicros = unitPriceMicros * quantity
  return Math.abs(amountMicros) <= MAX_MICROS ? amountMicros : undefined
}

/** Micro-units of a setting such as `'500.00'`. @throws RangeError: the message names the setting */
export function micros(amount: unknown, name: string): number {
  const parsed = typeof amount === 'string' ? parseMicros(amount) : undefined
  if (parsed === undefined || parsed < 0) throw new RangeError(`${name} must be an amount in a text, such as '500.00'`)
  return parsed
}
