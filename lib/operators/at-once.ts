/**
 * Checks that synchronous user code returns no promise. A promise would pass every filter, and its rejection would be
 * unhandled.
 */

/** `answer`, unless it is a promise, whose failure then stays with the current record. @throws TypeError */
export function atOnce<A>(answer: A, what: string): A {
  if (answer instanceof Promise) refuse(answer, what)
  return answer
}

function refuse(promise: Promise<unknown>, what: string): never {
  promise.catch(() => undefined)
  throw new TypeError(
    `the ${what} returned a promise, which is not awaited: use mapAsync, mapValuesAsync or processAsync`,
  )
}
