/** Describes a value in an error without its contents: errors contain no payload. */

/** `undefined`, `a string`, `a fraction`, `a promise`, ... */
export function kindOf(answer: unknown): string {
  if (answer === null || answer === undefined) return String(answer)
  if (Array.isArray(answer)) return 'an array'
  if (answer instanceof Date) return 'a Date'
  if (answer instanceof Promise) return 'a promise'
  if (typeof answer !== 'number') return typeof answer === 'object' ? 'an object' : `a ${typeof answer}`
  if (!Number.isFinite(answer)) return String(answer)
  if (Number.isSafeInteger(answer)) return 'a number'
  return Number.isInteger(answer) ? 'a number beyond 2^53' : 'a fraction'
}
