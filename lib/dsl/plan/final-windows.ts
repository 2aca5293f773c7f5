/** Finds the windowed aggregations whose final results a downstream operator uses, by searching the graph upwards. */
import { MillraceError } from '../../errors.js'
import type { GraphNode } from './graph.js'

/**
 * The windowed aggregations `node` descends from, or is.
 * @throws MillraceError TOPOLOGY_NOT_WINDOWED where a way up leads to no window, WINDOW_INVALID to windows per key
 */
function windowsAbove(node: GraphNode, way: readonly string[] = []): readonly GraphNode[] {
  if (node.windowClose !== null) {
    if (!node.windowClose.perKey) return [node]
    throw new MillraceError(
      'WINDOW_INVALID',
      `the windows of ${node.name} have time perKey, so they are never final: use untilTimeLimit`,
      { node: node.name },
    )
  }
  const names = [node.name, ...way]
  if (node.parents.size === 0) {
    throw new MillraceError(
      'TOPOLOGY_NOT_WINDOWED',
      `suppress until the window closes needs a windowed aggregation upstream, and there is none in ${names.join(' -> ')}`,
      { node: node.name },
    )
  }
  return [...node.parents].flatMap((parent) => windowsAbove(parent.sameAs ?? parent, names))
}

/** How long after the end of a window the results of `node` are final: the longest of all windows above. @throws as above */
export function finalAfterEndMs(node: GraphNode): number {
  return Math.max(...windowsAbove(node).map(({ windowClose }) => windowClose!.afterEndMs))
}

/**
 * Names of the windowed aggregations above a node that waits for windows to close: they must not change a closed window in any
 * way. `nodes`: all of the graph.
 */
export function finalAggregations(nodes: Iterable<GraphNode>): ReadonlySet<string> {
  const final = new Set<string>()
  for (const node of nodes) {
    if (!node.awaitsClose) continue
    for (const parent of node.parents) for (const { name } of windowsAbove(parent)) final.add(name)
  }
  return final
}
