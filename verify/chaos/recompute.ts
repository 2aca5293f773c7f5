/** Computes the expected outputs and stores from the input topics with plain code. */
import { type Cluster, int64, readTopic } from '../../lib/index.js'
import { type ChaosTopics, folded, GRACE_MS, groupOf, PAIR_MS, WINDOW_MS } from './names.js'

export interface Expected {
  readonly events: number
  /** How often each event's number is in the input; more than once is the producer's fault. */
  readonly doubledInput: number
  /** Group to `count,sum`. */
  readonly totals: ReadonlyMap<string, string>
  /** `key@start` to `count,sum`. */
  readonly windows: ReadonlyMap<string, string>
  /** Windows that no event has closed yet. */
  readonly openWindows: ReadonlySet<string>
  /** `event+mark`. */
  readonly pairs: ReadonlySet<string>
}

interface Placed {
  readonly n: number
  readonly timestamp: number
}

export async function recompute(cluster: Cluster, topics: ChaosTopics): Promise<Expected> {
  const numbers = new Set<number>()
  const totals = new Map<string, string>()
  const windows = new Map<string, string>()
  const endOf = new Map<string, { endMs: number; partition: number }>()
  const streamTimes = new Map<number, number>()
  const byKey = new Map<string, Placed[]>()
  let events = 0
  for await (const { partition, records } of readTopic({ cluster, topic: topics.events, until: 'now' })) {
    for (const { key, value, timestamp } of records) {
      const [name, n] = [String(key), int64.deserialize(value!, '')]
      events++
      numbers.add(n)
      totals.set(groupOf(n), folded(totals.get(groupOf(n)) ?? '', n))
      listed(byKey, name, { n, timestamp })
      const timeMs = Math.max(streamTimes.get(partition) ?? 0, timestamp)
      streamTimes.set(partition, timeMs)
      const startMs = timestamp - (timestamp % WINDOW_MS)
      if (startMs + WINDOW_MS + GRACE_MS <= timeMs) continue
      const window = `${name}@${startMs}`
      windows.set(window, folded(windows.get(window) ?? '', n))
      endOf.set(window, { endMs: startMs + WINDOW_MS, partition })
    }
  }
  const isOpen = (window: string) => {
    const { endMs, partition } = endOf.get(window)!
    return endMs + GRACE_MS > streamTimes.get(partition)!
  }
  return {
    events,
    doubledInput: events - numbers.size,
    totals,
    windows,
    openWindows: new Set([...windows.keys()].filter(isOpen)),
    pairs: await pairsOf(cluster, topics, byKey),
  }
}

async function pairsOf(
  cluster: Cluster,
  topics: ChaosTopics,
  events: ReadonlyMap<string, readonly Placed[]>,
): Promise<Set<string>> {
  const pairs = new Set<string>()
  for (const [, list] of events) (list as Placed[]).sort((a, b) => a.timestamp - b.timestamp)
  for await (const { records } of readTopic({ cluster, topic: topics.marks, until: 'now' })) {
    for (const { key, value, timestamp } of records) {
      const mark = int64.deserialize(value!, '')
      const list = events.get(String(key)) ?? []
      for (let i = firstFrom(list, timestamp - PAIR_MS); i < list.length; i++) {
        if (list[i]!.timestamp > timestamp + PAIR_MS) break
        pairs.add(`${list[i]!.n}+${mark}`)
      }
    }
  }
  return pairs
}

/** The first whose time is not before `timestamp`. */
function firstFrom(list: readonly Placed[], timestamp: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle]!.timestamp < timestamp) low = middle + 1
    else high = middle
  }
  return low
}

function listed<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
