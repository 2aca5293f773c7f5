/**
 * The row of a kind of store, which is in the store's own file. `index.ts` lists the rows and is the only file with all
 * kinds.
 */
import type { Serde } from '../../serde/serde.js'
import type { CommittedView } from '../committed/view.js'
import type { StoredTimes } from '../layers/store-times.js'
import type { LocalStore, StoreParts } from './store-parts.js'

/** What every store is declared with; each kind adds the settings that mean something for it. */
export interface DefinitionBase {
  readonly name: string
  readonly kind: string
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  /** False: nothing is written to Kafka, the store is flushed at every commit, and a lost disk loses it. */
  readonly logged: boolean
  readonly engine: 'level' | 'memory'
  /** A source topic that serves as changelog (`topology.optimization` reuse, read-only stores), else null: the internal changelog topic. */
  readonly changelogTopic: string | null
  /** A read-only store: the one node that writes to it, whose source topic is `changelogTopic`. Left out: every node that uses it. */
  readonly filledBy?: string
  /** Extra configuration of the changelog topic. */
  readonly topicConfig: Readonly<Record<string, string>>
}

/** The settings of a kind beside those of every store. */
type OwnSetting<D> = Exclude<D extends unknown ? keyof D : never, keyof DefinitionBase>

/**
 * What another value of a setting means for `diff`. `silent`: nothing. `label`: the rows there are mean something else. `bound`: a
 * smaller value loses rows; none is no bound.
 */
export type StoreSettingRule = 'silent' | { readonly label: string } | { readonly bound: string; readonly unit: string }

/** A store whose rows a table can be looked up in. */
export type TablePort = 'keyValue' | 'window' | 'session' | 'versioned'

/** How processors, look-ups and tests use a store. Null: only the operator it was made for knows how. */
export type StorePort = TablePort | 'timers' | null

export interface StoreInfo<D extends DefinitionBase = DefinitionBase> {
  readonly kind: D['kind']
  /** What the kind is called on disk and in descriptions: kinds that were told apart later keep their old name there. */
  readonly savedAs: string
  readonly port: StorePort
  readonly settings: Readonly<Record<string, StoreSettingRule>>
  /** Kinds with changelogs that say the same: this one can be rebuilt from theirs. */
  readonly rebuiltFrom: readonly string[]
  /** Methods that a read-only view rejects. */
  readonly writes: readonly string[]
  /** Configuration of the internal changelog topic; `extraMs`: so much longer than the store itself keeps its entries. */
  changelogConfig(definition: D, extraMs: number): Readonly<Record<string, string>>
  /** `stored`: the times the disk has of it. */
  open(parts: StoreParts<D>, stored: StoredTimes | null): LocalStore
  /** What queries read; for a store without rows, what it keeps instead. */
  readonly committed: string | Committed<LocalStore>
}

/** A method, so that a row may take the store it opens. */
type Committed<S> = { view(store: S): CommittedView }['view']

/** The row beside a store: it forgets no setting of the definition, and knows the methods of what it opens. */
export interface StoreRow<D extends DefinitionBase, S extends LocalStore> extends StoreInfo<D> {
  readonly settings: { readonly [P in OwnSetting<D>]: StoreSettingRule }
  readonly writes: readonly (keyof S & string)[]
  open(parts: StoreParts<D>, stored: StoredTimes | null): S
  readonly committed: string | Committed<S>
}

/** Rows stay until they are deleted. */
export function compacted(): Readonly<Record<string, string>> {
  return { 'cleanup.policy': 'compact' }
}

/** Java's largest long, which Kafka takes for "never": unlimited windows are kept permanently. */
const FOREVER_MS = '9223372036854775807'

/** Rows go when their time is over. */
export function timed(cleanup: 'delete' | 'compact,delete', keptMs: number): Readonly<Record<string, string>> {
  return { 'cleanup.policy': cleanup, 'retention.ms': Number.isFinite(keptMs) ? String(keptMs) : FOREVER_MS }
}

/** The cached ones: updates of a key between two commits continue as one. */
export function isCached(definition: DefinitionBase): boolean {
  return 'cached' in definition && definition.cached === true
}

/** A global store is filled from its topic, and has nothing to forward. */
export function uncached<D extends DefinitionBase>(definition: D): D {
  return isCached(definition) ? { ...definition, cached: false } : definition
}

/** Entries keep the headers they were put with. */
export function keepsHeaders(definition: DefinitionBase): boolean {
  return 'headers' in definition && definition.headers === true
}
