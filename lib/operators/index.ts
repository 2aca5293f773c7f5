/** One builder per node kind. A kind without an operator does not compile. */
import type { Node } from '../topology/node.js'
import { buildAggregate } from './aggregate.js'
import { buildAsync } from './async.js'
import type { OperatorContext } from './context.js'
import { buildFilter } from './filter.js'
import { buildFlatMap } from './flat-map.js'
import { buildFlatMapValues } from './flat-map-values.js'
import { buildJoinForeign } from './foreign-key/join-foreign.js'
import { buildJoinSubscription } from './foreign-key/join-subscription.js'
import { buildReceiveSubscription } from './foreign-key/receive-subscription.js'
import { buildResolveResponse } from './foreign-key/resolve-response.js'
import { buildSendSubscription } from './foreign-key/send-subscription.js'
import { buildJoinWindow } from './join-window.js'
import { buildMap } from './map.js'
import { buildMapValues } from './map-values.js'
import { buildMerge } from './merge.js'
import type { Build, Operator } from './operator.js'
import { buildPeek } from './peek.js'
import { buildProcess } from './process.js'
import { buildSelectKey } from './select-key.js'
import { buildSessionAggregate } from './session-aggregate.js'
import { buildSink } from './sink.js'
import { buildSlidingAggregate } from './sliding-aggregate.js'
import { buildSplit } from './split.js'
import { buildStreamGlobalTableJoin } from './stream-global-table-join.js'
import { buildStreamJoin } from './stream-join.js'
import { buildStreamSelfJoin } from './stream-self-join.js'
import { buildStreamTableJoin } from './stream-table-join.js'
import { buildSuppress } from './suppress.js'
import { buildTableAggregate } from './table-aggregate.js'
import { buildTableFilter } from './table-filter.js'
import { buildTableGroupBy } from './table-group-by.js'
import { buildTableJoin } from './table-join.js'
import { buildTableJoinMerge } from './table-join-merge.js'
import { buildTableMapValues } from './table-map-values.js'
import { buildTableSource } from './table-source.js'
import { buildTableToStream } from './table-to-stream.js'
import { buildTableTransformValues } from './table-transform-values.js'
import { buildWindowAggregate } from './window-aggregate.js'
import { buildWrapped } from './wrapped.js'

/** Every node but the source, which is the task's own. */
export type OperatorNode = Exclude<Node, { readonly kind: 'source' }>

const OPERATORS: { readonly [K in OperatorNode['kind']]: Build<Extract<Node, { readonly kind: K }>, OperatorContext> } =
  {
    sink: buildSink,
    filter: buildFilter,
    map: buildMap,
    mapValues: buildMapValues,
    flatMap: buildFlatMap,
    flatMapValues: buildFlatMapValues,
    selectKey: buildSelectKey,
    peek: buildPeek,
    merge: buildMerge,
    split: buildSplit,
    process: buildProcess,
    async: buildAsync,
    aggregate: buildAggregate,
    windowAggregate: buildWindowAggregate,
    slidingAggregate: buildSlidingAggregate,
    sessionAggregate: buildSessionAggregate,
    tableSource: buildTableSource,
    tableFilter: buildTableFilter,
    tableMapValues: buildTableMapValues,
    tableTransformValues: buildTableTransformValues,
    tableToStream: buildTableToStream,
    tableGroupBy: buildTableGroupBy,
    tableAggregate: buildTableAggregate,
    suppress: buildSuppress,
    joinWindow: buildJoinWindow,
    streamJoin: buildStreamJoin,
    streamTableJoin: buildStreamTableJoin,
    streamGlobalTableJoin: buildStreamGlobalTableJoin,
    tableJoin: buildTableJoin,
    tableJoinMerge: buildTableJoinMerge,
    streamSelfJoin: buildStreamSelfJoin,
    sendSubscription: buildSendSubscription,
    receiveSubscription: buildReceiveSubscription,
    joinSubscription: buildJoinSubscription,
    joinForeign: buildJoinForeign,
    resolveResponse: buildResolveResponse,
  }

/** The running form of `node`. Children must exist before: `context` hands out their pushes. */
export function buildOperator(node: OperatorNode, context: OperatorContext): Operator {
  // The registry pairs each kind with its node type; indexing by a union loses that pairing.
  const build = OPERATORS[node.kind] as Build<OperatorNode, OperatorContext>
  return node.wrapping === undefined ? build(node, context) : buildWrapped(node, node.wrapping, context, build)
}
