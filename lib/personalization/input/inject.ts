/** Faults for a replay: events out of order, repeated, or delayed, determined by a seed after the events have ids. */

import type { Random } from '../../index.js'
import { ServiceError } from '../errors.js'

/** Disturbances of a replayed input. */
export interface InjectPlan {
  /** An event may move behind others that are up to this much later, in milliseconds of event time; 0: none moves. */
  readonly shuffleMs: number
  /** Share of events that are sent a second time under the same id, 0 to 1. */
  readonly duplicateShare: number
  /** Share of events that are buffered, 0 to 1. */
  readonly lateShare: number
  /** How long those are buffered, in milliseconds of event time. */
  readonly lateMs: number
}

/** No disturbances. */
export const NO_INJECTION: InjectPlan = { shuffleMs: 0, duplicateShare: 0, lateShare: 0, lateMs: 0 }

/** Parses `shuffle=MS,duplicate=SHARE,late=SHARE:MS`, each at most once. @throws ServiceError INJECT_INVALID */
export function parseInject(text: string): InjectPlan {
  const plan = { ...NO_INJECTION }
  const seen = new Set<string>()
  for (const part of text.split(',')) {
    const [name, value, ...more] = part.split('=')
    if (value === undefined || more.length > 0) throw invalid(`'${part}' is not NAME=VALUE`)
    if (seen.has(name!)) throw invalid(`${name} is given twice`)
    seen.add(name!)
    if (name === 'shuffle') plan.shuffleMs = milliseconds(value, name)
    else if (name === 'duplicate') plan.duplicateShare = share(value, name)
    else if (name === 'late') {
      const [shareText, msText, ...rest] = value.split(':')
      if (msText === undefined || rest.length > 0) throw invalid('late is not SHARE:MS')
      plan.lateShare = share(shareText!, name)
      plan.lateMs = milliseconds(msText, name)
    } else throw invalid(`'${name}' is not known`)
  }
  return plan
}

function milliseconds(text: string, name: string): number {
  if (!/^\d{1,12}$/.test(text)) throw invalid(`${name} must be a whole number of milliseconds`)
  return Number(text)
}

function share(text: string, name: string): number {
  if (!/^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/.test(text)) throw invalid(`${name} must be a share from 0 to 1`)
  return Number(text)
}

function invalid(what: string): ServiceError {
  return new ServiceError('INJECT_INVALID', `--inject: ${what}; write shuffle=MS,duplicate=SHARE,late=SHARE:MS`)
}

/** An event on hold until the stream reaches `dueMs`; `order` keeps events of one time as they came. */
interface Held<T> {
  readonly dueMs: number
  readonly order: number
  readonly event: T
}

/**
 * `events` with the plan's faults; input that is out of order already keeps its order and is moved from where it is. Every event draws the same number of random values, so one seed gives one sequence.
 * `timeOf` answers an event's time, or undefined for what has none (an unreadable row): that stays where it is. An event
 * moved by shuffling comes less than `shuffleMs` behind the stream's time; a buffered one up to `lateMs` more. Whatever
 * is on hold when the events end follows in due order.
 */
export async function* inject<T>(
  events: AsyncIterable<T> | Iterable<T>,
  plan: InjectPlan,
  random: Random,
  timeOf: (event: T) => number | undefined,
): AsyncGenerator<T> {
  const held: Held<T>[] = []
  let order = 0
  let streamTimeMs = Number.NEGATIVE_INFINITY
  for await (const event of events) {
    const atMs = timeOf(event)
    if (atMs !== undefined && atMs > streamTimeMs) streamTimeMs = atMs
    while (held.length > 0 && held[0]!.dueMs < streamTimeMs) yield pop(held).event
    const isLate = random.next() < plan.lateShare
    const delayMs = (isLate ? plan.lateMs : 0) + Math.floor(random.next() * plan.shuffleMs)
    const isDoubled = random.next() < plan.duplicateShare
    const secondDelayMs = Math.floor(random.next() * plan.shuffleMs)
    const movesMs = atMs === undefined ? 0 : delayMs
    push(held, { dueMs: streamTimeMs + movesMs, order: order++, event })
    if (isDoubled && atMs !== undefined) push(held, { dueMs: streamTimeMs + secondDelayMs, order: order++, event })
  }
  while (held.length > 0) yield pop(held).event
}

function isBefore(a: Held<unknown>, b: Held<unknown>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)
}

/** Adds to the binary heap. */
function push<T>(heap: Held<T>[], held: Held<T>): void {
  let place = heap.push(held) - 1
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (!isBefore(held, heap[parent]!)) break
    heap[place] = heap[parent]!
    place = parent
  }
  heap[place] = held
}

/** Takes the first off the binary heap, which is not empty. */
function pop<T>(heap: Held<T>[]): Held<T> {
  const first = heap[0]!
  const last = heap.pop()!
  if (heap.length === 0) return first
  let hole = 0
  for (;;) {
    let child = 2 * hole + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    if (!isBefore(heap[child]!, last)) break
    heap[hole] = heap[child]!
    hole = child
  }
  heap[hole] = last
  return first
}
