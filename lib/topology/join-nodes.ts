/** Nodes that join two inputs. Each side of a two-sided join is a node of its own, as in Kafka Streams. */
import type { NodeBase, TableNodeBase } from './node-base.js'
import type { JoinWindowNode, StreamJoinNode, StreamSelfJoinNode } from './stream-join-nodes.js'
import type { TableView } from './table-nodes.js'

/** The stream side of a stream-table join; the table's own nodes fill the store. */
export interface StreamTableJoinNode extends NodeBase {
  readonly kind: 'streamTableJoin'
  readonly left: boolean
  readonly joiner: (key: unknown, streamValue: unknown, tableValue: unknown) => unknown
  /** First store of `table`, which is all of it where `table.kind` is `store`. */
  readonly store: string
  /** How the table is looked into; its stores are in `stores`. */
  readonly table: TableView
  /** How long a record waits for the (versioned) table, and the store it waits in; null: it joins at once. */
  readonly wait: { readonly graceMs: number; readonly store: string } | null
}

/** The stream side of a join with a fully replicated table. */
export interface StreamGlobalTableJoinNode extends NodeBase {
  readonly kind: 'streamGlobalTableJoin'
  readonly left: boolean
  readonly keySelector: (key: unknown, value: unknown) => unknown
  readonly joiner: (tableKey: unknown, streamValue: unknown, tableValue: unknown) => unknown
  readonly store: string
}

/** One side of a table-table join on the primary key: reacts to its parent's changes, looks into the other's values. */
export interface TableJoinNode extends TableNodeBase {
  readonly kind: 'tableJoin'
  readonly join: 'inner' | 'left' | 'outer'
  /** Which side this node's parent is. */
  readonly side: 'left' | 'right'
  readonly joiner: (key: unknown, left: unknown, right: unknown) => unknown
  /** This side's table is versioned: its changes may be out of order, which a join ignores (KIP-914). */
  readonly versioned: boolean
  /** First store of `other`, which is all of it where `other.kind` is `store`. */
  readonly otherStore: string
  /** How the other side is looked into; its stores are in `stores`. */
  readonly other: TableView
}

/** Where the two sides of a table-table join meet; materialises the result when asked. */
export interface TableJoinMergeNode extends TableNodeBase {
  readonly kind: 'tableJoinMerge'
  readonly store: string | null
}

export type JoinNode =
  | JoinWindowNode
  | StreamJoinNode
  | StreamSelfJoinNode
  | StreamTableJoinNode
  | StreamGlobalTableJoinNode
  | TableJoinNode
  | TableJoinMergeNode
