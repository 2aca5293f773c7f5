/** The options for opening, restoring and closing the state of a task. */
import type { Clock } from '../record/clock.js'
import type { Headers } from '../record/record.js'
import type { LoggedRow } from '../serde/suppress-buffer-versions.js'
import type { StateEngine } from './engine/engine.js'
import type { KeyValueStore, SessionStore, WindowStore } from './ports/store.js'
import type { StoreDefinition } from './stores/index.js'
import type { DefinitionBase } from './stores/store-info.js'

/** A changelog record beside its key, value and timestamp. */
export interface RestoredRecord {
  headers(): Headers
  readonly logged?: LoggedRow
}

export interface TaskStateOptions {
  readonly taskId: string
  /** In topology order: record caches are flushed in it. */
  readonly stores: readonly StoreDefinition[]
  /** Home of every store but those declared `engine: 'memory'`, which live in an engine of their own. */
  readonly engine: StateEngine
  readonly clock: Clock
  /** Topic named to serdes and errors. Default: the store's own changelog topic, or `<store>-changelog`. */
  readonly topicName?: (store: DefinitionBase) => string
  /** Bytes of changed keys the record caches may hold together. Default 10 MiB; 0 forwards every update at once. */
  readonly cacheBytes?: number
  /** Bytes of values kept in memory to save disk reads. Default 32 MiB. */
  readonly residentBytes?: number
  /** A flush starts when about this much is committed and not on disk. Default 4 MiB. */
  readonly flushBytes?: number
  /** A flush also starts when something has waited this long. Default 10 000. */
  readonly flushIntervalMs?: number
}

export type Store = KeyValueStore<unknown, unknown> | WindowStore<unknown, unknown> | SessionStore<unknown, unknown>

/** Where the changelog of one store ends once a commit is through. */
export interface ChangelogEnd {
  /** Next offset after the store's last record; topicId: Kafka's, null if the broker has none. */
  readonly offset: number
  readonly topicId: string | null
}

export interface CloseState {
  /** A clean close: the next open needs no roll-forward. */
  readonly flush: boolean
  /** The last write failed. True, after a pause: it is retried. Default: it is not. */
  readonly again?: (error: unknown) => Promise<boolean>
}
