/** The options for the store of an operator (Kafka Streams' Materialized). */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { requireKnown } from '../../record/known-options.js'
import type { Serde } from '../../serde/serde.js'
import type { StoreDefinition, StoreKind } from '../../state/stores/index.js'
import { checkMaxEntries, checkOrdered, defineStore } from '../../topology/store-definition.js'
import type { After, NotNull, SerdeState } from './serde-state.js'

/** Options of the store of an operator. */
export interface StoreSettings {
  /** Names the store and its changelog topic, and makes the store queryable. */
  readonly name?: string
  /** Default true. False: no changelog, so a lost disk loses the store. */
  readonly logged?: boolean
  /** Default true: updates of a key between two commits continue as one. False: every update continues. */
  readonly cached?: boolean
  /** Default `level`. */
  readonly engine?: 'level' | 'memory'
  /** Windowed stores: how long an entry is kept after stream time, in ms; default: window and grace. */
  readonly retentionMs?: number
  /**
   * Keeps every version of a row for `historyRetentionMs` (>= 0) after it was superseded, by event time (KIP-889): a
   * stream joins the version that stood at its record's time, and out-of-order updates find their place. Not for
   * windowed tables; never cached.
   */
  readonly versioned?: { readonly historyRetentionMs: number }
  /**
   * Keeps the keys in order, so that processors connected to the store can walk them. Default false: a new key then writes
   * no page of the order. Not for versioned tables.
   */
  readonly ordered?: boolean
  /**
   * Keeps at most so many rows, in memory: one key more removes the row whose last use is longest ago. Nothing downstream
   * hears of it; the changelog takes a tombstone. Not for windowed and versioned tables; never cached.
   */
  readonly maxEntries?: number
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

/** Store settings with the serdes; those omitted are inherited where the type is the same. */
export interface Materialized<K, V> extends StoreSettings {
  readonly key?: Serde<K>
  readonly value?: Serde<V>
}

/** Options of an operator with a store whose value serde is given: what follows need not ask for one again. */
export interface OwnSerde<K, V> {
  readonly store: Materialized<K, V> & { readonly value: Serde<NotNull<V>> }
}

/**
 * A store without a value serde has that of the table above, and so it may only where the values are of the same type.
 * `unknown` is what the compiler takes for `V2` before it has looked at the joiner.
 */
export type InheritedStore<K, V, V2, VS extends SerdeState> = unknown extends V2
  ? Materialized<K, V2>
  : After<V, V2, VS> extends 'known'
    ? Materialized<K, V2>
    : 'pass { value: serde } in store, because the type of the value changed'

export interface StorePlan {
  readonly kind: StoreKind
  readonly name: string
  readonly key: Serde<unknown> | null
  readonly value: Serde<unknown> | null
  readonly settings: StoreSettings | undefined
  readonly retentionMs?: number
  readonly windowSizeMs?: number
  /** False where the operator's emit strategy forbids a cache. */
  readonly cacheable?: boolean
}

/** @throws MillraceError TOPOLOGY_SERDE_MISSING */
export function required<T>(serde: Serde<T> | null | undefined, which: 'key' | 'value', where: string): Serde<T> {
  if (serde === null || serde === undefined) {
    throw new MillraceError('TOPOLOGY_SERDE_MISSING', `${where} needs a ${which} serde: pass \`${which}\``, {
      node: where,
    })
  }
  return serde
}

/** Where generated names come from: the graph. */
interface StoreNames {
  nextStoreName(prefix: string): string
}

/** The user's store name or a generated one; unlike a node's, a given name uses up no number. */
export function storeName(names: StoreNames, settings: StoreSettings | undefined, prefix: string): string {
  const name = settings?.name ?? names.nextStoreName(prefix)
  checkSettings(settings, name)
  return name
}

/** @throws MillraceError CONFIG_INVALID, TOPOLOGY_SERDE_MISSING */
export function planStore(plan: StorePlan): StoreDefinition {
  const { settings } = plan
  checkSettings(settings, plan.name)
  const versioned = settings?.versioned ?? null
  if (versioned !== null) checkVersioned(plan, versioned.historyRetentionMs)
  const maxEntries = settings?.maxEntries
  if (maxEntries !== undefined) {
    checkMaxEntries(versioned === null ? plan.kind : 'versioned', { ...settings, name: plan.name })
  }
  const kind = versioned === null ? plan.kind : 'versioned'
  const ordered = settings?.ordered === true
  if (ordered) checkOrdered(plan.name, kind)
  return defineStore(
    {
      name: plan.name,
      keySerde: required(plan.key, 'key', `store ${plan.name}`),
      valueSerde: required(plan.value, 'value', `store ${plan.name}`),
      logged: settings?.logged ?? true,
      engine: settings?.engine ?? (maxEntries === undefined ? 'level' : 'memory'),
      changelogTopic: null,
      topicConfig: Object.freeze({ ...settings?.topicConfig }),
    },
    kind,
    {
      cached: maxEntries === undefined && (plan.cacheable ?? true) && (settings?.cached ?? true),
      retentionMs: versioned?.historyRetentionMs ?? retentionOf(plan),
      windowSizeMs: plan.windowSizeMs,
      // What emits on close forbids a cache, and finds the windows to emit by time.
      timeIndexed: plan.cacheable === false,
      ordered: ordered || undefined,
      maxEntries,
    },
  )
}

const NAMES = [
  'name',
  'logged',
  'cached',
  'engine',
  'retentionMs',
  'versioned',
  'ordered',
  'maxEntries',
  'topicConfig',
  'key',
  'value',
]

/** @throws MillraceError CONFIG_INVALID */
export function checkSettings(settings: StoreSettings | null | undefined, name: string): void {
  if (settings === undefined || settings === null) return
  const where = `store ${name}`
  requireKnown(settings, NAMES, where, 'CONFIG_INVALID')
  for (const option of ['logged', 'cached', 'ordered'] as const) {
    const value: unknown = settings[option]
    if (value === undefined || typeof value === 'boolean') continue
    throw new MillraceError('CONFIG_INVALID', `${where}: ${option} is ${kindOf(value)}: use true or false`)
  }
  const config: unknown = settings.topicConfig ?? {}
  const texts =
    typeof config === 'object' && config !== null && Object.values(config).every((each) => typeof each === 'string')
  if (!texts)
    throw new MillraceError(
      'CONFIG_INVALID',
      `${where}: topicConfig has string values, e.g. { 'retention.ms': '5000' }`,
    )
}

function retentionOf({ name, retentionMs, settings }: StorePlan): number | null {
  const given = settings?.retentionMs
  if (given === undefined) return retentionMs ?? null
  if (retentionMs === undefined) {
    throw new MillraceError(
      'CONFIG_INVALID',
      `store ${name} is not windowed, so its rows do not expire: omit retentionMs`,
    )
  }
  if (Number.isSafeInteger(given) && given >= 0) return given
  const rule = 'retentionMs must be a whole number of milliseconds >= 0'
  throw new MillraceError('CONFIG_INVALID', `store ${name}: ${rule}, got ${given}`)
}

function checkVersioned({ name, kind }: StorePlan, historyRetentionMs: number): void {
  if (kind !== 'timestampedKeyValue') {
    throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} cannot keep versions: omit versioned`)
  }
  if (Number.isSafeInteger(historyRetentionMs) && historyRetentionMs >= 0) return
  throw new MillraceError(
    'CONFIG_INVALID',
    `historyRetentionMs of store ${name} must be a whole number of milliseconds >= 0, got ${historyRetentionMs}`,
  )
}
