/** State stores as a user declares them, for processors of their own. */
import { MillraceError } from '../errors.js'
import { checked } from '../serde/checked.js'
import { int64 } from '../serde/primitive.js'
import type { Serde } from '../serde/serde.js'
import type { PunctuationType } from './processor.js'
import type { StoreDefinition, StoreKind } from './topology.js'

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

/** @throws MillraceError CONFIG_INVALID where a figure does not fit the kind of store */
export function storeDefinition<K, V>(options: StoreOptions<K, V>): StoreDefinition {
  const kind = options.kind ?? 'keyValue'
  for (const name of ['retentionMs', 'windowSizeMs'] as const) {
    const value = options[name]
    if (value !== undefined && !(value > 0)) {
      throw new MillraceError('CONFIG_INVALID', `store ${options.name}: ${name} must be > 0, got ${value}`)
    }
  }
  const { ttlMs, maxEntries } = options
  if (options.headers === true) checkHeaders(options, kind)
  if (ttlMs !== undefined) checkTtl(options.name, kind, ttlMs)
  if (maxEntries !== undefined) checkMaxEntries(kind, options)
  if (options.ordered === true) checkOrdered(options.name, kind)
  if (kind === 'window' && options.windowSizeMs === undefined) {
    throw new MillraceError('CONFIG_INVALID', `store ${options.name} of kind window needs windowSizeMs`)
  }
  return Object.freeze({
    name: options.name,
    kind,
    keySerde: checked(options.key as Serde<unknown>),
    valueSerde: checked(options.value as Serde<unknown>),
    logged: options.logged ?? true,
    cached: options.cached ?? false,
    engine: options.engine ?? (maxEntries === undefined ? 'level' : 'memory'),
    retentionMs: options.retentionMs ?? null,
    windowSizeMs: options.windowSizeMs ?? null,
    ...(ttlMs !== undefined && { ttlMs }),
    ...(options.headers === true && { headers: true }),
    ...(maxEntries !== undefined && { maxEntries }),
    ...(options.ordered === true && { ordered: true }),
    changelogTopic: null,
    topicConfig: Object.freeze({ ...options.topicConfig }),
  })
}

const WALKED: readonly StoreKind[] = ['keyValue', 'timestampedKeyValue', 'window', 'session']

/** @throws MillraceError CONFIG_INVALID */
export function checkOrdered(name: string, kind: StoreKind): void {
  if (WALKED.includes(kind)) return
  throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} cannot be walked: leave out ordered`)
}

/** @throws MillraceError CONFIG_INVALID */
export function checkMaxEntries(
  kind: StoreKind,
  { name, maxEntries, engine, cached, ttlMs }: Pick<StoreOptions<never, never>, MaxEntriesOption>,
): void {
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [kind !== 'keyValue' && kind !== 'timestampedKeyValue', `is of kind ${kind}: leave out maxEntries`],
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
  const keyValue = kind === 'keyValue' || kind === 'timestampedKeyValue'
  if (keyValue && ttlMs === undefined && maxEntries === undefined) return
  const other = keyValue ? (ttlMs === undefined ? 'maxEntries' : 'ttlMs') : `kind ${kind}`
  throw new MillraceError('CONFIG_INVALID', `store ${name} cannot keep headers with ${other}: leave out one of the two`)
}

function checkTtl(name: string, kind: StoreKind, ttlMs: number): void {
  if (kind !== 'keyValue' && kind !== 'timestampedKeyValue') {
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
  const store = storeDefinition({ ...options, value: int64 })
  return Object.freeze({ ...store, kind: 'timers', timerType: time })
}
