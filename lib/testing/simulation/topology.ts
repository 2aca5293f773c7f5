/** The topology of the simulation: with a repartition topic and windows, in several versions. */
import { StreamsBuilder } from '../../dsl/streams-builder.js'
import { json } from '../../serde/json.js'
import { string } from '../../serde/primitive.js'
import type { Topology } from '../../topology/topology.js'
import { session, tumbling } from '../../windows/definitions.js'
import { addToDigest, addToSum, joinSums, NO_DIGEST, NO_SUM, type SimEvent } from './model.js'
import type { UserCodePlace } from './user-code.js'

export const APPLICATION = 'sim'
export const PARTITIONS = 4
export const WINDOW = { sizeMs: 5_000, graceMs: 3_000 } as const
export const SESSION = { gapMs: 400, graceMs: 2_000 } as const
export const TOPICS = ['input', 'echo', 'totals', 'windows', 'sessions', 'dead-letters'] as const
export const BY_ITEM = `${APPLICATION}-by-item-repartition`

/** What every version of the topology does with a record is the same; the versions differ in how it is put together. */
export const VERSIONS = {
  first: 1,
  /** One more step, which changes nothing: the same tasks with the same stores. */
  compatible: 2,
  /** Both parts are one: its tasks are others, and read what two tasks of the first version read. */
  incompatible: 3,
} as const

export interface TopologyOptions {
  readonly cached: boolean
  readonly version: number
  /** Called with every event before it is worked on. */
  readonly at: (place: UserCodePlace, event: SimEvent) => void
}

/**
 * Operators that keep a time have names: it is kept under them, so every version continues where another stopped. A
 * generated name has a number, which one more operator before it changes; then late records are taken once more.
 *
 * Sub-topology 0 reads `input`, sub-topology 1 the repartition topic: every task is a function of one log.
 */
export function simTopology({ cached, version, at }: TopologyOptions): Topology {
  const builder = new StreamsBuilder()
  const source = builder.stream<string, SimEvent>('input', { key: string, value: json<SimEvent>() })
  const input = source.filter((_key, event): event is SimEvent => {
    if (event === null) return false
    at('source', event)
    return true
  })
  input.to('echo')
  input
    .groupByKey()
    .aggregate({
      initializer: () => NO_DIGEST,
      adder: (_key, event, digest) => {
        at('totals', event)
        return addToDigest(digest, event)
      },
      store: { name: 'totals', value: string, cached },
    })
    .toStream()
    .to('totals')
  const byItem = input.selectKey((_key, event) => event.item).repartition({ name: 'by-item', key: string })
  if (version === VERSIONS.incompatible)
    input
      .merge(byItem)
      .filter(() => false)
      .to('echo')
  const grouped = byItem.groupByKey()
  grouped
    .windowedBy(tumbling(WINDOW))
    .aggregate({
      name: 'by-window',
      initializer: () => NO_DIGEST,
      adder: (_key, event, digest) => {
        at('item', event)
        return addToDigest(digest, event)
      },
      store: { name: 'windows', value: string, cached },
    })
    .toStream()
    .map((key, digest): readonly [string, string] => [key.key, `${key.window.startMs} ${digest}`])
    .to('windows', { key: string, value: string })
  grouped
    .windowedBy(session(SESSION))
    .emitStrategy('onWindowClose')
    .aggregate({
      name: 'by-session',
      initializer: () => NO_SUM,
      adder: (_key, event, sum) => addToSum(sum, event),
      merger: (_key, left, right) => joinSums(left, right),
      store: { name: 'sessions', value: string },
    })
    .toStream()
    .map((key, sum): readonly [string, string] => [key.key, `${key.window.startMs} ${key.window.endMs} ${sum}`])
    .to('sessions', { key: string, value: string })
  if (version === VERSIONS.compatible) input.filter(() => true)
  return builder.build()
}
