/** A split of a stream: branches are added one by one and are complete when the topology is written. */
import { MillraceError } from '../../errors.js'
import type { SplitNode } from '../../topology/stateless-nodes.js'
import type { GraphNode } from './graph.js'
import { type Named, type StreamHandle, streamHandle } from './handle.js'
import { checkOptions } from './operator-options.js'

export type Predicate = SplitNode['predicates'][number]

export interface SplitHandle {
  readonly source: StreamHandle
  readonly name: string
  readonly node: GraphNode
  readonly branches: Branches
}

interface BranchOptions extends Named {
  readonly into?: unknown
}

/** In the order they were added. */
interface Branches {
  readonly predicates: Predicate[]
  readonly names: string[]
  defaultBranch: string | null
}

export function splitStream(source: StreamHandle, options: Named | undefined): SplitHandle {
  checkOptions('split', options, source.name)
  const { graph } = source
  const name = graph.nameOr(options?.name, 'KSTREAM-BRANCH-')
  const branches: Branches = { predicates: [], names: [], defaultBranch: null }
  const node = graph.add([source.node], {
    name,
    write: (topology, parents) =>
      topology.addNode({
        kind: 'split',
        name,
        parents,
        stores: [],
        predicates: Object.freeze([...branches.predicates]),
        branches: Object.freeze([...branches.names]),
        defaultBranch: branches.defaultBranch,
      }),
  })
  return { source, name, node, branches }
}

/** A branch without a name is called by its number, counted from 1. @throws MillraceError TOPOLOGY_INPUT_INVALID */
export function addBranch(split: SplitHandle, predicate: Predicate, options: BranchOptions | undefined): StreamHandle {
  checkOptions('branch', options, split.name)
  const { branches } = split
  branches.predicates.push(predicate)
  const branch = branchStream(split, options?.name ?? String(branches.predicates.length))
  branches.names.push(branch.name)
  return branch
}

/** For records that no branch took; without a name it is called 0. @throws MillraceError TOPOLOGY_INPUT_INVALID */
export function addDefaultBranch(split: SplitHandle, options: BranchOptions | undefined): StreamHandle {
  checkOptions('branch', options, split.name)
  const branch = branchStream(split, options?.name ?? '0')
  split.branches.defaultBranch = branch.name
  return branch
}

function branchStream({ source, name: splitName, node, branches }: SplitHandle, suffix: string): StreamHandle {
  if (branches.defaultBranch !== null) {
    throw new MillraceError('TOPOLOGY_INPUT_INVALID', `split ${splitName} has its default branch, the last one`, {
      node: splitName,
    })
  }
  const { graph } = source
  const name = graph.nameOr(splitName + suffix, '')
  const branch = graph.add([node], {
    name,
    write: (topology, parents) => topology.addNode({ kind: 'merge', name, parents, stores: [] }),
  })
  return streamHandle({ ...source, node: branch, name })
}
