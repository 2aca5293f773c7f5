/** Values as JSON text in UTF-8. */

import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import { own, readAnswer } from './checked.js'
import { hasWideIntegers, parseWide, stringifyWide } from './json-integers.js'
import type { Serde } from './serde.js'

/** Options of {@link json}. */
export interface JsonOptions {
  /**
   * How whole numbers beyond ±(2^53 - 1) are read and written. `'number'` (default): they are rejected, because a number would round
   * them. `'bigint'`: as bigint.
   */
  readonly longs?: 'number' | 'bigint'
}

function wrong(what: string, topic: string): MillraceError {
  return new MillraceError('SERDE_VALUE_INVALID', `json on topic ${topic} cannot write ${what}`, { topic })
}

const BEYOND = 'a whole number beyond 2^53'

/**
 * Values as JSON in UTF-8: `json<Click>()`. Nothing checks at run time that a value is a `T`, unless `check` does: it gets the parsed
 * value and returns it, or throws; then the record goes to `onDeserializationError`. `serialize` throws SERDE_VALUE_INVALID for NaN,
 * Infinity, undefined, a bigint (without `longs: 'bigint'`), an object that contains itself, and for what JSON would write as `{}`: a
 * Map, a Set, a promise, an Error, a regular expression.
 */
export function json<T>(check?: (value: unknown) => T, options: JsonOptions = {}): Serde<T> {
  requireKnown(options, ['longs'], 'json', 'CONFIG_INVALID')
  if (check !== undefined && typeof check !== 'function') {
    throw new MillraceError('CONFIG_INVALID', `json: check is ${kindOf(check)}: use a function, and put options second`)
  }
  const { longs = 'number' } = options
  const wide = longs === 'bigint'
  return own({
    name: 'json',
    serialize(value: T, topic: string): Buffer {
      const text = textOf(value, topic, wide)
      if (text === undefined) throw wrong(`a ${typeof value}`, topic)
      if (!wide && hasWideIntegers(text)) throw wrong(`${BEYOND}: see \`longs\``, topic)
      // Text would say `null`.
      if (text.includes('null') && mayHoldNonFinite(value) && hasNonFinite(value)) throw wrong('NaN or Infinity', topic)
      // Text would say `{}`, as of an object that has nothing in it.
      if (text.includes('{}')) refuseLost(value, topic)
      return Buffer.from(text, 'utf8')
    },
    deserialize(bytes: Buffer, topic: string): T {
      const text = bytes.toString('utf8')
      let value: unknown
      try {
        value = wide ? parseWide(text) : JSON.parse(text)
      } catch {
        // The parser's own message quotes the payload, so it is not passed on.
        throw new MillraceError('SERDE_BYTES_INVALID', `${bytes.length} bytes on topic ${topic} are not valid JSON`, {
          topic,
        })
      }
      if (!wide && hasWideIntegers(text)) {
        const message = `${bytes.length} bytes of JSON on topic ${topic} contain ${BEYOND}: read them with \`longs: 'bigint'\``
        throw new MillraceError('SERDE_BYTES_INVALID', message, { topic })
      }
      return check === undefined ? (value as T) : readAnswer(check(value), 'the check of json')
    },
    // A check may answer another value than it was given.
    keeps: (value: unknown): boolean => check === undefined && isKept(value),
  })
}

/** A bigint is not: a short one comes back as a number. */
function isKept(value: unknown): boolean {
  if (typeof value !== 'number') return typeof value === 'string' || typeof value === 'boolean'
  return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value))
}

function textOf(value: unknown, topic: string, wide: boolean): string | undefined {
  try {
    return wide ? stringifyWide(value) : JSON.stringify(value)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause // of user code: a toJSON, a getter
    if (wide) throw wrong('a number beyond 2^53, which may be rounded, or a value that JSON does not support', topic)
    throw wrong('a bigint (see `longs`), or an object that contains itself', topic)
  }
}

const LOST: readonly (readonly [kind: new (...given: never[]) => object, what: string])[] = [
  [Map, 'a Map: use Object.fromEntries(map)'],
  [Set, 'a Set: use [...set]'],
  [Promise, 'a promise: await it in mapValuesAsync'],
  [Error, 'an Error: use its message'],
  [RegExp, 'a regular expression: use its source'],
]

/** @throws MillraceError SERDE_VALUE_INVALID where a part of the value would be an empty object, with nothing of its contents */
function refuseLost(value: unknown, topic: string): void {
  JSON.stringify(value, (_key, each: unknown) => {
    const lost = LOST.find(([kind]) => each instanceof kind && Object.keys(each).length === 0)
    if (lost !== undefined) throw wrong(lost[1], topic)
    return typeof each === 'bigint' ? 0 : each
  })
}

/** False: no number in it is NaN or infinite. Sees it without making the text a second time. */
function mayHoldNonFinite(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value)
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return 'toJSON' in value || value.some(mayHoldNonFinite)
  if ('toJSON' in value) return true
  for (const key in value) if (mayHoldNonFinite((value as Record<string, unknown>)[key])) return true
  return false
}

/** As the text is made: behind `toJSON`, and only of what is in it. */
function hasNonFinite(value: unknown): boolean {
  let found = false
  JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) found = true
    return typeof each === 'bigint' ? 0 : each
  })
  return found
}
