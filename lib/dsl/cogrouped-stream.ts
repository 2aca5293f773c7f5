/** Several grouped streams of one key type that are folded into one table, each by an adder of its own. */
import type { Fold, SessionAggregateNode } from '../topology/aggregate-nodes.js'
import type { SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows } from '../windows/definitions.js'
import type { Windowed } from '../windows/window.js'
import type { GroupedStream } from './grouped-stream.js'
import { aggregateCogroup, type CogroupHandle, type CogroupOptions, cogroupWith } from './plan/cogroup.js'
import type { NotNull, NullOf, SerdeState } from './plan/serde-state.js'
import { checkWindows, fixedWindows, sessionWindows, withoutWindows } from './plan/window-plan.js'
import { KTable } from './table.js'

export class CogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  /** Never set: it carries the types. */
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  constructor(cogroup: CogroupHandle) {
    this.#cogroup = cogroup
  }

  cogroup<V, VS extends SerdeState>(
    stream: GroupedStream<K, V, VS>,
    adder: (key: K, value: V, aggregate: VR) => VR,
  ): CogroupedStream<K, VR> {
    return new CogroupedStream(cogroupWith(this.#cogroup, stream.handle, adder as Fold['adder']))
  }

  /** Null keys and null values are dropped. */
  aggregate(options: CogroupOptions<K, VR>): KTable<K, NotNull<VR>, 'known', NullOf<VR>> {
    return new KTable(aggregateCogroup(this.#cogroup, options, withoutWindows()))
  }

  /** One aggregate per key and window. */
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

/** Cut into tumbling, hopping, sliding or unlimited windows. */
export class WindowedCogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  readonly #windows: TimeWindows | UnlimitedWindows | SlidingWindows
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  constructor(cogroup: CogroupHandle, windows: TimeWindows | UnlimitedWindows | SlidingWindows) {
    this.#cogroup = cogroup
    this.#windows = windows
  }

  aggregate(options: CogroupOptions<K, VR>): KTable<Windowed<K>, NotNull<VR>, 'known', NullOf<VR>> {
    const window = fixedWindows(this.#windows, 'onWindowUpdate')
    return new KTable(aggregateCogroup(this.#cogroup, options, window))
  }
}

/** Cut into sessions. */
export class SessionWindowedCogroupedStream<K, VR> {
  readonly #cogroup: CogroupHandle
  readonly #windows: SessionWindows
  declare readonly recordType?: { readonly key: K; readonly aggregate: VR }

  constructor(cogroup: CogroupHandle, windows: SessionWindows) {
    this.#cogroup = cogroup
    this.#windows = windows
  }

  aggregate(
    options: CogroupOptions<K, VR> & {
      /** Joins the aggregates of two sessions that a record brought together. */
      readonly merger: (key: K, left: VR, right: VR) => VR
    },
  ): KTable<Windowed<K>, NotNull<VR>> {
    const window = sessionWindows(this.#windows, 'onWindowUpdate', options.merger as SessionAggregateNode['merger'])
    return new KTable(aggregateCogroup(this.#cogroup, options, window))
  }
}
