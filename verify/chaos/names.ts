/** The topics of one application under faults, and the constants that its topology and its recomputation share. */

export interface ChaosTopics {
  /** Input: key `kN`, value the record's number. */
  readonly events: string
  /** Input that the events are joined with: same keys, its own numbers. */
  readonly marks: string
  /** Every event as it came. */
  readonly echo: string
  /** Every update of every group: `count,sum`. */
  readonly totals: string
  /** The final result of every window: key `kN@start`, value `count,sum`. */
  readonly windows: string
  /** Every pair of the join: `event+mark`. */
  readonly pairs: string
}

/** `prefix` is no beginning of an internal topic's name. */
export function chaosTopics(prefix: string): ChaosTopics {
  const named = (name: string) => `${prefix}${name}`
  return {
    events: named('events'),
    marks: named('marks'),
    echo: named('echo'),
    totals: named('totals'),
    windows: named('windows'),
    pairs: named('pairs'),
  }
}

export const KEYS = 60
export const GROUPS = 24
export const WINDOW_MS = 2_000
export const GRACE_MS = 500
/** A pair's times lie at most so far apart. */
export const PAIR_MS = 500

export const TOTALS_STORE = 'totals'
export const WINDOWS_STORE = 'windows'
export const REPARTITION = 'by-group'

export const groupOf = (event: number): string => `g${event % GROUPS}`

/** Folds an event into `count,sum`. */
export function folded(total: string, event: number): string {
  const [count = '0', sum = '0'] = total.split(',')
  return `${Number(count) + 1},${Number(sum) + event}`
}
