/** Nodes of a stream-stream join: each side stores its records, then looks up matches; a `merge` node joins both. */
import type { NodeBase } from './node-base.js'

/** Hands a record on, then keeps it for the other side to find. */
export interface JoinWindowNode extends NodeBase {
  readonly kind: 'joinWindow'
  readonly store: string
  /** False where the join of a stream with itself keeps the records. */
  readonly keeps: boolean
}

export interface StreamJoinNode extends NodeBase {
  readonly kind: 'streamJoin'
  /** Which side this node's records are. */
  readonly side: 'left' | 'right'
  /** True where a record of this side continues without a partner. */
  readonly outer: boolean
  readonly joiner: (key: unknown, left: unknown, right: unknown) => unknown
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  /** The records of the other side. */
  readonly otherStore: string
  /** Where records of both sides wait for a partner; null for an inner join. */
  readonly unmatchedStore: string | null
  /** The node under whose name the time both sides share is kept. */
  readonly timeOf: string
}

/** A join of a stream with itself on one store, which it fills itself. */
export interface StreamSelfJoinNode extends NodeBase {
  readonly kind: 'streamSelfJoin'
  readonly joiner: (key: unknown, left: unknown, right: unknown) => unknown
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  /** Which sides' records continue without a partner. */
  readonly outer: { readonly left: boolean; readonly right: boolean }
  readonly store: string
}
