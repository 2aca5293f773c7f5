/** An operator inside the user's wrapper, for its input and its output. */
import { MillraceError } from '../errors.js'
import type { StreamRecord } from '../record/record.js'
import type { Node } from '../topology/node.js'
import type { NodeWrapping } from '../topology/node-base.js'
import { CallScope } from './call-scope.js'
import type { OperatorContext, Place } from './context.js'
import type { Build, Operator, Push } from './operator.js'
import { processorContext } from './process.js'
import { closeEach, ending, starting } from './user-code.js'

export function buildWrapped<N extends Node>(
  node: N,
  { supplier, fixedKey }: NodeWrapping,
  context: OperatorContext,
  build: Build<N, OperatorContext>,
): Operator {
  const wrap = starting('wrapper', context, supplier)
  const scope = new CallScope(node.name, context)
  const keeping = fixedKey ? keyKeeper(node, context) : asItIs
  const outgoing = (push: Push): Push =>
    wrap.forward === undefined ? push : scope.around((record) => wrap.forward!(record, keeping(record, push)))
  const child = (name: string) => scope.within(context.child(name))
  const given = processorContext(node, context, scope.within(context.forward), child, scope)
  const init = scope.around(() => wrap.init?.(given))
  starting<unknown>('init of the wrapper', context, init)
  const operator = build(node, {
    ...context,
    forward: outgoing(context.forward),
    child: (name) => outgoing(context.child(name)),
  })
  const { push } = operator
  return {
    ...operator,
    push: wrap.process === undefined ? push : scope.around((record) => wrap.process!(record, keeping(record, push))),
    close() {
      closeEach([operator, { close: () => ending('close of the wrapper', context, () => wrap.close?.()) }])
    },
  }
}

const asItIs = (_given: StreamRecord, push: Push) => push

/** Where keys must stay, the wrapper may not change them either. */
function keyKeeper(node: Node, { taskId }: Place): (given: StreamRecord, push: Push) => Push {
  return (given, push) => (record) => {
    if (record.key !== given.key) {
      throw new MillraceError(
        'PROCESSOR_KEY_CHANGED',
        `The wrapper of node ${node.name} changed a record's key, but no repartition follows.`,
        { node: node.name, taskId },
      )
    }
    push(record)
  }
}
