/** What mappers answer, checked at the record: a wrong shape would be a null key and a null value, without a word. */
import { kindOf } from './kind-of.js'

type Pair = readonly [unknown, unknown]

/** @throws TypeError */
export function requirePair(answer: unknown, operator: string): asserts answer is Pair {
  if (!Array.isArray(answer) || answer.length !== 2) throw notAPair(answer, operator)
}

function notAPair(answer: unknown, operator: string): TypeError {
  ignoreFailure(answer)
  return new TypeError(
    `the mapper of ${operator} returned ${Array.isArray(answer) ? `an array of ${answer.length}` : kindOf(answer)}: return a pair, [key, value]`,
  )
}

/** Text would be taken apart into its letters. @throws TypeError */
export function requireIterable(answer: unknown, operator: string, what: string): asserts answer is Iterable<unknown> {
  if (typeof answer === 'object' && answer !== null && Symbol.iterator in answer) return
  ignoreFailure(answer)
  throw new TypeError(`the mapper of ${operator} returned ${kindOf(answer)}: return an array of ${what}`)
}

/** The record has failed already. A rejection that nobody handles would end the process. */
function ignoreFailure(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => undefined)
}
