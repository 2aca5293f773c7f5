/** A stream whose records are grouped by key, before an aggregation. */

import { MillraceError } from '../errors.js'
import { int64 } from '../serde/primitive.js'
import type { Serde } from '../serde/serde.js'
import type { Fold } from '../topology/aggregate-nodes.js'
import type { SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows } from '../windows/definitions.js'
import { CogroupedStream } from './cogrouped-stream.js'
import type { StoreHint } from './hints.js'
import { type AggregateStore, aggregateGroup, countFold, type GroupHandle, reduceFold } from './plan/aggregation.js'
import { cogroupOf } from './plan/cogroup.js'
import type { Named } from './plan/handle.js'
import { checkOptions, requireOptions } from './plan/operator-options.js'
import type { NotNull, NullOf, SerdeState } from './plan/serde-state.js'
import type { Materialized } from './plan/store-options.js'
import type { WindowTime } from './plan/window-plan.js'
import { checkWindows, withoutWindows } from './plan/window-plan.js'
import { SessionWindowedStream } from './session-windowed-stream.js'
import { KTable } from './table.js'
import { WindowedStream } from './windowed-stream.js'

/** Options of `count`. */
export interface CountOptions<K> extends Named {
  readonly store?: Materialized<K, number>
}

/** Options of `reduce`. The store needs a value serde if that of the stream is not known. */
export type ReduceArgument<K, V, VS extends SerdeState> = VS extends 'known'
  ? [options?: Named & { readonly store?: Materialized<K, V> }]
  : [options: Named & { readonly store: Materialized<K, V> & { readonly value: Serde<V> } }]

/** Options of `aggregate`: `initializer` makes the first aggregate, `adder` adds a value. */
export type AggregateOptions<K, V, VR, VS extends SerdeState> = Named & {
  readonly initializer: () => VR
  readonly adder: (key: K, value: V, aggregate: VR) => VR
} & AggregateStore<K, NotNull<V>, VR, VS>

/** A stream grouped by key: aggregate it into a table, with or without windows. */
export class GroupedStream<K, V, VS extends SerdeState = 'known'> {
  /** @internal */
  readonly handle: GroupHandle
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly value: V; readonly serde: VS }

  /** @internal */
  constructor(handle: GroupHandle) {
    this.handle = handle
  }

  /** The number of records for each key, stored as int64. Records with a null key or value are dropped. */
  count(options?: CountOptions<K>): KTable<K, number, 'known', never> {
    checkOptions('count', options, this.handle.stream.name)
    return this.#plain('KSTREAM-AGGREGATE-', countFold, options, {
      value: int64,
      takesUnusedNumber: options?.store !== undefined,
    })
  }

  /** Combines the values of a key; the first one is taken as it is. Records with a null key or value are dropped. */
  reduce(
    reducer: (aggregate: NotNull<V>, value: NotNull<V>) => NotNull<V>,
    ...options: ReduceArgument<K, NotNull<V>, VS>
  ): KTable<K, NotNull<V>, 'known', never>
  /** Says what is missing. @hidden */
  reduce(
    this: StoreHint,
    reducer: (aggregate: NotNull<V>, value: NotNull<V>) => NotNull<V>,
  ): KTable<K, NotNull<V>, 'known', never>
  reduce(
    reducer: (aggregate: NotNull<V>, value: NotNull<V>) => NotNull<V>,
    ...given: readonly unknown[]
  ): KTable<K, NotNull<V>, 'known', never> {
    const { stream } = this.handle
    const options = given[0] as CountOptions<never> | undefined
    checkOptions('reduce', options, stream.name)
    return this.#plain('KSTREAM-REDUCE-', reduceFold(reducer, stream), options, { value: stream.value })
  }

  /** Aggregates the values of a key, starting with `initializer()`. Records with a null key or value are dropped. Return null to delete the row. */
  aggregate<VR>(options: AggregateOptions<K, NotNull<V>, VR, VS>): KTable<K, NotNull<VR>, 'known', NullOf<VR>> {
    requireOptions('aggregate', options, this.handle.stream.name)
    const fold = { initializer: options.initializer, adder: options.adder as Fold['adder'] }
    return this.#plain('KSTREAM-AGGREGATE-', fold, options, { value: this.handle.stream.value })
  }

  /** Aggregates this stream and others with keys of the same type into one table: add them with `cogroup`, end with `aggregate`. */
  cogroup<VR>(adder: (key: K, value: V, aggregate: VR) => VR): CogroupedStream<K, VR> {
    return new CogroupedStream(cogroupOf(this.handle, adder as Fold['adder']))
  }

  /**
   * One aggregate for each key and window. With `time: 'perKey'`, for tumbling and hopping windows, lateness is measured by the highest
   * timestamp of the record's own key instead of all keys (KIP-540).
   * @throws MillraceError WINDOW_INVALID
   */
  windowedBy(windows: TimeWindows, options: { readonly time: WindowTime }): WindowedStream<K, V, VS>
  windowedBy(windows: SlidingWindows): WindowedStream<K, NotNull<V>, VS>
  windowedBy(windows: TimeWindows | UnlimitedWindows | SlidingWindows): WindowedStream<K, V, VS>
  windowedBy(windows: SessionWindows): SessionWindowedStream<K, V, VS>
  windowedBy(
    windows: TimeWindows | UnlimitedWindows | SlidingWindows | SessionWindows,
    options: { readonly time?: WindowTime } = {},
  ): unknown {
    checkWindows(windows)
    checkOptions('windowedBy', options, this.handle.stream.name)
    const { time = 'operator' } = options
    if (windows.kind !== 'session') return new WindowedStream(this.handle, windows, 'onWindowUpdate', time)
    if (time === 'perKey') {
      throw new MillraceError('WINDOW_INVALID', 'time perKey is for tumbling and hopping windows, not session')
    }
    return new SessionWindowedStream(this.handle, windows, 'onWindowUpdate')
  }

  #plain<VR>(
    prefix: string,
    fold: Fold,
    options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined,
    defaults: { readonly value: Serde<unknown> | Serde<unknown> | null; readonly takesUnusedNumber?: boolean },
  ): KTable<K, VR, 'known', never> {
    const plan = {
      prefix,
      name: options?.name,
      store: options?.store,
      value: defaults.value as Serde<unknown> | null,
      takesUnusedNumber: defaults.takesUnusedNumber ?? false,
      fold,
      window: withoutWindows(),
    }
    return new KTable(aggregateGroup(this.handle, plan))
  }
}
