/**
 * Amounts of money as whole micro-units (a millionth of the currency's unit) in a number: exact up to 9 billion, so that
 * 166.67 three times is 500.01 and a threshold of 500.00 means 500.00.
 */

export const MICROS_PER_UNIT = 1_000_000

/** The largest amount either way: one less than the largest safe integer, because that is what avsc takes as a long. */
export const MAX_MICROS = Number.MAX_SAFE_INTEGER - 1

/** Digits before and after the point that count. */
const WHOLE_DIGITS = 10
const DECIMALS = 6
const MINUS = 0x2d
const POINT = 0x2e

/**
 * Micro-units of a plain decimal such as `2.55`, `-11062.06` or `0.001`. Undefined where the text is anything else
 * (exponents, blanks, digit separators), has more than six decimals that count, or is beyond `MAX_MICROS`.
 */
export function parseMicros(text: string): number | undefined {
  const isNegative = text.charCodeAt(0) === MINUS
  const start = isNegative ? 1 : 0
  let micros = 0
  let at = start
  for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) micros = micros * 10 + digit
  if (at === start || at - start > WHOLE_DIGITS) return undefined
  let decimals = 0
  if (at < text.length) {
    if (text.charCodeAt(at++) !== POINT) return undefined
    for (; at < text.length; at++) {
      const digit = digitAt(text, at)
      if (digit < 0 || (decimals === DECIMALS && digit > 0)) return undefined
      if (decimals === DECIMALS) continue
      micros = micros * 10 + digit
      decimals++
    }
  }
  for (; decimals < DECIMALS; decimals++) micros *= 10
  if (micros > MAX_MICROS) return undefined
  return isNegative && micros !== 0 ? -micros : micros
}

/** -1: there is no digit. */
function digitAt(text: string, place: number): number {
  const digit = text.charCodeAt(place) - 0x30
  return digit >= 0 && digit <= 9 ? digit : -1
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
