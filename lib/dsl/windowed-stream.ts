/** A grouped stream with tumbling, hopping, sliding or unlimited windows. */
import { MillraceError } from '../errors.js'
import { int64 } from '../serde/primitive.js'
import type { EmitStrategy, Fold } from '../topology/aggregate-nodes.js'
import type { SlidingWindows, TimeWindows, UnlimitedWindows } from '../windows/definitions.js'
import type { Windowed } from '../windows/window.js'
import type { AggregateOptions, CountOptions, ReduceArgument } from './grouped-stream.js'
import { aggregateGroup, countFold, type GroupHandle, reduceFold } from './plan/aggregation.js'
import type { AnySerde, Named } from './plan/handle.js'
import { checkOptions, requireOptions } from './plan/operator-options.js'
import type { NotNull, NullOf, SerdeState } from './plan/serde-state.js'
import type { Materialized } from './plan/store-options.js'
import { checkEmit, fixedWindows, type WindowTime } from './plan/window-plan.js'
import { KTable } from './table.js'

/** A grouped stream, divided into tumbling, hopping, sliding or unlimited windows. Aggregate it into a table with one row for each key and window. */
export class WindowedStream<K, V, VS extends SerdeState = 'known'> {
  readonly #group: GroupHandle
  readonly #windows: TimeWindows | UnlimitedWindows | SlidingWindows
  readonly #emit: EmitStrategy
  readonly #time: WindowTime
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly value: V; readonly serde: VS }

  /** @internal */
  constructor(
    group: GroupHandle,
    windows: TimeWindows | UnlimitedWindows | SlidingWindows,
    emit: EmitStrategy,
    time: WindowTime,
  ) {
    if (time === 'perKey' && windows.kind !== 'time') {
      throw new MillraceError('WINDOW_INVALID', `time perKey is for tumbling and hopping windows, not ${windows.kind}`)
    }
    if (time === 'perKey' && emit === 'onWindowClose') {
      throw new MillraceError(
        'WINDOW_INVALID',
        'with time perKey no window is ever final, so it cannot emit onWindowClose',
      )
    }
    this.#group = group
    this.#windows = windows
    this.#emit = emit
    this.#time = time
  }

  /** When results are emitted: `onWindowUpdate` (default) at each change, `onWindowClose` once, when stream time has passed end and grace. */
  emitStrategy(emit: EmitStrategy): WindowedStream<K, V, VS> {
    checkEmit(emit)
    if (emit === 'onWindowClose' && this.#windows.kind === 'unlimited') {
      throw new MillraceError('WINDOW_INVALID', 'an unlimited window never closes, so it cannot emit onWindowClose')
    }
    return new WindowedStream(this.#group, this.#windows, emit, this.#time)
  }

  /** The number of records for each key and window, stored as int64. Null values count, except in sliding windows. */
  count(options?: CountOptions<K>): KTable<Windowed<K>, number, 'known', never> {
    checkOptions('count', options, this.#group.stream.name)
    // Kafka Streams' count of sliding windows is the one that takes no number it does not use.
    const takesUnusedNumber = options?.store !== undefined && this.#windows.kind !== 'sliding'
    return this.#build('KSTREAM-AGGREGATE-', countFold, options, int64 as AnySerde, takesUnusedNumber)
  }

  /** Combines the values of a window; the first one is taken as it is. The reducer gets null values, except in sliding windows. */
  reduce(
    reducer: (aggregate: NotNull<V>, value: V) => V,
    ...[options]: ReduceArgument<K, NotNull<V>, VS>
  ): KTable<Windowed<K>, NotNull<V>, 'known', NullOf<V>> {
    checkOptions('reduce', options, this.#group.stream.name)
    return this.#build('KSTREAM-REDUCE-', reduceFold(reducer, this.#group.stream), options, this.#group.stream.value)
  }

  /** Aggregates the values of a window, starting with `initializer()`. The adder gets null values, except in sliding windows. */
  aggregate<VR>(options: AggregateOptions<K, V, VR, VS>): KTable<Windowed<K>, NotNull<VR>, 'known', NullOf<VR>> {
    requireOptions('aggregate', options, this.#group.stream.name)
    const fold = { initializer: options.initializer, adder: options.adder as Fold['adder'] }
    return this.#build('KSTREAM-AGGREGATE-', fold, options, this.#group.stream.value)
  }

  #build<VR>(
    prefix: string,
    fold: Fold,
    options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined,
    value: AnySerde | null,
    takesUnusedNumber = false,
  ): KTable<Windowed<K>, VR, 'known', never> {
    if (this.#time === 'perKey' && options?.store?.retentionMs === undefined) {
      throw new MillraceError(
        'WINDOW_INVALID',
        'time perKey needs `store: { retentionMs }`: the time by which a key may be behind the most advanced key',
      )
    }
    const plan = {
      prefix,
      name: options?.name,
      store: options?.store,
      value,
      takesUnusedNumber,
      fold,
      window: fixedWindows(this.#windows, this.#emit, this.#time),
    }
    return new KTable(aggregateGroup(this.#group, plan))
  }
}
