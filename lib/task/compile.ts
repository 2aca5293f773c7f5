/**
 * Turns the nodes of a sub-topology into functions, once per task. Children are made first, so a record runs through
 * the whole chain without a lookup.
 */
import type { Progress } from '../client/heartbeat/progress.js'
import { MillraceError } from '../errors.js'
import type { OperatorContext } from '../operators/context.js'
import { buildOperator } from '../operators/index.js'
import type { Operator, Push } from '../operators/operator.js'
import type { Node, SourceNode } from '../topology/node.js'

/** The part of an operator's context that does not depend on its place in the graph. */
export type NodeContext = Omit<OperatorContext, 'forward' | 'child'>

export interface CompileOptions {
  readonly taskId: string
  readonly context: (node: Node) => NodeContext
  /** Told which node's code runs. */
  readonly progress: Progress
  /** Something `node` threw. Throws to stop the task; returns to continue without the record. */
  readonly failed: (node: string, error: unknown) => void
}

export interface CompiledTopology {
  readonly sources: readonly { readonly node: SourceNode; readonly push: Push }[]
  /** Operators in build order. */
  readonly operators: readonly Operator[]
}

export function compile(nodes: readonly Node[], options: CompileOptions): CompiledTopology {
  const children = childrenByParent(nodes)
  const pushes = new Map<string, Push>()
  const operators: Operator[] = []
  const sources: { node: SourceNode; push: Push }[] = []
  for (const node of nodes.toReversed()) {
    const names = children.get(node.name) ?? []
    const forward = forwardTo(names.map((name) => pushes.get(name)!))
    if (node.kind === 'source') {
      sources.unshift({ node, push: forward })
      continue
    }
    const child = (name: string): Push => {
      const push = names.includes(name) ? pushes.get(name) : undefined
      if (push !== undefined) return push
      throw new MillraceError(
        'TOPOLOGY_CHILD_UNKNOWN',
        `Node ${node.name} has no child ${name}; its children: ${names.join(', ') || 'none'}.`,
        { node: node.name, taskId: options.taskId },
      )
    }
    const operator = buildOperator(node, { ...options.context(node), forward, child })
    pushes.set(
      node.name,
      node.kind === 'merge' && node.wrapping === undefined ? operator.push : guarded(node.name, operator.push, options),
    )
    operators.unshift(guardedAdvance(node.name, operator, options.failed))
  }
  return { sources, operators }
}

function childrenByParent(nodes: readonly Node[]): Map<string, string[]> {
  const children = new Map<string, string[]>()
  for (const node of nodes) {
    for (const parent of node.parents) {
      const list = children.get(parent)
      if (list === undefined) children.set(parent, [node.name])
      else list.push(node.name)
    }
  }
  return children
}

/** One child needs no loop; a node without children swallows the record. */
function forwardTo(children: readonly Push[]): Push {
  if (children.length === 0) return () => {}
  if (children.length === 1) return children[0]!
  if (children.length === 2) {
    const [first, second] = children as [Push, Push]
    return (record) => {
      first(record)
      second(record)
    }
  }
  return (record) => {
    for (let i = 0; i < children.length; i++) children[i]!(record)
  }
}

function guardedAdvance(node: string, operator: Operator, failed: CompileOptions['failed']): Operator {
  const { advance } = operator
  if (advance === undefined) return operator
  return {
    ...operator,
    advance(timeMs) {
      try {
        return advance(timeMs)
      } catch (error) {
        failed(node, error)
        return 0
      }
    },
  }
}

/** Knows which node threw: the innermost guard sees the error first. */
function guarded(node: string, push: Push, { failed, progress }: CompileOptions): Push {
  const number = progress.node(node)
  return (record) => {
    const before = progress.at(number)
    try {
      push(record)
    } catch (error) {
      failed(node, error)
    }
    progress.at(before)
  }
}
