/**
 * The contract between a node and its running form. Records are pushed synchronously, depth first, in the order of the
 * parents. A push returns after everything downstream is done. Nothing here awaits.
 */
import type { StreamRecord } from '../record/record.js'
import type { Node } from '../topology/node.js'

/** Hands one record on. On table edges the value is a `Change`. */
export type Push = (record: StreamRecord) => void

/** Why a record was dropped; the same word is counted, logged and written to the dead letter. */
export type DropReason =
  | 'nullKey'
  | 'nullValue'
  | 'nullJoinKey'
  | 'late'
  | 'expired'
  | 'beforeStart'
  | 'negativeTimestamp'
  | 'unmatchedBranch'
  | 'outOfOrder'
  | 'noPartition'
  | (string & {})

/** The highest timestamp one operator has seen; travels in the committed offset's metadata, so a restart keeps it. */
export interface OperatorTime {
  /** Milliseconds, -1 before the first record. */
  readonly streamTimeMs: number
  /** Raises it to `timestampMs` if that is higher; returns the new value. */
  advance(timestampMs: number): number
}

/** Kafka Streams commits, under the name of the store, up to where windows were closed when it last emitted any. */
export interface LastEmitted {
  readonly store: string
  /** So far behind operator time: the grace, and the gap of a session. */
  readonly behindMs: number
  /** Before this there was no window to emit, and Kafka Streams commits nothing. */
  readonly leastMs: number
}

/** Says that a record is done: the task calls `deliver` as if it were a push, unless the record was forgotten. */
export type Settle = (deliver: () => void) => void

export interface AsyncWork {
  /** Inside a push: the current record is in progress until it is settled. */
  enter(): Settle
}

/** Turns a node into its push, with what it uses of its task (`context.ts`). Called once per task, children first. */
export type Build<N extends Node, Context> = (node: N, context: Context) => Operator

export interface Operator {
  readonly push: Push
  /**
   * Event time has come to `timeMs` without a record; called parents first. Hands on what that closes, without headers,
   * and returns how many records that were.
   */
  readonly advance?: (timeMs: number) => number
  /** Called once when the task closes. */
  readonly close?: () => void
}
