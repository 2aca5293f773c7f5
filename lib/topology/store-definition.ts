/** State stores as a user declares them, for processors of their own. */
import { MillraceError } from '../errors.js'
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
  const { ttlMs } = options
  if (ttlMs !== undefined) checkTtl(options.name, kind, ttlMs)
  if (kind === 'window' && options.windowSizeMs === undefined) {
    throw new MillraceError('CONFIG_INVALID', `store ${options.name} of kind window needs windowSizeMs`)
  }
  return Object.freeze({
    name: options.name,
    kind,
    keySerde: options.key as Serde<unknown>,
    valueSerde: options.value as Serde<unknown>,
    logged: options.logged ?? true,
    cached: options.cached ?? false,
    engine: options.engine ?? 'level',
    retentionMs: options.retentionMs ?? null,
    windowSizeMs: options.windowSizeMs ?? null,
    ...(ttlMs !== undefined && { ttlMs }),
    changelogTopic: null,
    topicConfig: Object.freeze({ ...options.topicConfig }),
  })
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
