/** The bounds of one window, as in Kafka Streams: `start` inclusive; `end` exclusive for time windows, inclusive for sessions. */
export interface Window {
  /** Milliseconds since the epoch. */
  readonly startMs: number
  /** Milliseconds since the epoch; `Infinity` for an unlimited window. */
  readonly endMs: number
}

/** The key of a windowed table. */
export interface Windowed<K> {
  readonly key: K
  readonly window: Window
}
