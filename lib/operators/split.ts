/** `split`: the first matching predicate decides the branch. */
import type { SplitNode } from '../topology/stateless-nodes.js'
import { atOnce } from './at-once.js'
import type { Branching, Dropping } from './context.js'
import type { Build } from './operator.js'

export const buildSplit: Build<SplitNode, Branching & Dropping> = (node, context) => {
  const { predicates } = node
  const branches = node.branches.map((name) => context.child(name))
  const otherwise = node.defaultBranch === null ? null : context.child(node.defaultBranch)
  return {
    push(record) {
      for (let i = 0; i < predicates.length; i++) {
        if (atOnce(predicates[i]!(record.key, record.value), 'predicate')) {
          branches[i]!(record)
          return
        }
      }
      if (otherwise !== null) otherwise(record)
      else context.drop('unmatchedBranch')
    },
  }
}
