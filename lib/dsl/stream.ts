/** A stream of records. Every method appends an operator and returns the resulting stream. */

import { requirePair } from '../record/mapper-answers.js'
import type { StreamRecord } from '../record/record.js'
import type { Serde } from '../serde/serde.js'
import { type Topic, topicWithSerdes } from '../serde/topic.js'
import type { AsyncAttempt, AsyncHandler } from '../topology/async-node.js'
import type { SinkNode } from '../topology/node.js'
import type { TopicNameExtractor } from '../topology/node-base.js'
import type { ProcessorSupplier } from '../topology/processor.js'
import { withChanges } from '../topology/processor.js'
import { requireAnyFunction } from '../topology/validate/functions.js'
import { GlobalKTable } from './global-table.js'
import { GroupedStream } from './grouped-stream.js'
import type { SerdeHint, StreamJoinHint } from './hints.js'
import { type GroupSettings, groupStream } from './plan/aggregation.js'
import type { Named, StreamHandle, TableHandle } from './plan/handle.js'
import { checkOptions, nameOnly } from './plan/operator-options.js'
import { type PrintSettings, printer } from './plan/print.js'
import type { After, KeyOption, NotNull, SerdeState, ValueOption, WriteArgument } from './plan/serde-state.js'
import { splitStream } from './plan/split.js'
import type { StoreSettings } from './plan/store-options.js'
import {
  type GlobalJoin,
  joinGlobalTable,
  joinTable,
  requireJoiner,
  type TableJoin,
  type UntypedJoin,
} from './plan/stream-joins.js'
import {
  type AsyncSettings,
  appendAsync,
  appendProcess,
  appendStateless,
  mergeStreams,
  type ProcessSettings,
} from './plan/stream-operators.js'
import { joinStreams, type StreamJoin, type UntypedStreamJoin } from './plan/stream-stream-join.js'
import { streamToTable } from './plan/stream-to-table.js'
import { appendSink, type RepartitionSettings, repartitionStream, type SinkSettings } from './plan/stream-topics.js'
import { SplitStream } from './split-stream.js'
import { KTable } from './table.js'

/** What a grouping needs: serdes to repartition and store with. Value only where the key changed. */
export type GroupArgument<K, V, KS extends SerdeState, VS extends SerdeState> = KS extends 'known'
  ? [options?: Named & KeyOption<K, 'known'> & ValueOption<V, 'known'>]
  : [options: Named & KeyOption<K, KS> & ValueOption<V, VS>]

const hasValue = (_key: unknown, value: unknown) => value !== null

/** The state of a serde after two streams were merged. */
export type Both<A extends SerdeState, B extends SerdeState> = [A, B] extends ['known', 'known'] ? 'known' : 'missing'

/**
 * A stream of records. Each method adds an operator and returns the stream of its results. Write its type as `KStream<K, V>`; `KS` and
 * `VS` are for the compiler, which asks for a serde after an operator that changes a type.
 */
export class KStream<K, V, KS extends SerdeState = 'known', VS extends SerdeState = 'known'> {
  /** @internal */
  readonly handle: StreamHandle

  /** @internal */
  constructor(handle: StreamHandle) {
    this.handle = handle
  }

  /** Keeps the records for which `predicate` holds; one that tells types apart narrows the stream. */
  filter<V2 extends V>(predicate: (key: K, value: V) => value is V2, options?: Named): KStream<K, V2, KS, VS>
  filter(predicate: (key: K, value: V) => boolean, options?: Named): KStream<K, V, KS, VS>
  filter(predicate: (key: K, value: V) => boolean, options?: Named): KStream<K, V, KS, VS> {
    return new KStream(
      appendStateless(this.handle, 'KSTREAM-FILTER-', options, { kind: 'filter', negate: false, predicate }),
    )
  }

  /** Drops the records for which `predicate` holds. */
  filterNot(predicate: (key: K, value: V) => boolean, options?: Named): KStream<K, V, KS, VS> {
    return new KStream(
      appendStateless(this.handle, 'KSTREAM-FILTER-', options, { kind: 'filter', negate: true, predicate }),
    )
  }

  /** Drops the records without a value: tombstones of a topic, deletes of a table. What follows gets values only. */
  filterNotNull(options?: Named): KStream<K, NotNull<V>, KS, VS> {
    const node = { kind: 'filter', negate: false, predicate: hasValue } as const
    return new KStream(appendStateless(this.handle, 'KSTREAM-FILTER-', options, node))
  }

  /** Makes one record of each. The key may change, so what groups or joins later repartitions. */
  map<K2, V2>(
    mapper: (key: K, value: V) => readonly [K2, V2],
    options?: Named,
  ): KStream<K2, V2, After<K, K2, KS>, After<V, V2, VS>> {
    return new KStream(appendStateless(this.handle, 'KSTREAM-MAP-', options, { kind: 'map', mapper }))
  }

  /** Changes the value only, so nothing repartitions. */
  mapValues<V2>(mapper: (value: V, key: K) => V2, options?: Named): KStream<K, V2, KS, After<V, V2, VS>> {
    return new KStream(appendStateless(this.handle, 'KSTREAM-MAPVALUES-', options, { kind: 'mapValues', mapper }))
  }

  /** Makes any number of records of each. */
  flatMap<K2, V2>(
    mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>,
    options?: Named,
  ): KStream<K2, V2, After<K, K2, KS>, After<V, V2, VS>> {
    return new KStream(appendStateless(this.handle, 'KSTREAM-FLATMAP-', options, { kind: 'flatMap', mapper }))
  }

  /** Makes any number of records of each, all with the same key. */
  flatMapValues<V2>(mapper: (value: V, key: K) => Iterable<V2>, options?: Named): KStream<K, V2, KS, After<V, V2, VS>> {
    return new KStream(
      appendStateless(this.handle, 'KSTREAM-FLATMAPVALUES-', options, { kind: 'flatMapValues', mapper }),
    )
  }

  /** Gives each record another key. A grouping or join after it goes through a repartition topic. */
  selectKey<K2>(mapper: (key: K, value: V) => K2, options?: Named): KStream<K2, V, After<K, K2, KS>, VS> {
    return new KStream(appendStateless(this.handle, 'KSTREAM-KEY-SELECT-', options, { kind: 'selectKey', mapper }))
  }

  /** Looks at every record and forwards it. Under at-least-once it may see a record again. */
  peek(action: (key: K, value: V) => void, options?: Named): KStream<K, V, KS, VS> {
    return new KStream(appendStateless(this.handle, 'KSTREAM-PEEK-', options, { kind: 'peek', action }))
  }

  /** Looks at every record; the stream ends here. */
  foreach(action: (key: K, value: V) => void, options?: Named): void {
    appendStateless(this.handle, 'KSTREAM-FOREACH-', options, { kind: 'peek', action })
  }

  /** Writes a line per record, `[label]: key, value`; the stream ends here: `stream.print(console.log)`. */
  print(write: (line: string) => void, options: PrintSettings<K, V> = {}): void {
    checkOptions('print', options, this.handle.name)
    const action = printer(write, options as PrintSettings<unknown, unknown>, this.handle.name)
    appendStateless(this.handle, 'KSTREAM-PRINTER-', nameOnly(options), { kind: 'peek', action })
  }

  /** All records of both; no order between the two. */
  merge<VO extends V | null, KS2 extends SerdeState, VS2 extends SerdeState>(
    other: KStream<K, VO, KS2, VS2>,
    options?: Named,
  ): KStream<K, V | VO, Both<KS, KS2>, Both<VS, VS2>> {
    return new KStream(mergeStreams(this.handle, other instanceof KStream ? other.handle : undefined, options))
  }

  /** Splits into branches: `stream.split().branch(isBig, { name: '-big' }).defaultBranch()`. */
  split<const Prefix extends string = never>(options?: { readonly name?: Prefix }): SplitStream<K, V, KS, VS, Prefix> {
    return new SplitStream(splitStream(this.handle, options))
  }

  /** Writes to an internal topic and reads it again, so that records lie where their key belongs. */
  repartition(...options: WriteArgument<RepartitionSettings, K, V, KS, VS>): KStream<K, V>
  /** Says what is missing. @hidden */
  repartition(this: SerdeHint<KS, VS>): KStream<K, V>
  repartition(options?: RepartitionSettings): KStream<K, V> {
    return new KStream(repartitionStream(this.handle, options))
  }

  /** Groups by another key; records whose new key is null are dropped. A key of another type needs its serde. */
  groupBy(
    selector: (key: K, value: V) => K,
    ...options: WriteArgument<Named, K, V, KS, VS>
  ): GroupedStream<NotNull<K>, V>
  groupBy<K2>(
    selector: (key: K, value: V) => K2 | null | undefined,
    options: Named & { readonly key: Serde<K2> } & ValueOption<V, VS>,
  ): GroupedStream<K2, V>
  /** Says what is missing. @hidden */
  groupBy<K2>(this: SerdeHint<'missing', VS>, selector: (key: K, value: V) => K2): GroupedStream<K2, V>
  groupBy(selector: (key: K, value: V) => unknown, options?: GroupSettings): unknown {
    const node = { kind: 'selectKey', mapper: selector } as const
    const rekeyed = appendStateless(this.handle, 'KSTREAM-KEY-SELECT-', nameOnly(options), node)
    return new GroupedStream(groupStream(rekeyed, options))
  }

  /** Groups by the key there is; repartitions only where the key was changed before. */
  groupByKey(options: Named & KeyOption<K, KS> & { readonly value: Serde<NotNull<V>> }): GroupedStream<K, V>
  groupByKey(...options: GroupArgument<K, V, KS, VS>): GroupedStream<K, V, VS>
  /** Says what is missing. @hidden */
  groupByKey(this: SerdeHint<KS, VS>): GroupedStream<K, V>
  groupByKey(options?: Named & { readonly key?: Serde<NotNull<K>>; readonly value?: Serde<NotNull<V>> }): unknown {
    return new GroupedStream(groupStream(this.handle, options as GroupSettings | undefined))
  }

  /** Takes the stream for a table's changelog: the latest value of a key counts, null deletes, null keys are dropped. */
  toTable(...options: WriteArgument<Named & { readonly store?: StoreSettings }, K, V, KS, VS>): KTable<K, NotNull<V>>
  /** Says what is missing. @hidden */
  toTable(this: SerdeHint<KS, VS>): KTable<K, NotNull<V>>
  toTable(options?: Named & { readonly store?: StoreSettings }): KTable<K, NotNull<V>> {
    return new KTable(streamToTable(this.handle, options))
  }

  /** Writes to a topic, or to the topic a function of the record names. The topics must exist. */
  to(topic: Topic<NotNull<K>, NotNull<V>>, options?: SinkSettings): void
  to(topic: string | TopicNameExtractor<K, V>, ...options: WriteArgument<SinkSettings, K, V, KS, VS>): void
  /** Says what is missing. @hidden */
  to(this: SerdeHint<KS, VS>, topic: string | TopicNameExtractor<K, V>): void
  to(given: unknown, settings: SinkSettings = {}): void {
    const chosen = typeof given === 'function'
    const { name, options } = chosen ? { name: given, options: settings } : topicWithSerdes(given, settings, 'to')
    appendSink(this.handle, name as SinkNode['topic'], options)
  }

  /** Runs user code with a context: stores, timers, forwarding. The key may change. */
  process<K2, V2>(
    supplier: ProcessorSupplier<K, V, K2, V2>,
    options?: ProcessSettings,
  ): KStream<K2, V2, After<K, K2, KS>, After<V, V2, VS>> {
    return new KStream(appendProcess(this.handle, 'KSTREAM-PROCESSOR-', supplier as ProcessorSupplier, false, options))
  }

  /** As `process`, but the key must stay, so nothing repartitions. */
  processValues<V2>(
    supplier: ProcessorSupplier<K, V, K, V2>,
    options?: ProcessSettings,
  ): KStream<K, V2, KS, After<V, V2, VS>> {
    return new KStream(
      appendProcess(this.handle, 'KSTREAM-PROCESSVALUES-', supplier as ProcessorSupplier, true, options),
    )
  }

  /**
   * As `map`, with a mapper that waits for something outside. Many run at once, those of one key one after the other; a
   * commit waits for all of them, so exactly-once holds for what they answer. What they do outside may happen again.
   */
  mapAsync<K2, V2>(
    mapper: (key: K, value: V, attempt: AsyncAttempt) => Promise<readonly [K2, V2]>,
    options?: AsyncSettings,
  ): KStream<K2, V2, After<K, K2, KS>, After<V, V2, VS>> {
    requireAnyFunction(mapper, 'mapper', `mapAsync of ${this.handle.name}`)
    const handler = async (record: StreamRecord, attempt: AsyncAttempt) => {
      const pair = await mapper(record.key as K, record.value as V, attempt)
      requirePair(pair, 'mapAsync')
      const [key, value] = pair
      return [withChanges(record, { key, value })]
    }
    return new KStream(appendAsync(this.handle, handler, 'key', options))
  }

  /** As `mapAsync`, changing the value only, so nothing repartitions. */
  mapValuesAsync<V2>(
    mapper: (value: V, key: K, attempt: AsyncAttempt) => Promise<V2>,
    options?: AsyncSettings,
  ): KStream<K, V2, KS, After<V, V2, VS>> {
    requireAnyFunction(mapper, 'mapper', `mapValuesAsync of ${this.handle.name}`)
    const handler = async (record: StreamRecord, attempt: AsyncAttempt) => {
      return [withChanges(record, { value: await mapper(record.value as V, record.key as K, attempt) })]
    }
    return new KStream(appendAsync(this.handle, handler, 'value', options))
  }

  /** As `mapAsync`, with any number of records for each, timestamps and headers included. */
  processAsync<K2, V2>(
    handler: AsyncHandler<K, V, K2, V2>,
    options?: AsyncSettings,
  ): KStream<K2, V2, After<K, K2, KS>, After<V, V2, VS>> {
    return new KStream(appendAsync(this.handle, handler as AsyncHandler, 'key', options))
  }

  /** Pairs of records of both streams with the same key whose times are within the window. */
  join<VO, VOut, OKS extends SerdeState, OS extends SerdeState>(
    other: KStream<K, VO, OKS, OS>,
    options: StreamJoin<K, V, VO, NotNull<V>, NotNull<VO>, VOut, KS, VS, OS>,
  ): KStream<K, VOut, 'known', After<V, VOut, 'known'>>
  /** Each record with the row of a fully replicated table that `keySelector` chooses. */
  join<GK, GV, VOut>(
    table: GlobalKTable<GK, GV>,
    options: GlobalJoin<K, V, GK, GV, VOut>,
  ): KStream<K, VOut, KS, After<V, VOut, VS>>
  /** Each record with the table's row of the same key; records without a row, or with a null key or value, are dropped. */
  join<VT, VOut, TS extends SerdeState>(
    table: KTable<K, VT, TS>,
    options: TableJoin<K, V, VT, VOut, KS, VS>,
  ): KStream<K, VOut, KS, After<V, VOut, VS>>
  /** Says what is missing. @hidden */
  join<O>(other: O, options: StreamJoinHint<K, KS, VS, O>): never
  join(other: unknown, options: unknown): unknown {
    return this.#join(other, options as object, false)
  }

  /** As `join`, and each record of this stream without a partner continues alone once none can come in time any more. */
  leftJoin<VO, VOut, OKS extends SerdeState, OS extends SerdeState>(
    other: KStream<K, VO, OKS, OS>,
    options: StreamJoin<K, V, VO, NotNull<V>, NotNull<VO> | null, VOut, KS, VS, OS>,
  ): KStream<K, VOut, 'known', After<V, VOut, 'known'>>
  leftJoin<GK, GV, VOut>(
    table: GlobalKTable<GK, GV>,
    options: GlobalJoin<K, V, GK, GV | null, VOut>,
  ): KStream<K, VOut, KS, After<V, VOut, VS>>
  /** As `join`, but every record continues; the row is null where there is none. */
  leftJoin<VT, VOut, TS extends SerdeState>(
    table: KTable<K, VT, TS>,
    options: TableJoin<K, V, VT | null, VOut, KS, VS>,
  ): KStream<K, VOut, KS, After<V, VOut, VS>>
  /** Says what is missing. @hidden */
  leftJoin<O>(other: O, options: StreamJoinHint<K, KS, VS, O>): never
  leftJoin(other: unknown, options: unknown): unknown {
    return this.#join(other, options as object, true)
  }

  /** As `join`, and each record of either stream without a partner continues alone once none can come in time any more. */
  outerJoin<VO, VOut, OKS extends SerdeState, OS extends SerdeState>(
    other: KStream<K, VO, OKS, OS>,
    options: StreamJoin<K, V, VO, NotNull<V> | null, NotNull<VO> | null, VOut, KS, VS, OS>,
  ): KStream<K, VOut, 'known', After<V, VOut, 'known'>> {
    return new KStream(joinStreams(this.handle, other.handle, options as unknown as UntypedStreamJoin, 'outer'))
  }

  #join(other: unknown, options: object, left: boolean): unknown {
    requireJoiner(this.handle, options)
    if (other instanceof KStream) {
      return new KStream(joinStreams(this.handle, other.handle, options as UntypedStreamJoin, left ? 'left' : 'inner'))
    }
    const untyped = options as UntypedJoin
    if (other instanceof GlobalKTable) return new KStream(joinGlobalTable(this.handle, other, untyped, left))
    const table = (other as { readonly handle: TableHandle } | undefined)?.handle
    return new KStream(joinTable(this.handle, table, untyped, left))
  }
}
