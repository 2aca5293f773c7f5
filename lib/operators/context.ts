/** The parts of a task that operators use. An operator declares the parts it needs, and the task provides them. */
import type { Cancel } from '../record/clock.js'
import type { Headers } from '../record/record.js'
import type { DueTimers } from '../state/ports/timer-store.js'
import type { StorePort } from '../state/stores/store-info.js'
import type { AppConfigs, ProcessorContext, PunctuationType, RecordMetadata } from '../topology/processor.js'
import type { AsyncWork, DropReason, LastEmitted, OperatorTime, Push } from './operator.js'

/** Where the operator stands: for messages. */
export interface Place {
  readonly taskId: string
  readonly nodeName: string
}

export interface Forwarding {
  /** All children at once, in build order. */
  readonly forward: Push
}

export interface Branching {
  /** One child by name. @throws MillraceError TOPOLOGY_CHILD_UNKNOWN at build */
  child(name: string): Push
}

/** For operators whose cached store forwards changes when it is flushed. */
export interface CacheForwarding extends Forwarding {
  /** The same push with no record in hand: what is dropped there has no origin. */
  withoutRecord(push: Push): Push
}

export interface Dropping {
  /** Counts and, where configured, dead-letters the source record in hand. */
  drop(reason: DropReason): void
}

/** The source record in hand. */
export interface RecordInHand {
  /** Null where there is none, e.g. in a punctuation. */
  recordMetadata(): RecordMetadata | null
}

export interface StoreAccess {
  /** The running store. The caller knows its kind from the node. @throws MillraceError TOPOLOGY_STORE_UNKNOWN */
  store<S>(name: string): S
  /** Which port `store` gives for this name. */
  storePort(name: string): StorePort
}

/** Of operators that keep a table in a store and hand on its changes. */
export interface TableKeeping extends CacheForwarding, Dropping, StoreAccess {}

export interface TimeKeeping {
  /** This operator's own time; each node name has one. Operators that share a time name the same `node`. */
  operatorTime(node?: string): OperatorTime
  /** This operator emits what closes: its time is also kept as Kafka Streams keeps it, for a change from one to the other. */
  emitsOnClose(last: LastEmitted): void
}

export interface TopicNaming {
  /** The topic as Kafka knows it: repartition topics carry the application id. */
  topicName(topic: string): string
}

export interface TaskPartition {
  /** The partition of every topic the task reads. */
  readonly partition: number
}

/** Of sinks. */
export interface TopicOutput extends TopicNaming {
  /** Sends bytes to a topic within this task's commit. */
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
  /** Calls `write`, of so many bytes, once the topic is known; where there is none, the current record has failed. */
  whenKnown(topic: string, bytes: number, write: () => void): void
}

/** For records that are done later. */
export interface AsyncRunning {
  /** Calls `fire` once, outside of any push: what it does must not touch the task but through `AsyncWork`. */
  setTimer(delayMs: number, fire: () => void): Cancel
  /**
   * The task takes no more while `capacity` are in progress, and commits when none is. `inOrder`: they leave in the order
   * they entered. `reset` is called when all of them are forgotten.
   */
  asyncWork(capacity: number, inOrder: boolean, reset: () => void): AsyncWork
}

/** Behind the context of user code. */
export interface UserCode extends Place, Dropping, RecordInHand, StoreAccess {
  readonly applicationId: string
  readonly appConfigs: AppConfigs
  /** A store every instance holds whole; null where the topology has none of that name. */
  globalStore(name: string): { readonly store: unknown } | null
  /** Highest timestamp the task has dequeued, -1 before the first. */
  taskStreamTimeMs(): number
  wallClockMs(): number
  readonly schedule: ProcessorContext['schedule']
  requestCommit(): void
}

/** Behind the context of a processor, which forwards and has timers. */
export interface ProcessorCode extends UserCode, Forwarding, Branching {
  /** Has the timers of a store fire, stamped with the time of `type`. */
  followTimers(type: PunctuationType, timers: DueTimers, call: (key: unknown, atMs: number) => void): void
}

/** All of it: what the task gives to whichever operator stands at a node. */
export interface OperatorContext
  extends ProcessorCode,
    CacheForwarding,
    TimeKeeping,
    TopicOutput,
    TaskPartition,
    AsyncRunning {}
