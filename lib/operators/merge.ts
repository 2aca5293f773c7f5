/** `merge` and pass-through nodes: forward the records of all parents in order of arrival. */
import type { MergeNode } from '../topology/stateless-nodes.js'
import type { Forwarding } from './context.js'
import type { Build } from './operator.js'

export const buildMerge: Build<MergeNode, Forwarding> = (_node, { forward }) => ({ push: forward })
