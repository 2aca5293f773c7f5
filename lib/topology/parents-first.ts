/** Sorts parents before children and otherwise keeps the build order. */
import { MillraceError } from '../errors.js'
import type { Node } from './node.js'

/** @throws MillraceError TOPOLOGY_CYCLE. Unknown parents and names used twice are left for `validate`. */
export function parentsFirst(nodes: readonly Node[]): Node[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  if (byName.size !== nodes.length) return [...nodes]
  const ordered: Node[] = []
  const state = new Map<Node, 'open' | 'done'>()
  // An explicit stack: a chain of ten thousand nodes must not overflow the call stack.
  for (const root of nodes) {
    const stack = [root]
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!
      if (state.get(node) === undefined) state.set(node, 'open')
      const waiting = node.parents
        .map((parent) => byName.get(parent))
        .find((parent) => parent !== undefined && state.get(parent) !== 'done')
      if (waiting === undefined || state.get(node) === 'done') {
        stack.pop()
        if (state.get(node) !== 'done') ordered.push(node)
        state.set(node, 'done')
      } else if (state.get(waiting) === 'open') {
        throw new MillraceError('TOPOLOGY_CYCLE', `node ${waiting.name} is its own ancestor, through ${node.name}`, {
          node: waiting.name,
        })
      } else {
        stack.push(waiting)
      }
    }
  }
  return ordered
}
