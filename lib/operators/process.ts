/** User processors: `process` and `processValues`, with the context of the Processor API. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { NO_HEADERS, type StreamRecord } from '../record/record.js'
import { fillerOf, usableBy } from '../state/read-only.js'
import type { NodeBase } from '../topology/node.js'
import {
  type ForwardedRecord,
  type Processor,
  type ProcessorContext,
  type StoreReference,
  storeNameOf,
} from '../topology/processor.js'
import type { ProcessNode } from '../topology/stateless-nodes.js'
import type { StoreDefinition } from '../topology/topology.js'
import { requireFunction } from '../topology/validate-functions.js'
import type { Build, DueTimers, OperatorContext, Push } from './operator.js'

export const buildProcess: Build<ProcessNode> = (node, context) => {
  if (node.fixedKey) return buildFixedKey(node, context)
  const processor = start(node, context, context.forward, (name) => context.child(name))
  return { push: (record) => processor.process(record), ...closing(processor) }
}

/** As above, but a record forwarded while one is processed must keep its key: nothing repartitions after this node. */
function buildFixedKey(node: ProcessNode, context: OperatorContext) {
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
  const processor = start(node, context, keeping(context.forward), (name) => keeping(context.child(name)))
  const push: Push = (record) => {
    input = record
    try {
      processor.process(record)
    } finally {
      input = null
    }
  }
  return { push, ...closing(processor) }
}

function start(node: ProcessNode, context: OperatorContext, forward: Push, child: (name: string) => Push): Processor {
  const given = processorContext(node, context, forward, child)
  const processor = node.supplier(given)
  requireFunction(processor?.process, 'process', `the processor of ${node.name}`)
  followTimers(node, context, processor)
  processor.init?.(given)
  return processor
}

function followTimers(node: ProcessNode, context: OperatorContext, processor: Processor): void {
  for (const name of node.stores) {
    if (context.storeKind(name) !== 'timers') continue
    if (processor.onTimer === undefined) {
      throw new MillraceError(
        'PROCESSOR_TIMER_UNHEARD',
        `Node ${node.name} has the timer store ${name}, and its processor no onTimer.`,
        { node: node.name, taskId: context.taskId },
      )
    }
    const timers = context.store<DueTimers & { readonly definition: Pick<StoreDefinition, 'timerType'> }>(name)
    context.followTimers(timers.definition.timerType ?? 'streamTime', timers, (key, atMs) =>
      processor.onTimer!(key, atMs, name),
    )
  }
}

function closing(processor: Processor): { close?: () => void } {
  return processor.close === undefined ? {} : { close: () => processor.close?.() }
}

function withHeaders(record: ForwardedRecord<unknown, unknown>): StreamRecord {
  return record.headers === undefined ? { ...record, headers: NO_HEADERS } : (record as StreamRecord)
}

function timeless({ name: node }: Pick<NodeBase, 'name'>, { taskId }: OperatorContext, timestamp: unknown) {
  const problem = `Node ${node} forwarded a record whose timestamp is ${kindOf(timestamp)}, not whole milliseconds.`
  return new MillraceError('RECORD_TIMESTAMP_INVALID', problem, { node, taskId })
}

/** The context user code is given at `node`. */
export function processorContext(
  node: Pick<NodeBase, 'name' | 'stores'>,
  context: OperatorContext,
  forward: Push,
  child: (name: string) => Push,
): ProcessorContext {
  const children = new Map<string, Push>()
  const fills = node.stores.some((name) => fillerOf(context.store(name)) === node.name)
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
          `Node ${node.name} asked for store ${name}, which is not connected to it; connected: ${node.stores.join(', ') || 'none'}.`,
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
      return context.schedule(intervalMs, type, punctuate, options)
    },
    commit: () => context.requestCommit(),
    recordMetadata: () => context.recordMetadata(),
    currentStreamTimeMs: () => context.taskStreamTimeMs(),
    currentSystemTimeMs: () => context.wallClockMs(),
    drop: (reason) => context.drop(reason),
  }
}
