/**
 * The properties of each kind of node, except its operator: one row per kind. A kind without a row does not compile,
 * and neither does a row without a setting or function of its node.
 */
import type { Serde } from '../serde/serde.js'
import type { Fold } from './aggregate-nodes.js'
import type { Node } from './node.js'
import type { NodeBase } from './node-base.js'
import type { TableView } from './table-nodes.js'

/**
 * The keys of what a node forwards. `fixed`: those that came in, and what wraps the node may not change them either. `kept`: those
 * that came in. `changed`: others. `none`: its records only let others through. `asSubscribed`: those that were there before a
 * foreign-key join asked.
 */
export type KeyRule = 'fixed' | 'kept' | 'changed' | 'none' | 'asSubscribed'

/**
 * What another value of a setting means. `computation`: another computation. `told`: `diff` tells it. `toldWithStore`: `diff` tells
 * it where the store of the node changes. `silent`: a consequence of others, or of no weight for state.
 */
export type SettingRule =
  | 'silent'
  | 'told'
  | 'computation'
  | 'computationTold'
  | 'toldWithStore'
  | 'computationToldWithStore'

/** `mayWait`: an async function is right. `optional`: may be omitted. `madeAnew`: makes a new object at each call. */
export type FunctionRule = 'needed' | 'mayWait' | 'optional' | 'madeAnew'

/** A node, or its settings in a description: what of them is data. */
export type Settings = Readonly<Record<string, unknown>>

export interface KindInfo {
  readonly keys: KeyRule | ((settings: Settings) => KeyRule)
  /** It may hand on another value than came in. */
  readonly changesValue: boolean
  /** It keeps a stream time of its own under its name, which travels in the committed offsets. */
  readonly keepsTime: boolean
  /** It reads stores that other nodes fill. Omitted: it does not. */
  readonly looksUp?: boolean
  readonly settings: Readonly<Record<string, SettingRule>>
  /** Fields that hold user code. */
  readonly functions: Readonly<Record<string, FunctionRule>>
  /** User code inside other fields. */
  readonly functionsWithin?: (node: never) => Iterable<readonly [given: unknown, option: string, rule: FunctionRule]>
}

type AnyFunction = (...args: never[]) => unknown
/** Without those that every node of a kind of edge has, or that are told elsewhere in a description. */
type OwnField<N> = Exclude<keyof N, keyof NodeBase | 'kind' | 'topic' | 'sendOldValues' | 'dropReason'>
type FunctionField<N> = { [P in OwnField<N>]-?: NonNullable<N[P]> extends AnyFunction ? P : never }[OwnField<N>]
type OtherField<N> = {
  [P in OwnField<N>]-?: NonNullable<N[P]> extends
    | AnyFunction
    | Serde<unknown>
    | TableView
    | Fold
    | readonly unknown[]
    | RegExp
    ? never
    : P
}[OwnField<N>]

interface Row<N extends Node> extends KindInfo {
  readonly settings: { readonly [P in OtherField<N>]: SettingRule }
  readonly functions: { readonly [P in FunctionField<N>]: FunctionRule }
  readonly functionsWithin?: (node: N) => Iterable<readonly [given: unknown, option: string, rule: FunctionRule]>
}

/** The usual: keys and values stay, no time, nothing to set, no user code. */
const PLAIN = { keys: 'kept', changesValue: false, keepsTime: false, settings: {}, functions: {} } as const
const VALUES = { ...PLAIN, changesValue: true } as const
const REKEYED = { ...VALUES, keys: 'changed' } as const

const joinTimes = { beforeMs: 'computationTold', afterMs: 'computationTold', graceMs: 'computationTold' } as const
const windowed = { store: 'silent', windows: 'computationToldWithStore', emit: 'computationToldWithStore' } as const

const fold = {
  *functionsWithin({ fold }: { readonly fold: Fold }) {
    yield [fold.adder, 'adder', 'needed'] as const
    // Null: the first value begins it.
    if (fold.initializer !== null) yield [fold.initializer, 'initializer', 'needed'] as const
  },
}

export const KINDS: { readonly [K in Node['kind']]: Row<Extract<Node, { readonly kind: K }>> } = {
  source: { ...PLAIN, settings: { offsetReset: 'silent' }, functions: { timestampExtractor: 'optional' } },
  sink: {
    ...PLAIN,
    functions: { partitioner: 'optional' },
    *functionsWithin({ topic }) {
      if (typeof topic !== 'string') yield [topic, 'topic', 'needed']
    },
  },

  filter: { ...PLAIN, keys: 'fixed', settings: { negate: 'computationTold' }, functions: { predicate: 'needed' } },
  map: { ...REKEYED, functions: { mapper: 'needed' } },
  mapValues: { ...VALUES, keys: 'fixed', functions: { mapper: 'needed' } },
  flatMap: { ...REKEYED, functions: { mapper: 'needed' } },
  flatMapValues: { ...VALUES, keys: 'fixed', functions: { mapper: 'needed' } },
  selectKey: { ...PLAIN, keys: 'changed', functions: { mapper: 'needed' } },
  peek: { ...PLAIN, keys: 'fixed', functions: { action: 'needed' } },
  merge: PLAIN,
  split: {
    ...PLAIN,
    settings: { defaultBranch: 'silent' },
    *functionsWithin({ predicates }) {
      for (const predicate of predicates) yield [predicate, 'predicate', 'needed']
    },
  },
  process: {
    ...VALUES,
    keys: ({ fixedKey }) => (fixedKey === true ? 'fixed' : 'changed'),
    settings: { fixedKey: 'computation' },
    functions: { supplier: 'madeAnew' },
  },
  async: {
    ...VALUES,
    keys: ({ changesKey }) => (changesKey === true ? 'changed' : 'fixed'),
    settings: {
      changesKey: 'computation',
      concurrency: 'silent',
      order: 'silent',
      timeoutMs: 'silent',
      attempts: 'silent',
      backoffMs: 'silent',
    },
    functions: { handler: 'mayWait' },
  },

  aggregate: { ...VALUES, ...fold, settings: { store: 'silent' } },
  windowAggregate: { ...VALUES, ...fold, keepsTime: true, settings: { ...windowed, time: 'toldWithStore' } },
  slidingAggregate: { ...VALUES, ...fold, keepsTime: true, settings: windowed },
  sessionAggregate: {
    ...VALUES,
    ...fold,
    keepsTime: true,
    settings: { ...windowed, final: 'silent' },
    functions: { merger: 'needed' },
  },

  tableSource: { ...PLAIN, settings: { store: 'silent' } },
  tableFilter: {
    ...PLAIN,
    settings: { negate: 'computationTold', versioned: 'silent', store: 'silent' },
    functions: { predicate: 'needed' },
  },
  tableMapValues: { ...VALUES, settings: { store: 'silent' }, functions: { mapper: 'needed' } },
  tableTransformValues: { ...VALUES, settings: { store: 'silent' }, functions: { supplier: 'madeAnew' } },
  tableToStream: {
    ...PLAIN,
    // A description has null for no mapper; a function is no setting.
    keys: ({ mapper }) => (mapper === null ? 'fixed' : 'changed'),
    functions: { mapper: 'optional' },
  },
  tableGroupBy: { ...REKEYED, settings: { versioned: 'silent' }, functions: { mapper: 'needed' } },
  tableAggregate: { ...VALUES, ...fold, settings: { store: 'silent' }, functions: { subtractor: 'needed' } },
  suppress: {
    ...PLAIN,
    keepsTime: true,
    settings: {
      store: 'silent',
      untilWindowCloses: 'told',
      waitMs: 'told',
      maxRecords: 'told',
      maxBytes: 'told',
      onFull: 'told',
    },
  },

  joinWindow: { ...PLAIN, settings: { store: 'silent', keeps: 'silent' } },
  streamJoin: {
    ...VALUES,
    keepsTime: true,
    settings: {
      side: 'computation',
      outer: 'computationTold',
      ...joinTimes,
      otherStore: 'silent',
      unmatchedStore: 'silent',
      timeOf: 'silent',
    },
    functions: { joiner: 'needed' },
  },
  streamSelfJoin: {
    ...VALUES,
    keepsTime: true,
    settings: { outer: 'computationTold', ...joinTimes, store: 'silent' },
    functions: { joiner: 'needed' },
  },
  streamTableJoin: {
    ...VALUES,
    keepsTime: true,
    looksUp: true,
    settings: { left: 'computationTold', wait: 'told', store: 'silent' },
    functions: { joiner: 'needed' },
  },
  streamGlobalTableJoin: {
    ...VALUES,
    looksUp: true,
    settings: { left: 'computationTold', store: 'silent' },
    functions: { joiner: 'needed', keySelector: 'needed' },
  },
  tableJoin: {
    ...VALUES,
    settings: { join: 'computationTold', side: 'computation', versioned: 'silent', otherStore: 'silent' },
    functions: { joiner: 'needed' },
  },
  tableJoinMerge: { ...PLAIN, settings: { store: 'silent' } },

  sendSubscription: {
    ...REKEYED,
    settings: { left: 'computationTold', registrationTopic: 'silent', versioned: 'silent' },
    functions: { foreignKey: 'needed' },
  },
  receiveSubscription: { ...VALUES, settings: { registrationTopic: 'silent', store: 'silent' } },
  joinSubscription: { ...VALUES, keys: 'asSubscribed' },
  joinForeign: {
    ...VALUES,
    keys: 'none',
    settings: { registrationTopic: 'silent', store: 'silent', versioned: 'silent' },
  },
  resolveResponse: {
    ...VALUES,
    settings: { left: 'computationTold', registrationTopic: 'silent' },
    functions: { joiner: 'needed' },
  },
}

/** A description may come from a version that has a kind more: of that nothing is known. */
export function kindInfo(kind: string): KindInfo {
  return (KINDS as Readonly<Record<string, KindInfo>>)[kind] ?? PLAIN
}

export function keysOf(kind: string, settings: Settings): KeyRule {
  const { keys } = kindInfo(kind)
  return typeof keys === 'function' ? keys(settings) : keys
}

/** Names of the settings with one of the rules, in the order of the row. */
export function settingsWith(kind: string, ...rules: readonly SettingRule[]): string[] {
  const { settings } = kindInfo(kind)
  return Object.keys(settings).filter((name) => rules.includes(settings[name]!))
}
