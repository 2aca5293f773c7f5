/** One operator alone: records in, what it hands on and what it drops, over real stores in memory. */
import t from 'tap'
import type { OperatorContext } from '../../lib/operators/context.js'
import { buildOperator, type OperatorNode } from '../../lib/operators/index.js'
import type { Operator, OperatorTime } from '../../lib/operators/operator.js'
import { NO_HEADERS, type StreamRecord } from '../../lib/record/record.js'
import { string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { STORES, type StoreDefinition, type StoreKind } from '../../lib/state/stores/index.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import type { Change } from '../../lib/topology/node-base.js'
import { defineStore } from '../../lib/topology/store-definition.js'

export type Row = readonly [key: unknown, value: unknown, timestamp: number]

type Fields<N> = N extends unknown ? Omit<N, 'name' | 'parents' | 'stores'> : never
export type NodeFields = Fields<OperatorNode>

export interface StoreSettings {
  readonly kind: StoreKind
  readonly keySerde?: Serde<never>
  readonly valueSerde?: Serde<never>
  readonly [setting: string]: unknown
}

export interface Surroundings {
  /** Name → settings beside kind and serdes, which are texts. */
  readonly stores?: Readonly<Record<string, StoreSettings>>
}

export const rows: StoreSettings = { kind: 'timestampedKeyValue', cached: false }

/** A change on a table edge. */
export function change(newValue: unknown, oldValue: unknown = null, isLatest = true): Change<unknown> {
  return { newValue, oldValue, isLatest }
}

export class Operated {
  readonly out: Row[] = []
  readonly drops: string[] = []
  /** What went to one child only: its name in front. */
  readonly named: (readonly [child: string, ...Row])[] = []
  readonly sent: (readonly [topic: string, partition: number | null, ...Row])[] = []
  readonly state: TaskState
  readonly operator: Operator

  constructor(fields: NodeFields, { stores = {} }: Surroundings = {}) {
    const definitions = Object.entries(stores).map(([name, settings]) => definition(name, settings))
    this.state = TaskState.openSync({
      taskId: '0_0',
      stores: definitions,
      engine: new MemoryEngines().openSync('0_0'),
      clock: new ManualClock(0),
    })
    const node = { name: 'node', parents: [], stores: Object.keys(stores), ...fields } as OperatorNode
    this.operator = buildOperator(node, this.#context(definitions))
  }

  push(...records: readonly Row[]): this {
    for (const [key, value, timestamp] of records) this.operator.push({ key, value, timestamp, headers: NO_HEADERS })
    return this
  }

  store<S>(name: string): S {
    return this.state.store<S>(name)
  }

  #context(definitions: readonly StoreDefinition[]): OperatorContext {
    const time = operatorTime()
    const kinds = new Map(definitions.map(({ name, kind }) => [name, kind]))
    const own: Partial<OperatorContext> = {
      taskId: '0_0',
      nodeName: 'node',
      applicationId: 'app',
      partition: 3,
      forward: (record) => void this.out.push(row(record)),
      child: (name) => (record) => void this.named.push([name, ...row(record)]),
      withoutRecord: (push) => push,
      drop: (reason) => void this.drops.push(reason),
      recordMetadata: () => ({ topic: 'in', partition: 0, offset: 0 }),
      store: <S>(name: string) => this.state.store<S>(name),
      storePort: (name) => STORES[kinds.get(name)!].port,
      globalStore: () => null,
      operatorTime: () => time,
      emitsOnClose: () => {},
      taskStreamTimeMs: () => time.streamTimeMs,
      topicName: (topic) => `app-${topic}`,
      partitionCount: () => 4,
      mustWaitFor: () => false,
      send: (topic, partition, key, value, timestamp) =>
        void this.sent.push([topic, partition, text(key), text(value), timestamp]),
    }
    return own as OperatorContext
  }
}

function row({ key, value, timestamp }: StreamRecord): Row {
  return [key, value, timestamp]
}

function text(bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString()
}

function definition(name: string, { kind, keySerde, valueSerde, ...settings }: StoreSettings): StoreDefinition {
  const base = { name, logged: false, engine: 'level', changelogTopic: null, topicConfig: {} } as const
  const serdes = {
    keySerde: (keySerde ?? string) as Serde<unknown>,
    valueSerde: (valueSerde ?? string) as Serde<unknown>,
  }
  return defineStore({ ...base, ...serdes }, kind, settings)
}

function operatorTime(): OperatorTime {
  let streamTimeMs = -1
  return {
    get streamTimeMs() {
      return streamTimeMs
    },
    advance(timestampMs) {
      streamTimeMs = Math.max(streamTimeMs, timestampMs)
      return streamTimeMs
    },
  }
}

export interface OperatorCase {
  readonly name: string
  readonly node: NodeFields
  readonly stores?: Surroundings['stores']
  /** Fills the stores. */
  readonly before?: (operated: Operated) => void
  readonly records: readonly Row[]
  readonly out: readonly Row[]
  readonly drops?: readonly string[]
}

/** Each case is a test. */
export function operatorCases(...cases: readonly OperatorCase[]): void {
  for (const { name, node, stores = {}, before, records, out, drops = [] } of cases) {
    t.test(name, async (t) => {
      const operated = new Operated(node, { stores })
      before?.(operated)
      operated.push(...records)
      t.same(operated.out, out)
      t.same(operated.drops, drops)
    })
  }
}
