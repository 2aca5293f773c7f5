/**
 * Finds whole numbers in JSON text that a JavaScript number would round. The parser rounds without an error, so the
 * text is searched: first quickly for long runs of digits, and exactly only if there are any.
 */

/** 2^53 - 1 has as many digits. Fewer in a row are no such number. */
const MANY_DIGITS = 16
/** A string, which is omitted, or a number. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
/** From here on a number is written with an exponent, which nobody takes for a whole number. */
const EXPONENT = 1e21
const WHOLE = /^-?\d+$/
/** In front of the digits where a whole number stands as a string for a while. */
const MARK = '\u{f8ff}integer:'
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g')

function isDigit(text: string, at: number): boolean {
  const char = text.charCodeAt(at)
  return char >= 48 && char <= 57
}

/** Of so many digits in a row one stands at every place looked at. */
function hasManyDigits(text: string): boolean {
  for (let at = MANY_DIGITS - 1; at < text.length; at += MANY_DIGITS) {
    if (!isDigit(text, at)) continue
    let start = at
    while (isDigit(text, start - 1)) start--
    let end = at + 1
    while (isDigit(text, end)) end++
    if (end - start >= MANY_DIGITS) return true
  }
  return false
}

function isWide(token: string): boolean {
  return token.length >= MANY_DIGITS && WHOLE.test(token) && !Number.isSafeInteger(Number(token))
}

/** True where `text`, which is JSON, holds a whole number beyond ±(2^53 - 1). */
export function hasWideIntegers(text: string): boolean {
  if (!hasManyDigits(text)) return false
  for (const [token] of text.matchAll(TOKEN)) if (isWide(token)) return true
  return false
}

/** As `JSON.parse`, where whole numbers beyond ±(2^53 - 1) become bigints. @throws SyntaxError */
export function parseWide(text: string): unknown {
  if (!hasWideIntegers(text)) return JSON.parse(text)
  if (text.includes(MARK) || /\\uf8ff/i.test(text)) throw new SyntaxError('a mark of our own')
  JSON.parse(text) // A number is not looked for in what is no JSON.
  const marked = text.replace(TOKEN, (token) => (isWide(token) ? `"${MARK}${token}"` : token))
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  )
}

/** As `JSON.stringify`, where bigints become their digits. @throws TypeError where a number or a text cannot be told */
export function stringifyWide(value: unknown): string | undefined {
  const text: string | undefined = JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'bigint') return MARK + each
    if (
      typeof each === 'number' &&
      Number.isInteger(each) &&
      !Number.isSafeInteger(each) &&
      Math.abs(each) < EXPONENT
    ) {
      throw new TypeError('a number beyond 2^53, which may be rounded')
    }
    if (typeof each === 'string' && each.startsWith(MARK)) throw new TypeError('a text with a mark of our own')
    return each
  })
  return text?.replace(MARKED, '$1')
}
