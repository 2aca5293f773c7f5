/**
 * A topology is data: frozen nodes in one discriminated union. No node has a method or depends on the runtime;
 * `operators/` has one file per kind that turns a node into a function.
 */

import type { OffsetReset } from '../record/offset-reset.js'
import type { Serde } from '../serde/serde.js'
import type { AggregateNodes } from './aggregate-nodes.js'
import type { AsyncNode } from './async-node.js'
import type { ForeignKeyNode } from './foreign-key-nodes.js'
import type { JoinNode } from './join-nodes.js'
import type { NodeBase, Partitioner, TimestampExtractor, TopicNameExtractor } from './node-base.js'
import type { StatelessNode } from './stateless-nodes.js'
import type { TableNode } from './table-nodes.js'

export interface SourceNode extends NodeBase {
  readonly kind: 'source'
  /** With a pattern: the topics known to match. */
  readonly topics: readonly string[]
  /** Reads every topic whose whole name matches; omitted: the topics named. */
  readonly pattern?: RegExp
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly timestampExtractor: TimestampExtractor | null
  readonly offsetReset: OffsetReset | null
}

export interface SinkNode extends NodeBase {
  readonly kind: 'sink'
  readonly topic: string | TopicNameExtractor
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  readonly partitioner: Partitioner | null
}

export type Node =
  | SourceNode
  | SinkNode
  | StatelessNode
  | AggregateNodes
  | TableNode
  | JoinNode
  | ForeignKeyNode
  | AsyncNode
