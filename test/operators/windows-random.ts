/** Random windows and random input for them, run through the test driver. */

import { untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import type { KTable } from '../../lib/dsl/table.js'
import type { Random } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { TopologyTestDriver } from '../../lib/testing/driver/topology-test-driver.js'
import type { EmitStrategy } from '../../lib/topology/aggregate-nodes.js'
import { leastRetentionMs } from '../../lib/windows/close.js'
import {
  hopping,
  type SessionWindows,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
} from '../../lib/windows/definitions.js'
import type { Windowed } from '../../lib/windows/window.js'
import type { Windows, WindowUpdate } from './windows-reference.js'

export interface Input {
  readonly key: string
  readonly value: string
  readonly ts: number
}

export function randomWindows(random: Random): TimeWindows | SlidingWindows | SessionWindows {
  const graceMs = random.int(3) * random.int(12)
  const sizeMs = 1 + random.int(20)
  switch (random.int(3)) {
    case 0:
      return hopping({ sizeMs, advanceMs: 1 + random.int(sizeMs), graceMs })
    case 1:
      return sliding({ timeDifferenceMs: sizeMs, graceMs })
    default:
      return session({ gapMs: 1 + random.int(8), graceMs })
  }
}

/** What the reference needs to know of them. */
export function asReference(windows: TimeWindows | SlidingWindows | SessionWindows): Windows {
  const gapMs = windows.kind === 'session' ? windows.gapMs : 0
  return { kind: windows.kind, graceMs: windows.graceMs, gapMs, retentionMs: leastRetentionMs(windows) }
}

/** Late by up to `lateMs`; now and then a jump that leaves every window behind. */
export function randomInputs(random: Random, lateMs: number): Input[] {
  let nowMs = random.int(40)
  return Array.from({ length: 10 + random.int(40) }, () => {
    nowMs += random.int(20) === 0 ? random.int(3000) : random.int(6)
    const late = lateMs > 0 && random.int(4) === 0 ? random.int(lateMs) : 0
    const value = String.fromCharCode(97 + random.int(26))
    return { key: `k${random.int(3)}`, value, ts: Math.max(0, nowMs - late) }
  })
}

/** The updates or results of values appended per window; sessions join with a bar. */
export function windowed(
  inputs: readonly Input[],
  windows: TimeWindows | SlidingWindows | SessionWindows,
  how: EmitStrategy | 'suppressed',
): WindowUpdate[] {
  const builder = new StreamsBuilder()
  const grouped = builder.stream('in', { key: string, value: string }).groupByKey()
  // Long enough that no neighbour of a late record's sliding window is gone, which on update is sooner than on close.
  const retentionMs = leastRetentionMs(windows) + (windows.kind === 'sliding' ? 100 : 0)
  const options = {
    initializer: () => '',
    adder: (_key: string, value: string | null, all: string) => all + value,
    merger: (_key: string, left: string, right: string) => `${left}|${right}`,
    store: { value: string, retentionMs },
  }
  const emit = how === 'suppressed' ? 'onWindowUpdate' : how
  let table: KTable<Windowed<string>, string> = windows.kind === 'session'
    ? grouped.windowedBy(windows).emitStrategy(emit).aggregate(options)
    : grouped.windowedBy(windows).emitStrategy(emit).aggregate(options)
  if (how === 'suppressed') table = table.suppress(untilWindowCloses())
  const keySerde = table.handle.key as Serde<Windowed<string>>
  table.toStream().to('out')
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const input = driver.createInputTopic('in', string, string)
  const output = driver.createOutputTopic('out', keySerde, string)
  const updates = inputs.flatMap(({ key, value, ts }, i) => {
    input.pipe(key, value, ts)
    return output.readAll().map((record) => {
      const { key: inner, window } = record.key!
      const bounds = { start: window.startMs, end: window.endMs }
      return { key: inner, ...bounds, value: record.value, ts: record.timestamp, at: i + 1 }
    })
  })
  driver.close()
  return updates
}
