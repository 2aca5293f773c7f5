/** Starts user code that transforms a table's values. */
import { MillraceError } from '../errors.js'
import { usableBy } from '../state/read-only.js'
import type { ValueTransformer, ValueTransformerSupplier } from '../topology/processor.js'
import { orNull } from './fold.js'
import type { OperatorContext } from './operator.js'

export interface StartedTransformer {
  readonly transform: (key: unknown, value: unknown) => unknown
  readonly transformer: ValueTransformer
}

/** `follows`: it is given changes as they come, so that the record in hand is where they come from. */
export function startTransformer(
  what: { readonly supplier: ValueTransformerSupplier; readonly transformerStores: readonly string[] },
  context: OperatorContext,
  follows: boolean,
): StartedTransformer {
  const transformer = what.supplier()
  transformer.init?.({
    taskId: context.taskId,
    applicationId: context.applicationId,
    appConfigs: context.appConfigs,
    getStateStore<S>(name: string): S {
      if (!what.transformerStores.includes(name)) {
        throw new MillraceError(
          'TOPOLOGY_STORE_UNKNOWN',
          `The transformer of node ${context.nodeName} asked for store ${name}; its stores: ${what.transformerStores.join(', ') || 'none'}.`,
          { node: context.nodeName, taskId: context.taskId },
        )
      }
      return usableBy(context.store<S>(name), context.nodeName)
    },
    schedule: context.schedule,
    commit: () => context.requestCommit(),
    recordMetadata: () => (follows ? context.recordMetadata() : null),
    currentStreamTimeMs: () => context.taskStreamTimeMs(),
    currentSystemTimeMs: () => context.wallClockMs(),
    drop: (reason) => context.drop(reason),
  })
  return { transformer, transform: (key, value) => orNull(transformer.transform(key, value)) }
}
