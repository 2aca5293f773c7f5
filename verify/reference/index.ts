/**
 * A naive interpreter of cases: plain lists and loops over the whole history, without the engine's operators. It
 * follows FORMAT.md section 4, or the behaviour of Kafka Streams if configured.
 */
import { JavaQueue } from '../../lib/testing/driver/java-queue.js'
import type { CaseNode, CaseWindow, ConformanceCase, EmittedRecord } from '../cases/case.js'
import { keySelectorOf } from '../cases/functions.js'
import { foldOf, streamAggregate, tableAggregate } from './aggregates.js'
import { NotInterpreted, type ReferenceContext, ReferenceNode, type SoundRule } from './node.js'
import { byteOrder, type Row, row } from './row.js'
import { sessionAggregate } from './sessions.js'
import { slidingAggregate } from './sliding.js'
import { streamStreamJoin, streamTableJoin } from './stream-joins.js'
import { streamStep } from './streams.js'
import { suppress } from './suppress.js'
import { foreignKeyJoin, tableTableJoin } from './table-joins.js'
import { sourceTable, tableGroupBy, tableStep } from './tables.js'
import { timeWindowAggregate, type WindowedInput } from './windows.js'

/** What the case emits, keeping `rules`. @throws NotInterpreted */
export function interpret(testCase: ConformanceCase, rules: readonly SoundRule[]): EmittedRecord[] {
  return new Interpreter(testCase, new Set(rules)).run()
}

type Kind = 'stream' | 'table' | 'globalTable' | 'groupedStream' | 'groupedTable' | 'cogrouped'

interface Handle {
  readonly kind: Kind
  readonly node: ReferenceNode
  readonly window?: CaseWindow
  readonly emit?: string
  /** Cogrouped: each stream with its adder's fold. */
  readonly inputs?: (spec: CaseNode) => readonly WindowedInput[]
}

/** A topic between two parts of the topology. */
interface Topic {
  readonly rows: Row[]
  readonly to: (row: Row) => void
}

class Interpreter {
  readonly #case: ConformanceCase
  readonly #context: ReferenceContext
  readonly #handles = new Map<string, Handle>()
  readonly #sources = new Map<string, ((row: Row) => void)[]>()
  /** Topics that hold something, as long as they do. */
  readonly #topics = new JavaQueue<Topic>((left, right) => left.rows[0]!.ts - right.rows[0]!.ts)
  readonly #emitted: EmittedRecord[] = []
  #at = 0

  constructor(testCase: ConformanceCase, rules: ReadonlySet<SoundRule>) {
    this.#case = testCase
    this.#context = { rules, order: byteOrder(testCase), topic: (to) => this.#topic(to) }
    for (const spec of testCase.topology ?? []) {
      const handle = this.#build(spec)
      if (handle !== null) this.#handles.set(spec.id, handle)
    }
  }

  run(): EmittedRecord[] {
    for (const { topic, key, value, ts } of this.#case.inputs ?? []) {
      this.#at++
      for (const receive of this.#sources.get(topic) ?? []) receive(row(key, value, ts))
      this.#drain()
    }
    return this.#emitted
  }

  #topic(to: (row: Row) => void): (row: Row) => void {
    const topic: Topic = { rows: [], to }
    return (from) => {
      topic.rows.push(from)
      if (topic.rows.length === 1) this.#topics.offer(topic)
    }
  }

  /** The topic whose first record is the oldest goes first, as a task chooses among its partitions. */
  #drain(): void {
    for (let next = this.#topics.poll(); next !== undefined; next = this.#topics.poll()) {
      const first = next.rows.shift()!
      if (next.rows.length > 0) this.#topics.offer(next)
      next.to(first)
    }
  }

  #build(spec: CaseNode): Handle | null {
    const names = spec.in === undefined ? [] : typeof spec.in === 'string' ? [spec.in] : spec.in
    const inputs = names.map((name) => this.#handles.get(name)!)
    const [input, other] = inputs
    switch (spec.op) {
      case 'stream':
        return this.#source(spec, new ReferenceNode(spec))
      case 'table':
      case 'globalTable': {
        const { node, receive } = sourceTable(spec)
        if (spec.op === 'globalTable') node.keepRows()
        this.#read(spec.topic ?? '', receive)
        return { kind: spec.op, node }
      }
      case 'to':
        input!.node.to(({ key, value, ts }) =>
          this.#emitted.push({ topic: spec.topic ?? '', key, value, ts, at: this.#at }),
        )
        return null
      case 'join':
        return this.#join(spec, input!, other!)
      case 'foreignKeyJoin': {
        const { node, receive } = sourceTable(spec)
        foreignKeyJoin(spec, [input!.node, other!.node], receive, this.#context)
        return { kind: 'table', node }
      }
      case 'cogroup':
        return this.#cogroup(spec, inputs)
      case 'windowedBy':
        return { ...input!, ...(spec.window === undefined ? {} : { window: spec.window }), emit: spec.emit ?? '' }
      case 'count':
      case 'reduce':
      case 'aggregate':
        return { kind: 'table', node: this.#aggregate(spec, input!) }
      case 'suppress':
        return { kind: 'table', node: suppress(spec, input!.node, this.#context) }
      default:
        return input!.kind === 'table' ? this.#tableStep(spec, input!) : this.#streamStep(spec, input!, other)
    }
  }

  #read(topic: string, receive: (row: Row) => void): void {
    this.#sources.set(topic, [...(this.#sources.get(topic) ?? []), receive])
  }

  #source(spec: CaseNode, node: ReferenceNode): Handle {
    this.#read(spec.topic ?? '', node.forward)
    return { kind: 'stream', node }
  }

  #streamStep(spec: CaseNode, { node: input }: Handle, other: Handle | undefined): Handle {
    switch (spec.op) {
      case 'merge': {
        const node = new ReferenceNode(spec)
        node.rekeyed = input.rekeyed || other!.node.rekeyed
        // A stream merged with itself has one child twice, which hears of each record once.
        for (const each of new Set([input, other!.node])) each.to(node.forward)
        return { kind: 'stream', node }
      }
      case 'repartition':
        return { kind: 'stream', node: this.#repartitioned(spec, input, true, this.#feedsRelaxedJoins(spec)) }
      case 'groupByKey':
        return { kind: 'groupedStream', node: input }
      case 'groupBy': {
        const node = new ReferenceNode(spec)
        const select = keySelectorOf(spec.mapper)
        node.rekeyed = true
        input.to((from) => node.forward(row(select(from.key as string, from.value as string), from.value, from.ts)))
        return { kind: 'groupedStream', node }
      }
      case 'toTable': {
        const { node, receive } = sourceTable(spec)
        this.#repartitioned(spec, input, false).to(receive)
        return { kind: 'table', node }
      }
    }
    const node = streamStep(spec, input)
    if (node === null) throw new NotInterpreted(spec.op)
    return { kind: 'stream', node }
  }

  #tableStep(spec: CaseNode, { node: input }: Handle): Handle {
    if (spec.op === 'groupBy') return { kind: 'groupedTable', node: tableGroupBy(spec, input, this.#context) }
    if (spec.op === 'toStream') {
      const node = new ReferenceNode(spec)
      input.to(({ key, value, ts }) => node.forward(row(key, value, ts)))
      return { kind: 'stream', node }
    }
    const node = tableStep(spec, input)
    if (node === null) throw new NotInterpreted(`${spec.op} of a table`)
    return { kind: 'table', node }
  }

  /** Through a topic where the key may have changed, or always; without null keys, unless a join can use them. */
  #repartitioned(spec: CaseNode, input: ReferenceNode, always: boolean, nullKeys = false): ReferenceNode {
    if (!always && !input.rekeyed) return input
    const node = new ReferenceNode(spec)
    const send = this.#context.topic(node.forward)
    input.to((from) => {
      if (from.key !== null || nullKeys) send(from)
    })
    return node
  }

  /** Left and outer joins have a use for null keys. */
  #feedsRelaxedJoins({ id }: CaseNode): boolean {
    const readers = (this.#case.topology ?? []).filter((node) => [node.in ?? []].flat().includes(id))
    return readers.every((node) => node.op === 'join' && node.kind !== 'inner')
  }

  #join(spec: CaseNode, left: Handle, right: Handle): Handle {
    if (left.kind === 'table') return { kind: 'table', node: tableTableJoin(spec, [left.node, right.node]) }
    if (right.kind === 'globalTable') {
      return { kind: 'stream', node: streamTableJoin(spec, left.node, right.node, true, this.#context) }
    }
    const mine = this.#repartitioned(spec, left.node, false, spec.kind !== 'inner')
    if (right.kind === 'table') {
      return { kind: 'stream', node: streamTableJoin(spec, mine, right.node, false, this.#context) }
    }
    const other = this.#repartitioned(spec, right.node, false, spec.kind === 'outer')
    return { kind: 'stream', node: streamStreamJoin(spec, [mine, other], this.#context) }
  }

  #cogroup(spec: CaseNode, groups: readonly Handle[]): Handle {
    const inputs = (aggregate: CaseNode) =>
      groups.map(({ node }, i) => ({
        from: this.#repartitioned(spec, node, false),
        fold: foldOf(aggregate, spec.aggregators?.[i]),
      }))
    return { kind: 'cogrouped', node: groups[0]!.node, inputs }
  }

  #aggregate(spec: CaseNode, input: Handle): ReferenceNode {
    if (input.kind === 'groupedTable') return tableAggregate(spec, input.node)
    const inputs = input.inputs?.(spec) ?? [{ from: this.#repartitioned(spec, input.node, false), fold: foldOf(spec) }]
    const { window, emit = '' } = input
    if (window === undefined) return streamAggregate(spec, inputs)
    if (window.kind === 'session') return sessionAggregate(spec, window, emit, inputs, this.#context)
    if (window.kind === 'sliding') return slidingAggregate(spec, window, emit, inputs, this.#context)
    return timeWindowAggregate(spec, window, emit, inputs, this.#context)
  }
}
