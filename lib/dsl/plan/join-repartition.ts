/** Repartitioning a stream whose key changed, so that it can be joined. */
import type { GraphNode } from './graph.js'
import { type AnySerde, type StreamHandle, streamHandle } from './handle.js'
import { planRepartition } from './repartition-node.js'

/** The stream behind a repartition topic of its own, made once however many joins ask for it under the same name. */
export function repartitionForJoin(
  stream: StreamHandle,
  prefix: string,
  key: AnySerde | null,
  value: AnySerde | null,
): StreamHandle {
  const { graph, shared } = stream
  const plan = planRepartition(graph, { prefix, key: key ?? stream.key, value: value ?? stream.value })
  let node: GraphNode | null = shared.repartition
  if (node === null || stream.name !== prefix) {
    node = plan.attach(stream.node)
    shared.repartition = node
  }
  return streamHandle({
    graph,
    node,
    name: plan.sourceName,
    key: key ?? stream.key,
    value: value ?? stream.value,
    sources: new Set([node.name]),
    rekeyed: false,
  })
}
