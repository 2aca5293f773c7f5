/** The Processor API: what user code implements and what it is given. Everything here is synchronous. */
import type { Cancel } from '../record/clock.js'
import type { Headers, StreamRecord } from '../record/record.js'

export type PunctuationType = 'streamTime' | 'wallClockTime'

/** Where the record in hand came from; null inside a punctuation. */
export interface RecordMetadata {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** The application's settings as user code sees them: words, numbers, switches; no connections, functions or secrets. */
export type AppConfigs = Readonly<Record<string, string | number | boolean | null>>

/** A store by its name, with the type of what a processor is given for it; `stateStore` makes one. */
export interface StoreReference<S> {
  readonly name: string
  /** Never set: it carries the type. */
  readonly port?: S
}

export function storeNameOf(store: string | StoreReference<unknown>): string {
  return typeof store === 'string' ? store : store.name
}

/** What a processor sends on; without `headers` it has none. */
export interface ForwardedRecord<K, V> extends Omit<StreamRecord<K, V>, 'headers'> {
  readonly headers?: Headers
}

export interface ProcessorContext<KOut = unknown, VOut = unknown> {
  /** `subtopology_partition`, e.g. `0_3`. */
  readonly taskId: string
  readonly applicationId: string
  /** The settings the application runs with, defaults included, by their names. Frozen. */
  readonly appConfigs: AppConfigs
  /** Sends a record to every child, or to the child named. */
  forward(record: ForwardedRecord<KOut, VOut>, childName?: string): void
  /**
   * A store connected to this node, or any global store, which only its topic changes. The type follows from a store
   * declared by `stateStore`; a name needs it said. @throws MillraceError TOPOLOGY_STORE_UNKNOWN
   */
  getStateStore<S>(store: string | StoreReference<S>): S
  /**
   * Calls `punctuate` every `intervalMs`; stream time first fires at the first record, missed intervals collapse into
   * one call; wall-clock time is best effort between polls. Never overlaps with `process`. With `startMs` it fires when
   * that time is reached and then at whole intervals from it, never between, also after a restart.
   * @throws MillraceError PROCESSOR_TIMER_INVALID
   */
  schedule(
    intervalMs: number,
    type: PunctuationType,
    punctuate: (timestampMs: number) => void,
    options?: { readonly startMs?: number },
  ): Cancel
  /** Asks for a commit soon; the runtime decides when. */
  commit(): void
  recordMetadata(): RecordMetadata | null
  /** Highest timestamp the task has taken so far, -1 before the first record. */
  currentStreamTimeMs(): number
  currentSystemTimeMs(): number
  /** Counts the record in hand as dropped and, where configured, sends it to the dead-letter topic. */
  drop(reason: string): void
}

export interface Processor<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> {
  init?(context: ProcessorContext<KOut, VOut>): void
  process(record: StreamRecord<KIn, VIn>): void
  /**
   * A timer of one of the processor's timer stores, `store` by name; it is out of the store by then. Timers of one store
   * fire by time, then key bytes, between records; what fires them late (a jump of time, a stop) changes nothing of that.
   */
  onTimer?(key: unknown, atMs: number, store: string): void
  close?(): void
}

/** Makes one processor per task; the context is the one that `init` is given right after. */
export type ProcessorSupplier<KIn = unknown, VIn = unknown, KOut = unknown, VOut = unknown> = (
  context: ProcessorContext<KOut, VOut>,
) => Processor<KIn, VIn, KOut, VOut>

/** What a transformer of a table's values may use; it cannot forward, because each change has one result. */
export type TransformContext = Omit<ProcessorContext<never, never>, 'forward'>

export interface ValueTransformer<K = unknown, V = unknown, V2 = unknown> {
  init?(context: TransformContext): void
  /** `value` null: the row was deleted, or there is none. Returning null deletes. */
  transform(key: K, value: V | null): V2 | null
  /** Called on the transformer that follows changes; copies that others look rows up with just go. */
  close?(): void
}

/** Makes one transformer per task, and one for each operator that looks rows up without a store. */
export type ValueTransformerSupplier<K = unknown, V = unknown, V2 = unknown> = (
  context: TransformContext,
) => ValueTransformer<K, V, V2>

/** A new record with some fields replaced. */
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
