/** Values of JSON that somebody else's client made: read if they mean one thing, otherwise a reason. */
import { MICROS_PER_UNIT, parseMicros } from './money.js'

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What is wrong with a call or an event, in words for its sender; the mapping throws it, and its entry catches it. */
export class InputProblem extends Error {}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object, or an empty one if it is absent. @throws InputProblem */
export function objectOf(value: unknown, name: string): JsonObject {
  if (value === undefined || value === null) return {}
  if (isObject(value)) return value
  throw new InputProblem(`${name} is not an object`)
}

/** A text, or a number as text, because many clients have numeric ids; null if absent or empty. @throws InputProblem */
export function wordOf(value: unknown, name: string): string | null {
  if (value === undefined || value === null || value === '') return null
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw new InputProblem(`${name} is not a text`)
}

/** An amount of money in micro-units: a number, or a plain decimal as text. @throws InputProblem */
export function microsOf(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === '') return null
  // A number has the digits that its shortest decimal has. Computed ones, such as 0.1 + 0.2, are rounded to a micro-unit.
  const micros =
    typeof value === 'number' ? (parseMicros(String(value)) ?? rounded(value)) : parseMicros(String(value).trim())
  if (micros === undefined) throw new InputProblem(`${name} is not a decimal`)
  return micros
}

function rounded(value: number): number | undefined {
  return Math.abs(value) * MICROS_PER_UNIT < Number.MAX_SAFE_INTEGER ? parseMicros(value.toFixed(6)) : undefined
}

/** Seconds as whole milliseconds, what is finer cut off, so that 279.9999 stays before 280. @throws InputProblem */
export function secondsToMs(value: unknown, name: string): number | null {
  if (value === undefined || value === null || value === '') return null
  const seconds = numberOf(value)
  if (seconds === undefined) throw new InputProblem(`${name} is not a number of seconds`)
  const ms = Math.round(seconds * 1_000)
  return ms / 1_000 > seconds ? ms - 1 : ms
}

/** A count of pieces; 1 if absent. @throws InputProblem */
export function countOf(value: unknown, name: string): number {
  if (value === undefined || value === null || value === '') return 1
  const count = numberOf(value)
  if (count === undefined || !Number.isSafeInteger(count)) throw new InputProblem(`${name} is not a whole number`)
  return count
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' && NUMBER.test(value) ? Number(value) : undefined
}
