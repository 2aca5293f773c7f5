/** A grouped stream with session windows. */
import { int64 } from '../serde/primitive.js'
import type { EmitStrategy, Fold, SessionAggregateNode } from '../topology/aggregate-nodes.js'
import type { SessionWindows } from '../windows/definitions.js'
import type { Windowed } from '../windows/window.js'
import type { AggregateOptions, CountOptions, ReduceArgument } from './grouped-stream.js'
import { aggregateGroup, countFold, type GroupHandle, reduceFold } from './plan/aggregation.js'
import type { AnySerde, Named } from './plan/handle.js'
import { checkOptions, requireOptions } from './plan/operator-options.js'
import type { NotNull, SerdeState } from './plan/serde-state.js'
import type { Materialized } from './plan/store-options.js'
import { checkEmit, sessionWindows } from './plan/window-plan.js'
import { KTable } from './table.js'

type Merger = SessionAggregateNode['merger']

const addCounts: Merger = (_key, left, right) => (left as number) + (right as number)

/** Options of `aggregate` of sessions. */
export type SessionAggregateOptions<K, V, VR, VS extends SerdeState> = AggregateOptions<K, V, VR, VS> & {
  /** Combines the aggregates of two sessions that become one. An aggregate is null if its session had none yet. */
  readonly merger: (key: K, left: VR, right: VR) => VR
}

/** A grouped stream, divided into sessions. Aggregate it into a table with one row for each key and window. */
export class SessionWindowedStream<K, V, VS extends SerdeState = 'known'> {
  readonly #group: GroupHandle
  readonly #windows: SessionWindows
  readonly #emit: EmitStrategy
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly value: V; readonly serde: VS }

  /** @internal */
  constructor(group: GroupHandle, windows: SessionWindows, emit: EmitStrategy) {
    this.#group = group
    this.#windows = windows
    this.#emit = emit
  }

  /** When results are emitted: `onWindowUpdate` (default) at each change, `onWindowClose` once, when no record can extend the session. */
  emitStrategy(emit: EmitStrategy): SessionWindowedStream<K, V, VS> {
    checkEmit(emit)
    return new SessionWindowedStream(this.#group, this.#windows, emit)
  }

  /** The number of records for each key and session, stored as int64. Null values count. */
  count(options?: CountOptions<K>): KTable<Windowed<K>, number> {
    checkOptions('count', options, this.#group.stream.name)
    const takesUnusedNumber = options?.store !== undefined
    return this.#build('KSTREAM-AGGREGATE-', countFold, addCounts, options, int64 as AnySerde, takesUnusedNumber)
  }

  /** Combines the values of a session; the first one is taken as it is. The reducer gets null values, too. */
  reduce(
    reducer: (aggregate: NotNull<V>, value: V) => V,
    ...[options]: ReduceArgument<K, NotNull<V>, VS>
  ): KTable<Windowed<K>, NotNull<V>> {
    checkOptions('reduce', options, this.#group.stream.name)
    const merger: Merger = (_key, left, right) => (left === null ? right : reducer(left as NotNull<V>, right as V))
    return this.#build(
      'KSTREAM-REDUCE-',
      reduceFold(reducer, this.#group.stream),
      merger,
      options,
      this.#group.stream.value,
    )
  }

  /** Aggregates the values of a session, starting with `initializer()`. The adder gets null values, too. */
  aggregate<VR>(options: SessionAggregateOptions<K, V, VR, VS>): KTable<Windowed<K>, NotNull<VR>> {
    requireOptions('aggregate', options, this.#group.stream.name)
    const fold = { initializer: options.initializer, adder: options.adder as Fold['adder'] }
    const merger = options.merger as Merger
    return this.#build('KSTREAM-AGGREGATE-', fold, merger, options, this.#group.stream.value)
  }

  #build<VR>(
    prefix: string,
    fold: Fold,
    merger: Merger,
    options: (Named & { readonly store?: Materialized<unknown, unknown> }) | undefined,
    value: AnySerde | null,
    takesUnusedNumber = false,
  ): KTable<Windowed<K>, VR> {
    const plan = {
      prefix,
      name: options?.name,
      store: options?.store,
      value,
      takesUnusedNumber,
      fold,
      window: sessionWindows(this.#windows, this.#emit, merger),
    }
    return new KTable(aggregateGroup(this.#group, plan))
  }
}
