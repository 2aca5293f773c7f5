/** State has the values of records: its folders are open to their owner alone. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Admin, embeddedBroker, Streams, StreamsBuilder, string } from '../../lib/index.js'

function foldersBelow(folder: string): string[] {
  const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return below.flatMap(({ name }) => [join(folder, name), ...foldersBelow(join(folder, name))])
}

for (const stateEngine of ['level', 'rocksdb'] as const) {
  t.test(stateEngine, async (t) => {
    const folder = t.testdir()
    const broker = await embeddedBroker({ folder: join(folder, 'a', 'broker') })
    await new Admin(broker).createTopics([{ name: 'in', partitions: 1 }])
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .count({ store: { name: 'counts' } })
    const stateDir = join(folder, 'b', 'state')
    const streams = new Streams(builder.build(), { applicationId: 'app', connection: broker, stateDir, stateEngine })
    await streams.start()
    await streams.close()
    await broker.close()
    const folders = foldersBelow(folder)
    t.ok(folders.length >= 6, folders.join(' '))
    t.same(
      folders.filter((path) => (statSync(path).mode & 0o077) !== 0),
      [],
    )
  })
}
