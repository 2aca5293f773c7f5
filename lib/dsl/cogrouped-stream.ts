/** Several grouped streams with the same key type that are aggregated into one table, each with its own aggregator. */
import type { Fold, SessionAggregateNode } from '../topology/aggregate-nodes.js'
import type { SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows } from '../windows/definitions.js'
import type { Windowed } from '../windows/window.js'
import type { GroupedStream } from './grouped-stream.js'
import { aggregateCogroup, type CogroupHandle, type CogroupOptions, cogroupWith } from './plan/cogroup.js'
import type { NotNull, NullOf, SerdeState } from './plan/serde-state.js'
import { checkWindows, fixedWindows, sessionWindows, withoutWindows } from './plan/window-plan.js'
import { KTable } from './table.js'

/** Several grouped streams with keys of one type that are aggregated into one table, each with a function of its own. */
export class CogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  /** @internal */
  constructor(cogroup: CogroupHandle) {
    this.#cogroup = cogroup
  }

  /** Adds another grouped stream, with the function that adds its values to the aggregate. */
  cogroup<V, VS extends SerdeState>(
    stream: GroupedStream<K, V, VS>,
    adder: (key: K, value: V, aggregate: VR) => VR,
  ): CogroupedStream<K, VR> {
    return new CogroupedStream(cogroupWith(this.#cogroup, stream.handle, adder as Fold['adder']))
  }

  /** Makes the table. Records with a null key or value are dropped. */
  aggregate(options: CogroupOptions<K, VR>): KTable<K, NotNull<VR>, 'known', NullOf<VR>> {
    return new KTable(aggregateCogroup(this.#cogroup, options, withoutWindows()))
  }

  /** One aggregate for each key and window. @throws MillraceError WINDOW_INVALID */
  windowedBy(windows: TimeWindows | UnlimitedWindows | SlidingWindows): WindowedCogroupedStream<K, VR>
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedStream<K, VR>
  windowedBy(
    windows: TimeWindows | UnlimitedWindows | SlidingWindows | SessionWindows,
  ): WindowedCogroupedStream<K, VR> | SessionWindowedCogroupedStream<K, VR> {
    checkWindows(windows)
    return windows.kind === 'session'
      ? new SessionWindowedCogroupedStream(this.#cogroup, windows)
      : new WindowedCogroupedStream(this.#cogroup, windows)
  }
}

/** A cogrouped stream, divided into tumbling, hopping, sliding or unlimited windows. */
export class WindowedCogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  readonly #windows: TimeWindows | UnlimitedWindows | SlidingWindows
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  /** @internal */
  constructor(cogroup: CogroupHandle, windows: TimeWindows | UnlimitedWindows | SlidingWindows) {
    this.#cogroup = cogroup
    this.#windows = windows
  }

  /** Makes the table, with one row for each key and window. */
  aggregate(options: CogroupOptions<K, VR>): KTable<Windowed<K>, NotNull<VR>, 'known', NullOf<VR>> {
    const window = fixedWindows(this.#windows, 'onWindowUpdate')
    return new KTable(aggregateCogroup(this.#cogroup, options, window))
  }
}

/** A cogrouped stream, divided into sessions. */
export class SessionWindowedCogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  readonly #windows: SessionWindows
  /** Never set: it carries the types. @hidden */
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  /** @internal */
  constructor(cogroup: CogroupHandle, windows: SessionWindows) {
    this.#cogroup = cogroup
    this.#windows = windows
  }

  /** Makes the table, with one row for each key and session. */
  aggregate(
    options: CogroupOptions<K, VR> & {
      /** Combines the aggregates of two sessions that become one. */
      readonly merger: (key: K, left: VR, right: VR) => VR
    },
  ): KTable<Windowed<K>, NotNull<VR>> {
    const window = sessionWindows(this.#windows, 'onWindowUpdate', options.merger as SessionAggregateNode['merger'])
    return new KTable(aggregateCogroup(this.#cogroup, options, window))
  }
}
