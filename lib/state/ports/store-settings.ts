/** What the state of a task is told of a store; a topology's `StoreDefinition` is one, and arrows keep it out of here. */
import type { Serde } from '../../serde/serde.js'

export interface StoreSettings {
  readonly name: string
  readonly kind:
    | 'keyValue'
    | 'timestampedKeyValue'
    | 'window'
    | 'session'
    | 'unmatched'
    | 'versioned'
    | 'streamBuffer'
    | 'subscription'
    | 'suppressBuffer'
    | 'timers'
  readonly keySerde: Serde<unknown>
  readonly valueSerde: Serde<unknown>
  /** False: no changelog records; the store is flushed at every commit instead. */
  readonly logged: boolean
  readonly cached: boolean
  readonly engine: 'level' | 'memory'
  /** Window stores of a stream-stream join: records of equal key and time are kept side by side. */
  readonly keepsDuplicates?: boolean
  /** Milliseconds; null or Infinity: entries never expire. */
  readonly retentionMs: number | null
  /** Milliseconds, window stores only. Handed through. */
  readonly windowSizeMs: number | null
  /** An operator scans it by time: an index of live entries is kept in memory. */
  readonly timeIndexed?: boolean
  /** Key-value, window and session stores: the keys are kept in order, so that they can be walked. */
  readonly ordered?: boolean
  /** Key-value stores: an entry so much older than the newest put is gone, in milliseconds. */
  readonly ttlMs?: number
  /** Key-value stores in memory: one key more removes the one used least recently. */
  readonly maxEntries?: number
  /** Key-value stores: an entry keeps the headers it was put with. */
  readonly headers?: boolean
  /** Timer stores: the time that fires them. */
  readonly timerType?: 'streamTime' | 'wallClockTime'
  /** The one node that may write to it; left out: every node that uses it. */
  readonly filledBy?: string
  /** A source topic that serves as changelog: no records are handed out for it. */
  readonly changelogTopic: string | null
  /** Of the changelog. Handed through. */
  readonly topicConfig: Readonly<Record<string, string>>
}
