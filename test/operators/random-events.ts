/** Seeded random events for one operator behind the DSL, each followed by a look at what came out. */
import type { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { Random } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import { TopologyTestDriver } from '../../lib/testing/index.js'

export interface RandomEvent {
  readonly topic: string
  readonly key: string
  readonly value: number | null
  readonly ts: number
}

export const SEEDS = Array.from({ length: 12 }, (_, i) => i + 1)
export const io = { key: string, value: int64 }

export function randomEvents(random: Random, topics: readonly string[], nulls: boolean): RandomEvent[] {
  let nowMs = 0
  return Array.from({ length: 150 }, () => {
    nowMs += random.int(7)
    return {
      topic: topics[random.int(topics.length)]!,
      key: `k${random.int(4)}`,
      value: nulls && random.int(5) === 0 ? null : 1 + random.int(9),
      ts: Math.max(0, nowMs - (random.int(3) === 0 ? random.int(40) : 0)),
    }
  })
}

/** Pipes every event and calls `after` with what came out of topic `out`, one line per record. */
export function runEach(
  builder: StreamsBuilder,
  events: readonly RandomEvent[],
  keySerde: Parameters<TopologyTestDriver['createOutputTopic']>[1],
  after: (event: RandomEvent, out: readonly { key: unknown; value: number | null; timestamp: number }[]) => void,
): TopologyTestDriver {
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const topics = new Set(events.map(({ topic }) => topic))
  const inputs = new Map([...topics].map((topic) => [topic, driver.createInputTopic(topic, string, int64)]))
  const out = driver.createOutputTopic('out', keySerde, int64)
  for (const event of events) {
    inputs.get(event.topic)!.pipe(event.key, event.value, event.ts)
    after(event, out.readAll())
  }
  return driver
}
