/** State stores that users declare for their own processors. */
import { MillraceError } from '../errors.js'
import { kindOf } from '../record/kind-of.js'
import { requireKnown } from '../record/known-options.js'
import { checked } from '../serde/checked.js'
import { int64 } from '../serde/primitive.js'
import type { Serde } from '../serde/serde.js'
import { STORES, type StoreDefinition, type StoreKind } from '../state/stores/index.js'
import type { DefinitionBase } from '../state/stores/store-info.js'
import type { PunctuationType } from './processor.js'

/** A state store for processors. Its changelog topic is `<applicationId>-<name>-changelog`. */
export interface StoreOptions<K, V> {
  /** Letters, digits, dots, dashes and underscores; unique in the topology. */
  readonly name: string
  /** What the store keeps, and so which methods it has. Default `keyValue`. */
  readonly kind?: Extract<StoreKind, 'keyValue' | 'timestampedKeyValue' | 'window' | 'session' | 'versioned'>
  /** How keys become bytes. */
  readonly key: Serde<K>
  /** How values become bytes. */
  readonly value: Serde<V>
  /** Whether changes go to a changelog topic. Default true. False: state is lost with the disk of the instance. */
  readonly logged?: boolean
  /** Whether updates of a key are merged until the commit. Default false: the changelog gets each write. */
  readonly cached?: boolean
  /** Where the store is: on disk if the instance has a `stateDir` (`level`, the default), or in memory. */
  readonly engine?: 'level' | 'memory'
  /** Window, session and versioned stores: how long an entry, or an old version, is kept, measured by stream time. */
  readonly retentionMs?: number
  /** Window stores: the size of a window. Required for them. */
  readonly windowSizeMs?: number
  /**
   * Key-value stores: an entry is removed when the highest timestamp put into the store is `ttlMs` or more above the entry's
   * own. Default: entries stay. Each key needs some memory.
   */
  readonly ttlMs?: number
  /**
   * Key-value stores: each entry keeps the headers it was put with, and its changelog record has them (KIP-1271). Not together
   * with `ttlMs` or `maxEntries`. Default false.
   */
  readonly headers?: boolean
  /**
   * Key-value stores in memory: the largest number of entries, at least 1. If a put exceeds it, the least recently used entry is
   * removed, with a tombstone in the changelog. Default: no limit.
   */
  readonly maxEntries?: number
  /**
   * Key-value, window and session stores: whether keys are kept in order, so that a processor can iterate over them
   * ({@link OrderedKeyValueStore} and others). Default false, which makes new keys cheaper.
   */
  readonly ordered?: boolean
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

const STORE = [
  'name',
  'kind',
  'key',
  'value',
  'logged',
  'cached',
  'engine',
  'retentionMs',
  'windowSizeMs',
  'ttlMs',
  'headers',
  'maxEntries',
  'ordered',
  'topicConfig',
]
const TIMERS = ['name', 'key', 'time', 'logged', 'engine', 'topicConfig']

/** A store of a kind knows the setting. */
function knows(kind: StoreKind, setting: string): boolean {
  return Object.hasOwn(STORES[kind].settings, setting)
}

/** @throws MillraceError CONFIG_INVALID */
export function requireKind({ name, kind }: Pick<DefinitionBase, 'name' | 'kind'>): void {
  if (Object.hasOwn(STORES, kind)) return
  const kinds = Object.keys(STORES).join(', ')
  throw new MillraceError('CONFIG_INVALID', `store ${name}: kind is one of ${kinds}, not ${kind}`)
}

/** The definition of a store: of `settings`, those that its kind knows. */
export function defineStore(
  base: Omit<DefinitionBase, 'kind'>,
  kind: StoreKind,
  settings: Readonly<Record<string, unknown>>,
): StoreDefinition {
  const own = Object.entries(settings).filter(([name, value]) => value !== undefined && knows(kind, name))
  return Object.freeze({ ...base, kind, ...Object.fromEntries(own) }) as StoreDefinition
}

/** @throws MillraceError CONFIG_INVALID */
export function checkStoreNames(options: Pick<StoreOptions<never, never>, 'name'>): void {
  requireKnown(options, STORE, `store ${options?.name}`, 'CONFIG_INVALID')
}

/** @throws MillraceError CONFIG_INVALID, TOPOLOGY_RETENTION_TOO_SHORT where a setting does not fit the kind of store */
export function storeDefinition<K, V>(options: StoreOptions<K, V>): StoreDefinition {
  const { name, kind = 'keyValue' } = options
  checkStoreNames(options)
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

function storeBase<K, V>(options: StoreOptions<K, V>): Omit<DefinitionBase, 'kind'> {
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
    const needs = knows(kind, 'windowSizeMs') ? 'needs windowSizeMs' : 'has no windows of one size: omit windowSizeMs'
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
  throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} cannot be ordered: omit ordered`)
}

/** @throws MillraceError CONFIG_INVALID */
export function checkMaxEntries(
  kind: StoreKind,
  { name, maxEntries, engine, cached, ttlMs }: Pick<StoreOptions<never, never>, MaxEntriesOption>,
): void {
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [!knows(kind, 'maxEntries'), `is of kind ${kind}: omit maxEntries`],
    [!Number.isSafeInteger(maxEntries) || maxEntries! < 1, `has maxEntries ${maxEntries}: use a whole number >= 1`],
    [engine === 'level', 'is in memory if it has maxEntries: omit engine'],
    [cached === true, 'cannot have both cached and maxEntries: omit one of the two'],
    [ttlMs !== undefined, 'has ttlMs and maxEntries: choose one'],
  ]
  const broken = rules.find(([broken]) => broken)
  if (broken !== undefined) throw new MillraceError('CONFIG_INVALID', `store ${name} ${broken[1]}`)
}

type MaxEntriesOption = 'name' | 'maxEntries' | 'engine' | 'cached' | 'ttlMs'

function checkHeaders<K, V>({ name, ttlMs, maxEntries }: StoreOptions<K, V>, kind: StoreKind): void {
  const known = knows(kind, 'headers')
  if (known && ttlMs === undefined && maxEntries === undefined) return
  const other = ttlMs === undefined ? 'maxEntries' : 'ttlMs'
  const problem = known
    ? `cannot have both headers and ${other}: omit one of the two`
    : `is of kind ${kind}: omit headers`
  throw new MillraceError('CONFIG_INVALID', `store ${name} ${problem}`)
}

function checkTtl(name: string, kind: StoreKind, ttlMs: number): void {
  if (!knows(kind, 'ttlMs')) {
    throw new MillraceError('CONFIG_INVALID', `store ${name} of kind ${kind} has a retention: omit ttlMs`)
  }
  if (Number.isSafeInteger(ttlMs) && ttlMs > 0) return
  throw new MillraceError(
    'CONFIG_INVALID',
    `store ${name}: ttlMs must be a whole number of milliseconds > 0, got ${ttlMs}`,
  )
}

/**
 * The time of a timer store: the task's stream time or the wall clock, which fire the timers through `onTimer`, or a time that only the
 * processor knows, which takes the timers with {@link TimerStore.takeDue}.
 */
export type TimerTime = PunctuationType | 'processorTime'

const TIMER_TIMES: readonly TimerTime[] = ['streamTime', 'wallClockTime', 'processorTime']

/** A store of timers, one for each key. */
export interface TimerStoreOptions<K> {
  /** Letters, digits, dots, dashes and underscores; unique in the topology. */
  readonly name: string
  /** How keys become bytes. */
  readonly key: Serde<K>
  /** The time that fires the timers. Default `streamTime`, the task's. */
  readonly time?: TimerTime
  /** Whether changes go to a changelog topic. Default true. */
  readonly logged?: boolean
  /** As in {@link StoreOptions.engine}. */
  readonly engine?: 'level' | 'memory'
  /** Extra configuration of the changelog topic. */
  readonly topicConfig?: Readonly<Record<string, string>>
}

export function timerStoreDefinition<K>(given: TimerStoreOptions<K>): StoreDefinition {
  requireKnown(given, TIMERS, `timer store ${given?.name}`, 'CONFIG_INVALID')
  const { time = 'streamTime', ...options } = given
  if (!TIMER_TIMES.includes(time)) {
    const got = typeof time === 'string' ? time : kindOf(time)
    throw new MillraceError(
      'CONFIG_INVALID',
      `timer store ${given.name}: time is one of ${TIMER_TIMES.join(', ')}, not ${got}`,
    )
  }
  return defineStore(storeBase({ ...options, value: int64 }), 'timers', { timerType: time })
}
