/**
 * A foreign-key join of tables: left rows send subscriptions over one internal topic to the other table's rows and get
 * responses over another. Five nodes in two or three sub-topologies; the joined table is a `tableSource` after them.
 */
import type { Serde } from '../serde/serde.js'
import type { NodeBase } from './node-base.js'
import type { TableView } from './table-nodes.js'

interface ForeignKeyNodeBase extends NodeBase {
  /** The topic of subscriptions, as nodes name it; serdes of what is inside subscriptions are told names made of it. */
  readonly registrationTopic: string
}

/** Each change of a left row becomes one or two subscriptions, keyed by foreign key. */
export interface SendSubscriptionNode extends ForeignKeyNodeBase {
  readonly kind: 'sendSubscription'
  readonly left: boolean
  readonly foreignKey: (value: unknown, key: unknown) => unknown
  readonly foreignKeySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  /** The left table keeps versions: changes that are not its latest are dropped (KIP-914). */
  readonly versioned: boolean
}

/** Keeps the subscriptions of this partition's foreign keys. */
export interface ReceiveSubscriptionNode extends ForeignKeyNodeBase {
  readonly kind: 'receiveSubscription'
  readonly store: string
  readonly foreignKeySerde: Serde<unknown>
  readonly primaryKeySerde: Serde<unknown>
}

/** Answers a subscription with the other table's row. */
export interface JoinSubscriptionNode extends NodeBase {
  readonly kind: 'joinSubscription'
  /** How the other table is looked into; its stores are in `stores`. */
  readonly table: TableView
}

/** Tells every subscriber of a row of the other table that it changed. */
export interface JoinForeignNode extends ForeignKeyNodeBase {
  readonly kind: 'joinForeign'
  readonly store: string
  readonly foreignKeySerde: Serde<unknown>
  readonly primaryKeySerde: Serde<unknown>
  /** The other table keeps versions. */
  readonly versioned: boolean
}

/** Joins an answer with the left row, unless that is no longer the row that was subscribed. */
export interface ResolveResponseNode extends ForeignKeyNodeBase {
  readonly kind: 'resolveResponse'
  readonly left: boolean
  readonly joiner: (key: unknown, left: unknown, right: unknown) => unknown
  /** How the left table is looked into; its stores are in `stores`. */
  readonly table: TableView
  readonly valueSerde: Serde<unknown>
}

export type ForeignKeyNode =
  | SendSubscriptionNode
  | ReceiveSubscriptionNode
  | JoinSubscriptionNode
  | JoinForeignNode
  | ResolveResponseNode
