/** Builds the topology of a case with the public DSL. */
import { CogroupedStream, SessionWindowedCogroupedStream, WindowedCogroupedStream } from '../dsl/cogrouped-stream.js'
import { GlobalKTable } from '../dsl/global-table.js'
import type { BuildOptions } from '../dsl/graph.js'
import { GroupedStream } from '../dsl/grouped-stream.js'
import { GroupedTable } from '../dsl/grouped-table.js'
import type { Optimization } from '../dsl/optimize.js'
import { SessionWindowedStream } from '../dsl/session-windowed-stream.js'
import type { StoreSettings } from '../dsl/store-options.js'
import { KStream } from '../dsl/stream.js'
import { StreamsBuilder } from '../dsl/streams-builder.js'
import { type Suppressed, untilTimeLimit, untilWindowCloses } from '../dsl/suppressed.js'
import { KTable } from '../dsl/table.js'
import { WindowedStream } from '../dsl/windowed-stream.js'
import type { Serde } from '../serde/serde.js'
import type { Topology } from '../topology/topology.js'
import {
  hopping,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling,
  type UnlimitedWindows,
  unlimited,
} from '../windows/definitions.js'
import type { CaseNode, CaseWindow, ConformanceCase, Scalar } from './conformance-case.js'
import {
  adderOf,
  joinerOf,
  keySelectorOf,
  mergerOf,
  pairMapperOf,
  predicateOf,
  reducerOf,
  valueMapperOf,
} from './conformance-functions.js'
import { joinByForeignKey, joinStreams } from './conformance-joins.js'
import { caseValue, keySerdeOf, outputKey } from './conformance-serdes.js'

type Stream = KStream<Scalar, Scalar>
type Table = KTable<Scalar, Scalar>
type Handle =
  | Stream
  | Table
  | GlobalKTable<Scalar, Scalar>
  | GroupedStream<Scalar, Scalar>
  | GroupedTable<Scalar, Scalar>
  | WindowedStream<Scalar, Scalar>
  | SessionWindowedStream<Scalar, Scalar>
  | CogroupedStream<Scalar, Scalar>
  | WindowedCogroupedStream<Scalar, Scalar>
  | SessionWindowedCogroupedStream<Scalar, Scalar>

export interface BuiltCase {
  readonly topology: Topology
  /** Topics written to, with keys by `outputKey`. */
  readonly outputs: ReadonlySet<string>
}

/** What a case leaves open. */
export interface Reading {
  /** What a store without a name is called: `store-0` and so on (default), as the oracle does, or by a generated name. */
  readonly unnamedStores?: 'numbered' | 'generated'
  /** Every name a case gives (default), or those alone that the oracle gives too. */
  readonly names?: 'all' | 'oracle'
  /** What stands where a case writes to a topic: a sink (default), or the processor the oracle catches records with. */
  readonly outputs?: 'sinks' | 'processors'
}

/** @throws NotYetBuilt where Millrace lacks an operator; MillraceError where the topology is refused */
export function buildCase(testCase: ConformanceCase, reading: Reading = {}): BuiltCase {
  const builder = new CaseBuilder(testCase, reading)
  for (const node of testCase.topology ?? []) builder.add(reading.names === 'oracle' ? withOracleNames(node) : node)
  return { topology: builder.streams.build(buildOptions(testCase)), outputs: builder.outputs }
}

/** The oracle gives a name to groups, to joins whose left side is a stream, to final results and to plain cogroups. */
function withOracleNames({ name, named: as, ...node }: CaseNode): CaseNode {
  const takesName = node.op === 'groupByKey' || node.op === 'join' || node.until === 'windowCloses'
  return { ...node, ...(takesName && named(name)), ...(as !== undefined && { named: as }) }
}

const RULES: Readonly<Record<string, Optimization>> = {
  'reuse.ktable.source.topics': 'reuseSourceTopics',
  'merge.repartition.topics': 'mergeRepartitionTopics',
  'single.store.self.join': 'singleStoreSelfJoin',
}

/** Kafka Streams' `topology.optimization`: none, all, or a list of rules. */
function buildOptions({ config }: ConformanceCase): BuildOptions {
  const optimize = String(config?.['topology.optimization'] ?? 'none')
  if (optimize === 'none' || optimize === 'all') return { optimize }
  return {
    optimize: optimize.split(',').map((name) => {
      const rule = RULES[name.trim()]
      if (rule === undefined) throw new Error(`the case names the optimisation ${name}, which Kafka Streams lacks`)
      return rule
    }),
  }
}

/** A stream's map must answer a pair. */
const NOTHING = [null, null] as unknown as readonly [Scalar, Scalar]

class CaseBuilder {
  readonly streams = new StreamsBuilder()
  readonly outputs = new Set<string>()
  readonly #key: Serde<Scalar>
  readonly #handles = new Map<string, Handle>()
  readonly #reading: Reading
  #storesNumbered = 0

  constructor(testCase: ConformanceCase, reading: Reading) {
    this.#key = keySerdeOf(testCase)
    this.#reading = reading
  }

  add(node: CaseNode): void {
    const names = node.in === undefined ? [] : typeof node.in === 'string' ? [node.in] : node.in
    const inputs = names.map((name) => this.#handle(name))
    const made = this.#make(node, inputs)
    if (made !== null) this.#handles.set(node.id, retyped(node, made))
  }

  #handle(name: string): Handle {
    const handle = this.#handles.get(name)
    if (handle === undefined) throw new Error(`the case uses node ${name} before it defines it`)
    return handle
  }

  #make(node: CaseNode, inputs: readonly Handle[]): Handle | null {
    const { topic = '' } = node
    const [input, other] = inputs
    const serdes = { key: this.#key, value: caseValue, ...named(node.name) }
    switch (node.op) {
      case 'stream':
        return this.streams.stream(topic, serdes)
      case 'table':
        return this.streams.table(topic, { ...serdes, ...this.#store(node) })
      case 'globalTable':
        return this.streams.globalTable(topic, { ...serdes, ...this.#store(node) })
      case 'merge':
        return asStream(input).merge(asStream(other), named(node.name))
      case 'repartition':
        return asStream(input).repartition({ ...this.#serdes(input), ...named(node.name) })
      case 'toTable':
        return asStream(input).toTable({ ...this.#serdes(input), ...named(node.name), ...this.#store(node) })
      case 'toStream':
        return asTable(input).toStream(named(node.name))
      case 'to':
        return this.#sink(node, input)
      case 'join':
        return this.#join(node, input, other)
      case 'windowedBy':
        return windowedBy(node, input)
      case 'count':
      case 'reduce':
      case 'aggregate':
        return this.#aggregate(node, input)
      case 'suppress':
        return suppressed(node, asTable(input))
      case 'cogroup':
        return cogrouped(node, inputs)
      case 'foreignKeyJoin':
        return joinByForeignKey(node, asTable(input), asTable(other), this.#store(node))
      default:
        return this.#transform(node, input)
    }
  }

  #transform(node: CaseNode, input: Handle | undefined): Handle {
    const { mapper } = node
    const name = named(node.name)
    const settings = { ...name, ...this.#typedStore(node) }
    switch (node.op) {
      case 'filter': {
        const predicate = predicateOf(node.predicate)
        return input instanceof KTable ? input.filter(predicate, settings) : asStream(input).filter(predicate, name)
      }
      case 'filterNot': {
        const predicate = predicateOf(node.predicate)
        if (input instanceof KTable) return input.filterNot(predicate, settings)
        return asStream(input).filterNot(predicate, name)
      }
      case 'mapValues': {
        const map = valueMapperOf(mapper)
        return input instanceof KTable ? input.mapValues(map, settings) : asStream(input).mapValues(map, name)
      }
      case 'map': {
        const map = pairMapperOf(mapper)
        return asStream(input).map((key, value) => map(key, value) ?? NOTHING, name) as Stream
      }
      case 'selectKey':
        return asStream(input).selectKey(keySelectorOf(mapper), name) as Stream
      case 'groupByKey':
        return asStream(input).groupByKey({ ...this.#serdes(input), ...named(node.name) })
      case 'groupBy':
        if (input instanceof KTable) {
          return input.groupBy(pairMapperOf(mapper), { key: this.#key, value: caseValue, ...name })
        }
        return asStream(input).groupBy(keySelectorOf(mapper), { key: this.#key, value: caseValue, ...name })
      default:
        throw new Error(`the case names operator ${node.op}, which FORMAT.md does not define`)
    }
  }

  #sink({ topic = '', name }: CaseNode, input: Handle | undefined): null {
    const stream = input instanceof KTable ? (input.toStream() as Stream) : asStream(input)
    if (this.#reading.outputs === 'processors') {
      stream.process(() => ({ process() {} }))
      return null
    }
    stream.to(topic, { key: outputKey as Serde<unknown> as Serde<Scalar>, value: caseValue, ...named(name) })
    this.outputs.add(topic)
    return null
  }

  #join(node: CaseNode, left: Handle | undefined, right: Handle | undefined): Handle {
    const joiner = joinerOf(node.joiner)
    const options = { joiner, ...named(node.name) }
    if (left instanceof KTable) {
      const settings = { ...options, ...this.#typedStore(node) }
      if (node.kind === 'inner') return left.join(asTable(right), settings)
      return node.kind === 'left' ? left.leftJoin(asTable(right), settings) : left.outerJoin(asTable(right), settings)
    }
    const stream = asStream(left)
    if (right instanceof GlobalKTable) {
      const settings = { ...options, keySelector: keySelectorOf(node.keySelector) }
      return (node.kind === 'inner' ? stream.join(right, settings) : stream.leftJoin(right, settings)) as Stream
    }
    if (right instanceof KStream) return joinStreams(node, stream, right, this.#key)
    if (!(right instanceof KTable)) throw wrongInput('a stream or a table', right)
    // The oracle has to name a join with grace.
    const grace = node.graceMs === undefined ? {} : { name: node.name ?? 'Grace', graceMs: node.graceMs }
    const settings = { ...options, ...grace, ...this.#serdes(stream) }
    return (node.kind === 'inner' ? stream.join(right, settings) : stream.leftJoin(right, settings)) as Stream
  }

  #aggregate(node: CaseNode, input: Handle | undefined): Handle {
    if (node.op === 'count') {
      // The oracle gives a named store its own value serde, which is a byte longer: a limit in bytes sees it.
      const { store } = this.#typedStore(node)
      const typed = store === undefined ? {} : { store: { ...store, value: caseValue as unknown as Serde<number> } }
      const options = { ...named(node.named ?? node.name), ...typed }
      if (input instanceof GroupedTable) return input.count(options) as Table
      if (input instanceof GroupedStream) return input.count(options) as Table
      if (input instanceof WindowedStream || input instanceof SessionWindowedStream) {
        return plain(input.count(options))
      }
      throw wrongInput('something grouped', input)
    }
    const store = { ...named(node.named ?? node.name), store: { ...this.#storeOf(node), value: caseValue } }
    if (node.op === 'reduce') {
      const adder = reducerOf(node.adder)
      if (input instanceof GroupedTable)
        return input.reduce({ adder, subtractor: reducerOf(node.subtractor), ...store })
      if (input instanceof GroupedStream) return input.reduce(adder, store)
      if (input instanceof WindowedStream || input instanceof SessionWindowedStream) {
        return plain(input.reduce(adder, store))
      }
      throw wrongInput('something grouped', input)
    }
    const initial = (node.init ?? null) as Scalar
    const start = { initializer: () => initial, ...store }
    if (input instanceof CogroupedStream) return input.aggregate(start)
    if (input instanceof WindowedCogroupedStream) return plain(input.aggregate(start))
    if (input instanceof SessionWindowedCogroupedStream) {
      return plain(input.aggregate({ ...start, merger: mergerOf(node.merger) }))
    }
    const options = { ...start, adder: adderOf(node.adder) }
    if (input instanceof GroupedTable) return input.aggregate({ ...options, subtractor: adderOf(node.subtractor) })
    if (input instanceof GroupedStream) return input.aggregate(options) as Table
    if (input instanceof WindowedStream) return plain(input.aggregate(options))
    if (input instanceof SessionWindowedStream) {
      return plain(input.aggregate({ ...options, merger: mergerOf(node.merger) }))
    }
    throw wrongInput('something grouped', input)
  }

  /** The serdes a stream has; the case's own where it lost them. */
  #serdes(input: Handle | undefined): { readonly key: Serde<Scalar>; readonly value: Serde<Scalar> } {
    const key = input instanceof KStream || input instanceof KTable ? input.handle.key : null
    return { key: (key as Serde<Scalar> | null) ?? this.#key, value: caseValue }
  }

  #store(node: CaseNode): { readonly store?: StoreSettings } {
    return node.store === undefined ? {} : { store: this.#storeOf(node) }
  }

  #typedStore(node: CaseNode): { readonly store?: StoreSettings & { readonly value: Serde<Scalar> } } {
    return node.store === undefined ? {} : { store: { ...this.#storeOf(node), value: caseValue } }
  }

  #storeOf({ store, in: from }: CaseNode): StoreSettings {
    const { kind, retentionMs, historyRetentionMs = 0 } = store ?? {}
    const numbered = store !== undefined && store.name === undefined && this.#reading.unnamedStores !== 'generated'
    const name = numbered ? `store-${this.#storesNumbered++}` : store?.name
    return {
      ...named(name),
      ...(kind === 'versioned' && { versioned: { historyRetentionMs } }),
      // Java takes a retention for any store, and for one without windows makes nothing of it.
      ...(retentionMs !== undefined && isWindowed(this.#handles.get([from ?? []].flat()[0] ?? '')) && { retentionMs }),
    }
  }
}

function isWindowed(input: Handle | undefined): boolean {
  return (
    input instanceof WindowedStream ||
    input instanceof SessionWindowedStream ||
    input instanceof WindowedCogroupedStream ||
    input instanceof SessionWindowedCogroupedStream
  )
}

/** What a table's values became is not known by type here: as in Java, the default serde takes over from a count's. */
function retyped(node: CaseNode, made: Handle): Handle {
  if (!(made instanceof KTable) || (node.op !== 'mapValues' && node.op !== 'join')) return made
  return new KTable({ ...made.handle, value: caseValue as Serde<unknown> })
}

/** A windowed table among the others: cases do not tell them apart by type. */
function plain(table: unknown): Table {
  return table as Table
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name }
}

/** The oracle reads a case with both limits as one with `maxBytes` alone. */
function suppressed(node: CaseNode, table: Table): Table {
  const { maxRecords, maxBytes, limitMs = 0, onFull = 'emitEarly' } = node
  const limits = maxBytes !== undefined ? { maxBytes } : maxRecords !== undefined ? { maxRecords } : {}
  if (node.until === 'timeLimit')
    return table.suppress(untilTimeLimit(limitMs, { ...limits, onFull }), named(node.name))
  return table.suppress(untilWindowCloses() as Suppressed<unknown>, named(node.name))
}

function cogrouped(node: CaseNode, inputs: readonly Handle[]): Handle {
  let all: CogroupedStream<Scalar, Scalar> | null = null
  inputs.forEach((input, i) => {
    if (!(input instanceof GroupedStream)) throw wrongInput('a grouped stream', input)
    const adder = adderOf(node.aggregators?.[i])
    all = all === null ? input.cogroup(adder) : all.cogroup(input, adder)
  })
  if (all === null) throw new Error(`node ${node.id} cogroups nothing`)
  return all
}

function windowedBy(node: CaseNode, input: Handle | undefined): Handle {
  const window = node.window
  if (window === undefined) throw new Error(`node ${node.id} has no window`)
  if (input instanceof CogroupedStream) {
    if (window.kind !== 'session') return input.windowedBy(timeWindows(window))
    return input.windowedBy(session({ gapMs: window.gapMs ?? 0, graceMs: window.graceMs ?? 0 }))
  }
  if (!(input instanceof GroupedStream)) throw wrongInput('a grouped stream', input)
  const emit = node.emit ?? 'onWindowUpdate'
  if (window.kind === 'session') {
    const windows = session({ gapMs: window.gapMs ?? 0, graceMs: window.graceMs ?? 0 })
    return input.windowedBy(windows).emitStrategy(emit)
  }
  const windowed = input.windowedBy(timeWindows(window))
  return node.emit === undefined ? windowed : windowed.emitStrategy(emit)
}

function timeWindows(window: CaseWindow): TimeWindows | UnlimitedWindows | SlidingWindows {
  const { sizeMs = 0, advanceMs, graceMs = 0 } = window
  if (window.kind === 'sliding') return sliding({ timeDifferenceMs: window.timeDifferenceMs ?? 0, graceMs })
  if (window.kind === 'unlimited') return unlimited({ startMs: window.startMs ?? 0 })
  return advanceMs === undefined ? tumbling({ sizeMs, graceMs }) : hopping({ sizeMs, advanceMs, graceMs })
}

function asStream(input: Handle | undefined): Stream {
  if (input instanceof KStream) return input
  throw wrongInput('a stream', input)
}

function asTable(input: Handle | undefined): Table {
  if (input instanceof KTable) return input
  throw wrongInput('a table', input)
}

function wrongInput(wanted: string, input: Handle | undefined): Error {
  return new Error(`the case needs ${wanted} where it has ${input?.constructor.name ?? 'nothing'}`)
}
