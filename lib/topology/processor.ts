/** The Processor API: the interfaces of user code and of its context. Everything here is synchronous. */
import type { Cancel } from '../record/clock.js'
import type { Headers, StreamRecord } from '../record/record.js'

/** The time of a schedule or a timer: the task's stream time, or the wall clock. */
export type PunctuationType = 'streamTime' | 'wallClockTime'

/** Origin of the record that is being processed. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The application's options as user code sees them: texts, numbers, booleans and null; no connections, functions or secrets. */
export type AppConfigs = Readonly<Record<string, string | number | boolean | null>>

/** The name of a store together with the type of the store that a processor gets for it. {@link stateStore} makes one. */
export interface StoreReference<S> {
  readonly name: string
  /** Not set: only the compiler uses it. */
  readonly port?: S
}

export function storeNameOf(store: string | StoreReference<unknown>): string {
  return typeof store === 'string' ? store : store.name
}

/** A record that a processor forwards. Without `headers` it has none. */
export interface ForwardedRecord<K, V> extends Omit<StreamRecord<K, V>, 'headers'> {
  readonly headers?: Headers
}

/** What a processor can ask for and do. Only valid during a call of the processor. */
export interface ProcessorContext<KOut = unknown, VOut = unknown> {
  /** `subtopology_partition`, e.g. `0_3`. */
  readonly taskId: string
  /** The option `applicationId`. */
  readonly applicationId: string
  /** The options of the application, with all defaults filled in. Frozen. */
  readonly appConfigs: AppConfigs
  /** Sends a record to every child node, or to the one named. @throws MillraceError PROCESSOR_LATE after the call has returned */
  forward(record: ForwardedRecord<KOut, VOut>, childName?: string): void
  /**
   * A store connected to this node, or any global store, which is read-only. A {@link StoreReference} brings its type; with a name,
   * give the type: `getStateStore<KeyValueStore<string, number>>('counts')`.
   * @throws MillraceError TOPOLOGY_STORE_UNKNOWN
   */
  getStateStore<S>(store: string | StoreReference<S>): S
  /**
   * Calls `punctuate` every `intervalMs` (at least 1), between records. By stream time, the first call comes with the first
   * record, and several missed intervals make one call. By wall clock, a call may be late while records are processed. With
   * `startMs` the calls come at that time and at whole intervals from it, also after a restart. Returns what cancels it.
   * @throws MillraceError PROCESSOR_TIMER_INVALID
   */
  schedule(
    intervalMs: number,
    type: PunctuationType,
    punctuate: (timestampMs: number) => void,
    options?: { readonly startMs?: number },
  ): Cancel
  /** Asks for an early commit. */
  commit(): void
  /** Origin of the record that is being processed; null in a punctuation. */
  recordMetadata(): RecordMetadata | null
  /** The highest timestamp that the task has processed; -1 before the first record. */
  currentStreamTimeMs(): number
  /** The wall clock of the instance's `clock`, in milliseconds since the epoch. */
  currentSystemTimeMs(): number
  /** Counts the current record as dropped for `reason` and, if there is a `deadLetterTopic`, writes it there. */
  drop(reason: string): void
}

/** User code that gets records one by one. All calls are synchronous; see `processAsync` for work that waits. */
export interface Processor<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  /** Before the first record. Get stores and make schedules here. */
  init?(context: ProcessorContext<KOut, VOut>): void
  /** Once for each record. */
  process(record: StreamRecord<KIn, VIn>): void
  /**
   * A timer of one of the processor's timer stores fires; `store` is the store's name. The timer has left its store. Timers of one
   * store fire between records, in order of their time and then of their key's bytes, also if they fire late.
   */
  onTimer?(key: unknown, atMs: number, store: string): void
  /** When the task closes. Stores cannot be used any more. */
  close?(): void
}

/** Makes one processor for each task. `context` is the one that `init` gets. Return a new processor at each call. */
export type ProcessorSupplier<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> = (
  context: ProcessorContext<KOut, VOut>,
) => Processor<KIn, VIn, KOut, VOut>

/** The context of a transformer of a table's values. It cannot forward, because each change has exactly one result. */
export type TransformContext = Omit<ProcessorContext<never, never>, 'forward'>

/** User code that computes a table's values with the help of stores. */
export interface ValueTransformer<K = unknown, V = unknown, V2 = unknown> {
  /** Before the first change. */
  init?(context: TransformContext): void
  /** The new value of `key`. If `value` is null, the row was deleted or does not exist. Return null to delete. */
  transform(key: K, value: V | null): V2 | null
  /** When the task closes. Not called on the additional transformers that other operators use to look up rows. */
  close?(): void
}

/** Makes one transformer for each task, and one for each operator that looks up rows of a table without a store. */
export type ValueTransformerSupplier<K = unknown, V = unknown, V2 = unknown> = (
  context: TransformContext,
) => ValueTransformer<K, V, V2>

/** A copy of `record` with some fields replaced. `value: undefined` replaces, too; leave a field out to keep it. */
export function withChanges<K, V, K2 = K, V2 = V>(
  record: StreamRecord<K, V>,
  changes: { key?: K2; value?: V2; timestamp?: number; headers?: Headers },
): StreamRecord<K2, V2> {
  return {
    key: ('key' in changes ? changes.key : record.key) as K2,
    value: ('value' in changes ? changes.value : record.value) as V2,
    timestamp: changes.timestamp ?? record.timestamp,
    headers: changes.headers ?? record.headers,
  }
}
