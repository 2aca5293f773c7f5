/** `merge` and pass-through nodes: whatever comes from any parent, in order of arrival. */
import type { MergeNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import type { Build } from './operator.js'

export const buildMerge: Build<MergeNode, Forwarding> = (_node, { forward }) => ({ push: forward })
