/** Builds the topology of a case with the public DSL. */
import { GlobalKTable } from '../../lib/dsl/global-table.js'
import type { BuildOptions } from '../../lib/dsl/plan/build.js'
import type { Optimization } from '../../lib/dsl/plan/optimize.js'
import type { StoreSettings } from '../../lib/dsl/plan/store-options.js'
import { type Suppressed, untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { KStream } from '../../lib/dsl/stream.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { KTable } from '../../lib/dsl/table.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { Topology } from '../../lib/topology/topology.js'
import type { CaseNode, ConformanceCase, Scalar } from '../cases/case.js'
import { joinerOf, keySelectorOf, pairMapperOf, predicateOf, valueMapperOf } from '../cases/functions.js'
import {
  asStream,
  asTable,
  type Handle,
  isWindowed,
  named,
  type Stream,
  type Table,
  wrongInput,
} from '../cases/handles.js'
import { caseValue, keySerdeOf, outputKey } from '../cases/serdes.js'
import { aggregated, cogrouped, windowedBy } from './aggregates.js'
import { joinByForeignKey, joinStreams } from './joins.js'

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

/** @throws NotYetBuilt where Millrace lacks an operator; MillraceError where the topology is rejected */
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
        return this.streams.stream(topic, serdes) as Stream
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
        return asTable(input).toStream(named(node.name)) as Stream
      case 'to':
        return this.#sink(node, input)
      case 'join':
        return this.#join(node, input, other)
      case 'windowedBy':
        return windowedBy(node, input)
      case 'count':
      case 'reduce':
      case 'aggregate':
        return aggregated(node, input, node.store === undefined ? null : this.#storeOf(node))
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

/** What a table's values became is not known by type here: as in Java, the default serde takes over from a count's. */
function retyped(node: CaseNode, made: Handle): Handle {
  if (!(made instanceof KTable) || (node.op !== 'mapValues' && node.op !== 'join')) return made
  return new KTable({ ...made.handle, value: caseValue as Serde<unknown> })
}

/** The oracle reads a case with both limits as one with `maxBytes` alone. */
function suppressed(node: CaseNode, table: Table): Table {
  const { maxRecords, maxBytes, limitMs = 0, onFull = 'emitEarly' } = node
  const limits = maxBytes !== undefined ? { maxBytes } : maxRecords !== undefined ? { maxRecords } : {}
  if (node.until === 'timeLimit')
    return table.suppress(untilTimeLimit(limitMs, { ...limits, onFull }), named(node.name))
  return table.suppress(untilWindowCloses() as Suppressed<unknown>, named(node.name))
}
