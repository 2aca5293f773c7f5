/**
 * The contract between a node and its running form. One calling convention: records are pushed synchronously, depth
 * first, in parents' order of arrival; a push returns when everything downstream of it has happened. Nothing here awaits.
 */
import type { Cancel } from '../record/clock.js'
import type { Headers, StreamRecord } from '../record/record.js'
import type { DueTimers } from '../state/ports/timer-store.js'
import type { StorePort } from '../state/stores/store-info.js'
import type { Node } from '../topology/node.js'
import type { AppConfigs, ProcessorContext, PunctuationType, RecordMetadata } from '../topology/processor.js'

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

export type { DueTimers }

/** Kafka Streams commits, under the name of the store, up to where windows were closed when it last emitted any. */
export interface LastEmitted {
  readonly store: string
  /** So far behind operator time: the grace, and the gap of a session. */
  readonly behindMs: number
  /** Before this there was no window to emit, and Kafka Streams commits nothing. */
  readonly leastMs: number
}

/** What a node may use of its task. */
export interface OperatorContext {
  readonly taskId: string
  readonly applicationId: string
  readonly appConfigs: AppConfigs
  /** The partition of every topic the task reads. */
  readonly partition: number
  readonly nodeName: string
  /** All children at once, in build order. */
  readonly forward: Push
  /** The same push with no record in hand: what is dropped there has no origin. */
  withoutRecord(push: Push): Push
  /** One child by name. @throws MillraceError TOPOLOGY_CHILD_UNKNOWN at build */
  child(name: string): Push
  /** The running store. The caller knows its kind from the node. @throws MillraceError TOPOLOGY_STORE_UNKNOWN */
  store<S>(name: string): S
  /** A store every instance holds whole; null where the topology has none of that name. */
  globalStore(name: string): { readonly store: unknown } | null
  /** Which port `store` gives for this name. */
  storePort(name: string): StorePort
  /** The topic as Kafka knows it: repartition topics carry the application id. */
  topicName(topic: string): string
  /** This operator's own time; each node name has one. Operators that share a time name the same `node`. */
  operatorTime(node?: string): OperatorTime
  /** This operator emits what closes: its time is also kept as Kafka Streams keeps it, for a change from one to the other. */
  emitsOnClose(last: LastEmitted): void
  /** Highest timestamp the task has dequeued, -1 before the first. */
  taskStreamTimeMs(): number
  wallClockMs(): number
  readonly schedule: ProcessorContext['schedule']
  /** Has the timers of a store fire, stamped with the time of `type`. */
  followTimers(type: PunctuationType, timers: DueTimers, call: (key: unknown, atMs: number) => void): void
  /** Calls `fire` once, outside of any push: what it does must not touch the task but through `AsyncWork`. */
  setTimer(delayMs: number, fire: () => void): Cancel
  /**
   * For nodes whose records are done later: the task takes no more while `capacity` are under way, and commits when
   * none is. `inOrder`: they leave in the order they entered. `reset` is called when all of them are forgotten.
   */
  asyncWork(capacity: number, inOrder: boolean, reset: () => void): AsyncWork
  recordMetadata(): RecordMetadata | null
  /** Counts and, where configured, dead-letters the source record in hand. */
  drop(reason: DropReason): void
  requestCommit(): void
  /** Sends bytes to a topic within this task's commit. Only sinks use it. */
  send(
    topic: string,
    partition: number | null,
    key: Buffer | null,
    value: Buffer | null,
    timestamp: number,
    headers: Headers,
  ): void
  /** Partition count of a topic the task writes to. */
  partitionCount(topic: string): number
  /** True where `partitionCount` cannot be asked yet, or earlier records wait for it: then a sink writes by `whenKnown`. */
  mustWaitFor(topic: string): boolean
  /** Calls `write`, of so many bytes, once the topic is known; where there is none, the record in hand has failed. */
  whenKnown(topic: string, bytes: number, write: () => void): void
}

/** Says that a record is done: the task calls `deliver` as if it were a push, unless the record was forgotten. */
export type Settle = (deliver: () => void) => void

export interface AsyncWork {
  /** Inside a push: the record in hand is under way until it is settled. */
  enter(): Settle
}

/** Turns a node into its push. Called once per task, children first. */
export type Build<N extends Node> = (node: N, context: OperatorContext) => Operator

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
