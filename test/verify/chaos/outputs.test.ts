/**
 * What the chaos runner holds outputs against: the topology's own results are found right, and each way to be wrong is
 * told apart.
 */
import t, { type Test } from 'tap'
import { Admin, connect, embeddedBroker, readAll, Streams, TransactionalProducer } from '../../../lib/index.js'
import { seededRandom } from '../../../lib/record/random.js'
import { Load } from '../../../verify/chaos/load.js'
import { chaosTopics, REPARTITION } from '../../../verify/chaos/names.js'
import { outputFindings } from '../../../verify/chaos/outputs.js'
import { recompute } from '../../../verify/chaos/recompute.js'
import { chaosTopology } from '../../../verify/chaos/topology.js'

t.setTimeout(200_000)

const PARTITIONS = 2
const HOUR_MS = 3_600_000

/** Input worked through by the topology, all windows closed. */
async function worked(t: Test) {
  const broker = await embeddedBroker({ folder: null })
  const cluster = connect({ broker })
  const topics = chaosTopics('app.')
  await new Admin(cluster).createTopics(Object.values(topics).map((name) => ({ name, partitions: PARTITIONS })))
  const load = new Load(cluster, topics, PARTITIONS, seededRandom('outputs'))
  const streams = new Streams(
    chaosTopology(topics, 'first', () => undefined),
    { applicationId: 'app', broker },
  )
  t.teardown(async () => {
    await streams.close()
    await load.close()
    await cluster.close()
    await broker.close()
  })
  load.steady(2_000)
  await until(async () => load.events > 500)
  await load.stop()
  await load.last(HOUR_MS)
  await streams.start()
  await until(async () => (await readAll({ cluster, topic: topics.totals })).length >= load.events)
  return { cluster, topics }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

t.test('right outputs are right, and each wrong one is told', { timeout: 100_000 }, async (t) => {
  const { cluster, topics } = await worked(t)
  t.ok((await cluster.topicNames()).includes(`app-${REPARTITION}-repartition`), 'the internal topic that is watched')
  const expected = await recompute(cluster, topics)
  t.ok(
    expected.pairs.size > 0 && expected.windows.size > 0 && expected.openWindows.size > 0,
    'there is something to see',
  )
  t.same(await outputFindings(cluster, topics, expected), { lost: 0, doubled: 0, wrong: [] })

  const more = { ...expected, pairs: new Set([...expected.pairs, '1+999999']) }
  t.match(await outputFindings(cluster, topics, more), {
    lost: 1,
    doubled: 0,
    wrong: [/pairs: 1 lost.*missing 1\+999999/],
  })

  const [group, row] = [...expected.totals][0]!
  const [count, sum] = row.split(',').map(Number) as [number, number]
  const totals = (changed: string) => ({ ...expected, totals: new Map([...expected.totals, [group, changed]]) })
  t.match(await outputFindings(cluster, topics, totals(`${count + 2},${sum}`)), { lost: 2, wrong: [/totals: 2 lost/] })
  t.match(await outputFindings(cluster, topics, totals(`${count - 1},${sum}`)), { doubled: 1, wrong: [/1 doubled/] })
  t.match(await outputFindings(cluster, topics, totals(`${count},${sum + 1}`)), { lost: 0, wrong: [/not \d+,\d+/] })

  // What nobody should have written: an output twice, one out of order, a window again.
  const [window] = await readAll({ cluster, topic: topics.windows })
  const echo = await readAll({ cluster, topic: topics.echo })
  const producer = new TransactionalProducer({ cluster, transactionalId: 'intruder' })
  await producer.init()
  producer.begin()
  for (const { topic, partition, key, value } of [window!, echo[0]!]) {
    await producer.append({ topic, partition, key, value })
  }
  await producer.commit()
  t.match(await outputFindings(cluster, topics, expected), {
    lost: 0,
    doubled: 2,
    wrong: [/echo: 0 lost, 1 doubled/, /windows: 0 lost, 1 doubled \(twice/],
  })
})
