/** The topology under faults: a copy, a repartitioned aggregate, final windows and a join; in versions. */
import {
  int64,
  joinWindow,
  type KStream,
  StreamsBuilder,
  string,
  type Topology,
  tumbling,
  untilWindowCloses,
} from '../../lib/index.js'
import {
  type ChaosTopics,
  folded,
  GRACE_MS,
  groupOf,
  PAIR_MS,
  REPARTITION,
  TOTALS_STORE,
  WINDOW_MS,
  WINDOWS_STORE,
} from './names.js'

/**
 * `next` differs from `first` by stateless nodes, so the two can share a group. `foreign` does more with the
 * marks, into a topic of its own: its tasks of events and marks are other tasks, those that count groups are the same.
 */
export type TopologyVersion = 'first' | 'next' | 'foreign'

/** Kept long enough that no pair depends on which side was read first. */
const PAIR_GRACE_MS = 600_000

const io = { key: string, value: int64 }
const text = { key: string, value: string }

/** `seen` hears of every event before it is processed. */
export function chaosTopology(topics: ChaosTopics, version: TopologyVersion, seen: (event: number) => void): Topology {
  const builder = new StreamsBuilder()
  if (version === 'foreign') builder.stream(topics.marks, io).repartition({ ...io, name: 'marks-again' })
  const source = (builder.stream(topics.events, io) as KStream<string, number>).peek((_key, event) => seen(event))
  const events = version === 'next' ? source.filter((_key, event) => event >= 0).mapValues((event) => event) : source
  events.to(topics.echo, io)
  addTotals(events, topics)
  addWindows(events, topics)
  const marks = builder.stream(topics.marks, io)
  events
    .join(marks, {
      window: joinWindow({ beforeMs: PAIR_MS, afterMs: PAIR_MS, graceMs: PAIR_GRACE_MS }),
      joiner: (event, mark) => `${event}+${mark}`,
      store: { name: 'pairs' },
      key: string,
      value: int64,
      otherValue: int64,
    })
    .to(topics.pairs, text)
  return builder.build()
}

function addTotals(events: KStream<string, number>, topics: ChaosTopics): void {
  events
    .selectKey((_key, event) => groupOf(event))
    .repartition({ ...io, name: REPARTITION })
    .groupByKey(io)
    .aggregate({
      initializer: () => '0,0',
      adder: (_key, event, total) => folded(total, event),
      // Every update continues: each count of a group is an output of its own.
      store: { name: TOTALS_STORE, value: string, cached: false },
    })
    .toStream()
    .to(topics.totals, text)
}

function addWindows(events: KStream<string, number>, topics: ChaosTopics): void {
  events
    .groupByKey(io)
    .windowedBy(tumbling({ sizeMs: WINDOW_MS, graceMs: GRACE_MS }))
    .aggregate({
      initializer: () => '0,0',
      adder: (_key, event, total) => folded(total, event),
      store: { name: WINDOWS_STORE, value: string },
    })
    .suppress(untilWindowCloses(), { name: 'final' })
    .toStream()
    .map(({ key, window }, total): [string, string] => [`${key}@${window.startMs}`, total])
    .to(topics.windows, text)
}
