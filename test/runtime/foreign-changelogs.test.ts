/** Internal topics that somebody has touched between two lives of an application: deleted, or written to. */
import t from 'tap'
import { type Log, Streams, StreamsBuilder, string, tumbling } from '../../lib/index.js'
import { embedded } from './embedded.js'
import { counting, until } from './group-rig.js'

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** Runs an application until it has counted what is in the topic, and closes it; answers the warnings. */
async function life(world: Awaited<ReturnType<typeof embedded>>, topology = counting()): Promise<string[]> {
  const warnings: string[] = []
  const log = {
    ...silent,
    warn: (fields: object, message: string) => void warnings.push(message + JSON.stringify(fields)),
  }
  const streams = new Streams(topology, { applicationId: 'app', broker: world.broker, log })
  await streams.start()
  const [end] = await world.admin.listOffsets([{ topic: 'in', partition: 0 }], 'latest', 'readCommitted')
  t.ok(await until(() => streams.committedOffset('in', 0) === end!.offset))
  await streams.close({ leaveGroup: true })
  return warnings
}

t.test('a changelog that is missing is told of, unless the application is new', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  t.same(await life(world), [], 'the first life')
  t.same(await life(world), [], 'the second')
  await world.admin.deleteTopics(['app-counts-changelog'])
  t.match(await life(world), [/internal topics were missing .*app-counts-changelog/])
})

t.test("a record in a changelog that is none of the store's is named", async (t) => {
  const windowed = new StreamsBuilder()
  windowed
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 1_000 }))
    .count({ store: { name: 'counts' } })
  const world = await embedded(t, { in: 1 })
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await life(world, windowed.build())
  const topic = 'app-counts-changelog'
  const [end] = await world.admin.listOffsets([{ topic, partition: 0 }], 'latest', 'readCommitted')
  await world.send([{ topic, key: 'short', value: 'v' }])
  const streams = new Streams(windowed.build(), { applicationId: 'app', broker: world.broker, log: silent })
  const place = { code: 'SERDE_BYTES_INVALID', topic, partition: 0, offset: end!.offset }
  await t.rejects(streams.start(), { ...place, message: /offset \d+ of app-counts-changelog-0 .* store counts/ })
})
