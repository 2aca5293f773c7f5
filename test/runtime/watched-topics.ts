/** Applications whose topics change while they run, over an embedded broker that is looked at every 20 ms. */
import type { Test } from 'tap'
import { int64, Streams, StreamsBuilder, type StreamsSettings, string } from '../../lib/index.js'
import type { embedded } from './embedded.js'

export const text = { key: string, value: string }
export const counts = { key: string, value: int64 }

export type World = Awaited<ReturnType<typeof embedded>>
export type Build = (builder: StreamsBuilder) => void

export interface Case {
  readonly topics: Readonly<Record<string, number>>
  readonly build: Build
  readonly settings?: Partial<StreamsSettings>
  readonly optimize?: boolean
}

export async function start(t: Test, { build, settings, optimize }: Omit<Case, 'topics'>, world: World) {
  const builder = new StreamsBuilder()
  build(builder)
  const base = { applicationId: 'app', broker: world.broker, topicRefreshIntervalMs: 20, cacheMaxBytes: 0 }
  const topology = builder.build(optimize === true ? { optimize: 'all' } : {})
  const streams = new Streams(topology, {
    ...base,
    onUncaughtError: 'shutdownInstance',
    ...settings,
  } as StreamsSettings)
  t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
  await streams.start()
  return streams
}

export const copy: Build = (b) => b.stream('in', text).to('out')
export const counting: Build = (b) =>
  b
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 's' } })
    .toStream()
    .to('out', counts)
export const rekeyed: Build = (b) =>
  b
    .stream('in', text)
    .selectKey((_key, value) => value)
    .groupByKey({ name: 'r' })
    .count({ store: { name: 's' } })
    .toStream()
    .to('out', counts)

export const line = (partition: number, value = String(partition)) => ({ topic: 'in', key: 'k', value, partition })
