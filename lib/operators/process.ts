/** User processors: `process` and `processValues`, with the context of the Processor API. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { NO_HEADERS, type StreamRecord } from '../record/record.js'
import type { DueTimers } from '../state/ports/timer-store.js'
import { fillingNode, usableBy } from '../state/read-only.js'
import type { TimersDefinition } from '../state/stores/timers-store.js'
import type { NodeBase } from '../topology/node-base.js'
import {
  type ForwardedRecord,
  type Processor,
  type ProcessorContext,
  type StoreReference,
  storeNameOf,
} from '../topology/processor.js'
import type { ProcessNode } from '../topology/stateless-nodes.js'
import { requireFunction } from '../topology/validate/functions.js'
import { atOnce } from './at-once.js'
import { CallScope } from './call-scope.js'
import type { ProcessorCode } from './context.js'
import type { Build, Push } from './operator.js'
import { ending, punctuation, starting } from './user-code.js'

export const buildProcess: Build<ProcessNode, ProcessorCode> = (node, context) => {
  if (node.fixedKey) return buildFixedKey(node, context)
  const { processor, scope } = start(node, context, context.forward, (name) => context.child(name))
  const push: Push = (record) => {
    scope.enter()
    try {
      atOnce<unknown>(processor.process(record), 'processor')
    } finally {
      scope.leave()
    }
  }
  return { push, ...closing(processor, context) }
}

/** As above, but a record forwarded while one is processed must keep its key: nothing repartitions after this node. */
function buildFixedKey(node: ProcessNode, context: ProcessorCode) {
  let input: StreamRecord | null = null
  const keeping =
    (push: Push): Push =>
    (record) => {
      if (input !== null && record.key !== input.key) {
        throw new MillraceError(
          'PROCESSOR_KEY_CHANGED',
          `Node ${node.name} forwarded a record with another key from processValues; use process to change keys.`,
          { node: node.name, taskId: context.taskId },
        )
      }
      push(record)
    }
  const { processor, scope } = start(node, context, keeping(context.forward), (name) => keeping(context.child(name)))
  const push: Push = (record) => {
    input = record
    scope.enter()
    try {
      atOnce<unknown>(processor.process(record), 'processor')
    } finally {
      scope.leave()
      input = null
    }
  }
  return { push, ...closing(processor, context) }
}

interface Started {
  readonly processor: Processor
  readonly scope: CallScope
}

function start(node: ProcessNode, context: ProcessorCode, forward: Push, child: (name: string) => Push): Started {
  const scope = new CallScope(node.name, context)
  const given = processorContext(node, context, scope.within(forward), (name) => scope.within(child(name)), scope)
  const processor = starting('supplier', context, () => node.supplier(given))
  if (typeof processor !== 'object' || processor === null) {
    const text = `the supplier of ${node.name} returned ${kindOf(processor)}: return an object with the function \`process\``
    throw new MillraceError('TOPOLOGY_FUNCTION_MISSING', text, { node: node.name, taskId: context.taskId })
  }
  requireFunction(processor.process, 'process', `the processor of ${node.name}`)
  followTimers(node, context, processor, scope)
  const init = scope.around(() => processor.init?.(given))
  starting<unknown>('init', context, init)
  return { processor, scope }
}

function followTimers(node: ProcessNode, context: ProcessorCode, processor: Processor, scope: CallScope): void {
  const names = node.stores.filter((name) => context.storePort(name) === 'timers')
  const stores = names.map((name) => context.store<DueTimers & { readonly definition: TimersDefinition }>(name))
  const handled = processor.onTimer !== undefined
  const where = { node: node.name, taskId: context.taskId }
  if (handled && stores.length > 0 && stores.every(({ definition }) => definition.timerType === 'processorTime')) {
    const problem = `Node ${node.name} takes the timers of ${names.join(', ')} itself, but its processor has an onTimer.`
    throw new MillraceError('PROCESSOR_TIMER_TIME_MISMATCH', problem, where)
  }
  for (const timers of stores) {
    const { name, timerType } = timers.definition
    if (timerType === 'processorTime') {
      timers.attach(() => context.taskStreamTimeMs(), null)
      continue
    }
    if (!handled) {
      const problem = `Node ${node.name} has the timer store ${name}, but its processor has no onTimer.`
      throw new MillraceError('PROCESSOR_TIMER_NOT_HANDLED', problem, where)
    }
    const onTimer = (key: unknown, atMs: number) => {
      atOnce<unknown>(processor.onTimer!(key, atMs, name), 'onTimer of the processor')
    }
    context.followTimers(timerType, timers, scope.around(onTimer))
  }
}

function closing(processor: Processor, context: ProcessorCode): { close?: () => void } {
  return processor.close === undefined ? {} : { close: () => ending('close', context, () => processor.close?.()) }
}

function withHeaders(record: ForwardedRecord<unknown, unknown>): StreamRecord {
  return record.headers === undefined ? { ...record, headers: NO_HEADERS } : (record as StreamRecord)
}

function timeless({ name: node }: Pick<NodeBase, 'name'>, { taskId }: ProcessorCode, timestamp: unknown) {
  const rest = timestamp === undefined ? ' Forward one whole record, such as { ...record, value }.' : ''
  const problem = `Node ${node} forwarded a record whose timestamp is ${kindOf(timestamp)}, not a whole number of milliseconds.${rest}`
  return new MillraceError('RECORD_TIMESTAMP_INVALID', problem, { node, taskId })
}

/** The context user code is given at `node`. */
export function processorContext(
  node: Pick<NodeBase, 'name' | 'stores'>,
  context: ProcessorCode,
  forward: Push,
  child: (name: string) => Push,
  scope: CallScope,
): ProcessorContext {
  const children = new Map<string, Push>()
  const fills = node.stores.some((name) => fillingNode(context.store(name)) === node.name)
  return {
    taskId: context.taskId,
    applicationId: context.applicationId,
    appConfigs: context.appConfigs,
    forward(given, childName) {
      const record = withHeaders(given)
      if (!Number.isSafeInteger(record.timestamp)) throw timeless(node, context, record.timestamp)
      if (childName === undefined) {
        forward(record)
        return
      }
      let push = children.get(childName)
      if (push === undefined) {
        push = child(childName)
        children.set(childName, push)
      }
      push(record)
    },
    getStateStore<S>(store: string | StoreReference<S>): S {
      const name = storeNameOf(store)
      if (!node.stores.includes(name)) {
        const global = context.globalStore(name)
        if (global !== null) return global.store as S
        throw new MillraceError(
          'TOPOLOGY_STORE_UNKNOWN',
          `Node ${node.name} called getStateStore for store ${name}, which is not connected to it; connected: ${node.stores.join(', ') || 'none'}.`,
          { node: node.name, taskId: context.taskId },
        )
      }
      return usableBy(context.store<S>(name), node.name)
    },
    schedule(intervalMs, type, punctuate, options) {
      if (fills) {
        throw new MillraceError(
          'TOPOLOGY_GLOBAL_PROCESSOR',
          `Node ${node.name} fills the read-only store ${node.stores[0]} and cannot schedule punctuations.`,
          { node: node.name, taskId: context.taskId },
        )
      }
      return context.schedule(intervalMs, type, scope.around(punctuation(punctuate, node.name)), options)
    },
    commit: () => context.requestCommit(),
    recordMetadata: () => context.recordMetadata(),
    currentStreamTimeMs: () => context.taskStreamTimeMs(),
    currentSystemTimeMs: () => context.wallClockMs(),
    drop: (reason) => context.drop(reason),
  }
}
