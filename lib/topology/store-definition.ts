/** State stores as a user declares them, for processors of their own. */
import { MillraceError } from '../errors.js'
import { checked } from '../serde/checked.js'
import { int64 } from '../serde/primitive.js'
import type { Serde } from '../serde/serde.js'
import { STORES, type StoreDefinition, type StoreKind } from '../state/stores/index.js'
import type { StoreBase } from '../state/stores/store-info.js'
import type { PunctuationType } from './processor.js'

export interface StoreOptions<K, V> {
  readonly name: string
  /** Default `keyValue`. */
  readonly kind?: Extract<StoreKind, 'keyValue' | 'timestampedKeyValue' | 'window' | 'session' | 'versioned'>
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** Default true: changes go to a changelog topic. */
  readonly logged?: boolean
  /** Default false: the processor's writes are seen one by one. */
  readonly cached?: boolean
  /** Default `level`. */
  readonly engine?: 'level' | 'memory'
  /** Window, session and versioned stores: how long an entry, or a version after its end, is kept after stream time, in ms. */
  readonly retentionMs?: number
  /** Window stores: the size of a window, in ms. */
  readonly windowSizeMs?: number
  /**
   * Key-value stores: an entry is gone once the highest timestamp put into the store is `ttlMs` or more above the
   * entry's. Default: entries stay. Each key costs memory.
   */
  readonly ttlMs?: number
  /**
   * Key-value stores: each entry keeps the headers its put was given, which `get` returns with it, and its changelog
   * record carries them (KIP-1271). Not with `ttlMs` or `maxEntries`. Default false.
   */
  readonly headers?: boolean
  /**
   * Key-value stores in memory: a put of one key more removes the entry whose last get or put is longest ago. Nobody is
   * told; the changelog takes a tombstone. Default: no bound.
   */
  readonly maxEntries?: number
  /**
   * Key-value, window and session stores: their keys are kept in order, so that a processor can walk them
   * (`OrderedKeyValueStore` and others). Default false: a new key then writes no page of the order.
   */
  readonly ordered?: boolean
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

/** A store of a kind knows the setting. */
function knows(kind: StoreKind, setting: string): boolean {
  return Object.hasOwn(STORES[kind].settings, setting)
}

/** @throws MillraceError CONFIG_INVALID */
export function requireKind({ name, kind }: Pick<StoreBase, 'name' | 'kind'>): void {
  if (Object.hasOwn(STORES, kind)) return
  const kinds = Object.keys(STORES).join(', ')
  throw new MillraceError('CONFIG_INVALID', `store ${name}: kind is one of ${kinds}, not ${kind}`)
}

/** The definition of a store: of `settings`, those that its kind knows. */
export function defineStore(
  base: Omit<StoreBase, 'kind'>,
  kind: StoreKind,
  settings: Readonly<Record<string, unknown>>,
): StoreDefinition {
  const own = Object.entries(settings).filter(([name, value]) => value !== undefined && knows(kind, name))
  return Object.freeze({ ...base, kind, ...Object.fromEntries(own) }) as StoreDefinition
}

/** @throws MillraceError CONFIG_INVALID, TOPOLOGY_RETENTION_TOO_SHORT where a setting does not fit the kind of store */
export function storeDefinition<K, V>(options: StoreOptions<K, V>): StoreDefinition {
  const { name, kind = 'keyValue' } = options
  requireKind({ name, kind })
  checkSettings(options, kind)
  return defineStore(storeBase(options), kind, {
    cached: options.cached ?? false,
    retentionMs: options.retentionMs,
    windowSizeMs: options.windowSizeMs,
    ttlMs: options.ttlMs,
    headers: options.headers === true || undefined,
    maxEntries: options.maxEntries,
    ordered: options.ordered === true || undefined,
  })
}

function storeBase<K, V>(options: StoreOptions<K, V>): Omit<StoreBase, 'kind'> {
  return {
    name: options.name,
    keySerde: checked(options.key as Serde<unknown>),
    valueSerde: checked(options.value as Serde<unknown>),
    logged: options.logged ?? true,
    engine: options.engine ?? (options.maxEntries === undefined ? 'level' : 'memory'),
    changelogTopic: null,
    topicConfig: Object.freeze({ ...options.topicConfig }),
  }
}

function checkSettings<K, V>(options: StoreOptions<K, V>, kind: StoreKind): void {
  const { name, ttlMs, maxEntries } = options
  for (const setting of ['retentionMs', 'windowSizeMs'] as const) {
    const value = options[setting]
    if (value !== undefined && !(value > 0)) {
      throw new MillraceError('CONFIG_INVALID', `store ${name}: ${setting} must be > 0, got ${value}`)
    }
  }
  if (options.headers === true) checkHeaders(options, kind)
  if (ttlMs !== undefined) checkTtl(name, kind, ttlMs)
  if (maxEntries !== undefined) checkMaxEntries(kind, options)
  if (options.ordered === true) checkOrdered(name, kind)
  if (knows(kind, 'windowSizeMs') !== (options.windowSizeMs !== undefined)) {
    const needs = knows(kind, 'windowSizeMs')
      ? 'needs windowSizeMs'
      : 'has no windows of one size: leave out windowSizeMs'
    throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} ${needs}`)
  }
  if (options.retentionMs !== undefined) checkRetention({ name, kind, retentionMs: options.retentionMs })
}

/** @throws MillraceError TOPOLOGY_RETENTION_TOO_SHORT: a kind has a retention, or it has none */
export function checkRetention(store: {
  readonly name: string
  readonly kind: StoreKind
  readonly retentionMs?: unknown
}) {
  const { name, kind, retentionMs = null } = store
  const needed = knows(kind, 'retentionMs')
  if (needed === (retentionMs !== null)) return
  throw new MillraceError(
    'TOPOLOGY_RETENTION_TOO_SHORT',
    `store ${name} of kind ${kind} ${needed ? 'needs' : 'cannot have'} a retention`,
  )
}

/** @throws MillraceError CONFIG_INVALID */
export function checkOrdered(name: string, kind: StoreKind): void {
  if (knows(kind, 'ordered')) return
  throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} cannot be walked: leave out ordered`)
}

/** @throws MillraceError CONFIG_INVALID */
export function checkMaxEntries(
  kind: StoreKind,
  { name, maxEntries, engine, cached, ttlMs }: Pick<StoreOptions<never, never>, MaxEntriesOption>,
): void {
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [!knows(kind, 'maxEntries'), `is of kind ${kind}: leave out maxEntries`],
    [!Number.isSafeInteger(maxEntries) || maxEntries! < 1, `has maxEntries ${maxEntries}: use a whole number >= 1`],
    [engine === 'level', 'lives in memory with maxEntries: leave out engine'],
    [cached === true, 'would tell of what it removes: leave out cached or maxEntries'],
    [ttlMs !== undefined, 'has ttlMs and maxEntries: choose one'],
  ]
  const broken = rules.find(([broken]) => broken)
  if (broken !== undefined) throw new MillraceError('CONFIG_INVALID', `store ${name} ${broken[1]}`)
}

type MaxEntriesOption = 'name' | 'maxEntries' | 'engine' | 'cached' | 'ttlMs'

function checkHeaders<K, V>({ name, ttlMs, maxEntries }: StoreOptions<K, V>, kind: StoreKind): void {
  const known = knows(kind, 'headers')
  if (known && ttlMs === undefined && maxEntries === undefined) return
  const other = known ? (ttlMs === undefined ? 'maxEntries' : 'ttlMs') : `kind ${kind}`
  throw new MillraceError('CONFIG_INVALID', `store ${name} cannot keep headers with ${other}: leave out one of the two`)
}

function checkTtl(name: string, kind: StoreKind, ttlMs: number): void {
  if (!knows(kind, 'ttlMs')) {
    throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} has a retention: leave out ttlMs`)
  }
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return
  throw new MillraceError(
    'CONFIG_INVALID',
    `store ${name}: ttlMs must be a whole number of milliseconds > 0, got ${ttlMs}`,
  )
}

export interface TimerStoreOptions<K> {
  readonly name: string
  readonly key: Serde<K>
  /** Default `streamTime`: the task's. */
  readonly time?: PunctuationType
  /** Default true: changes go to a changelog topic. */
  readonly logged?: boolean
  /** Default `level`. */
  readonly engine?: 'level' | 'memory'
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

export function timerStoreDefinition<K>({ time = 'streamTime', ...options }: TimerStoreOptions<K>): StoreDefinition {
  return defineStore(storeBase({ ...options, value: int64 }), 'timers', { timerType: time })
}
