/** The bounds of one window, as in Kafka Streams: `start` inclusive; `end` exclusive for time windows, inclusive for sessions. */
export interface Window {
  /** Milliseconds since the epoch. */
  readonly startMs: number
  /** Milliseconds since the epoch; `Infinity` for an unlimited window. */
  readonly endMs: number
}

/** The key of a windowed table: a key and one of its windows. */
export interface Windowed<K> {
  readonly key: K
  /** The bounds of the window. */
  readonly window: Window
}
