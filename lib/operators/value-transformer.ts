/** Starts user code that transforms a table's values. */
import { MillraceError } from '../errors.js'
import { usableBy } from '../state/read-only.js'
import {
  type StoreReference,
  storeNameOf,
  type TransformContext,
  type ValueTransformer,
  type ValueTransformerSupplier,
} from '../topology/processor.js'
import { requireFunction } from '../topology/validate/functions.js'
import type { UserCode } from './context.js'
import { orNull } from './fold.js'

import { punctuation, starting } from './user-code.js'

export interface StartedTransformer {
  readonly transform: (key: unknown, value: unknown) => unknown
  readonly transformer: ValueTransformer
}

/** `follows`: it is given changes as they come, so that the current record is where they come from. */
export function startTransformer(
  what: { readonly supplier: ValueTransformerSupplier; readonly transformerStores: readonly string[] },
  context: UserCode,
  follows: boolean,
): StartedTransformer {
  const given = transformContext(what.transformerStores, context, follows)
  const transformer = starting('supplier', context, () => what.supplier(given))
  requireFunction(transformer?.transform, 'transform', `the transformer of ${context.nodeName}`)
  starting<unknown>('init', context, () => transformer.init?.(given))
  return { transformer, transform: (key, value) => orNull(transformer.transform(key, value)) }
}

function transformContext(stores: readonly string[], context: UserCode, follows: boolean): TransformContext {
  return {
    taskId: context.taskId,
    applicationId: context.applicationId,
    appConfigs: context.appConfigs,
    getStateStore<S>(store: string | StoreReference<S>): S {
      const name = storeNameOf(store)
      if (!stores.includes(name)) {
        const global = context.globalStore(name)
        if (global !== null) return global.store as S
        throw new MillraceError(
          'TOPOLOGY_STORE_UNKNOWN',
          `The transformer of node ${context.nodeName} called getStateStore for store ${name}, which is not connected to it; connected: ${stores.join(', ') || 'none'}.`,
          { node: context.nodeName, taskId: context.taskId },
        )
      }
      return usableBy(context.store<S>(name), context.nodeName)
    },
    schedule: (intervalMs, type, punctuate, options) =>
      context.schedule(intervalMs, type, punctuation(punctuate, context.nodeName), options),
    commit: () => context.requestCommit(),
    recordMetadata: () => (follows ? context.recordMetadata() : null),
    currentStreamTimeMs: () => context.taskStreamTimeMs(),
    currentSystemTimeMs: () => context.wallClockMs(),
    drop: (reason) => context.drop(reason),
  }
}
