/** Starts and closes user code with its task. Its errors name the node, the task and the function. */
import { isMillraceError, MillraceError } from '../errors.js'
import { requireFunction } from '../topology/validate/functions.js'
import { atOnce } from './at-once.js'
import type { Place } from './context.js'

/** @throws MillraceError PROCESS_FAILED; an error of Millrace's own, e.g. about a store that is not connected, as it is */
export function starting<R>(what: string, place: Place, call: () => R): R {
  return named('PROCESS_FAILED', what, place, call)
}

/** @throws MillraceError HANDLER_FAILED, after which the others are still to be closed */
export function ending(what: string, place: Place, call: () => unknown): void {
  named('HANDLER_FAILED', what, place, call)
}

function named<R>(
  code: 'PROCESS_FAILED' | 'HANDLER_FAILED',
  what: string,
  { nodeName: node, taskId }: Place,
  call: () => R,
): R {
  try {
    return atOnce(call(), what)
  } catch (cause) {
    if (isMillraceError(cause)) throw cause
    throw new MillraceError(code, `The ${what} of node ${node} threw in task ${taskId}.`, { node, taskId, cause })
  }
}

/** What user code schedules, checked now and at each call. @throws MillraceError TOPOLOGY_FUNCTION_* */
export function punctuation(punctuate: (timestampMs: number) => void, node: string): (timestampMs: number) => void {
  requireFunction(punctuate, 'punctuate', `a schedule of node ${node}`)
  return (timestampMs) => {
    atOnce<unknown>(punctuate(timestampMs), 'punctuation')
  }
}

/** Closes all of them, whatever one throws. @throws the first failure */
export function closeEach(closing: readonly { readonly close?: () => void }[]): void {
  const failures: unknown[] = []
  for (const each of closing) {
    try {
      each.close?.()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
