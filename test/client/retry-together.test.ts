/**
 * Partitions that fail together are asked for together: an outage costs a client the same few requests per second with one
 * partition and with hundreds, and each of them names all topics.
 */
import t from 'tap'
import { Fetcher } from '../../lib/client/fetcher.js'
import { IdempotentProducer } from '../../lib/client/producer.js'
import { BatchBuilder, KAFKA_ERROR } from '../../lib/protocol/index.js'
import { metadata, refused, type Script, ScriptedBroker } from './scripted-broker.js'

const TOPICS = 50
const PARTITIONS = 4
const SETTLED_MS = 4_000
const MEASURED_MS = 5_000
/** Pauses of a second end in quarters of one, and each time the first to wake and the others ask: four times two. */
const MOST_PER_SECOND = 8
/** A partition where nobody answers asks eight times a second, since shorter pauses come again; in each quarter, some do. */
const WHERE_NOBODY_ANSWERS = 32

const places = Array.from({ length: TOPICS * PARTITIONS }, (_, i) => ({
  topic: `in${Math.floor(i / PARTITIONS)}`,
  partition: i % PARTITIONS,
}))

interface Row {
  readonly name: string
  readonly scripts: Readonly<Record<string, Script>>
  readonly act: (broker: ScriptedBroker) => Promise<unknown> | undefined
}

const drop: Script = () => 'drop'
const noLeader: Script = (request) => metadata((request.topics as { name: string }[]) ?? [], -1)
const notLeader: Script = (request) => ({
  responses: (request.topics as { topicId: string; partitions: { partition: number }[] }[]).map((topic) => ({
    topicId: topic.topicId,
    partitions: topic.partitions.map(({ partition: partitionIndex }) => ({
      ...{ partitionIndex, errorCode: KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER },
      ...{ highWatermark: -1, lastStableOffset: -1, logStartOffset: -1, abortedTransactions: null, records: null },
    })),
  })),
})

function read({ cluster }: ScriptedBroker): undefined {
  const fetcher = new Fetcher({ cluster, isolation: 'readCommitted', onError: () => undefined })
  for (const place of places) fetcher.add(place, 0)
}

function write({ cluster }: ScriptedBroker): Promise<unknown> {
  const producer = new IdempotentProducer({ cluster })
  return producer.send(
    places.map((place) => {
      const builder = new BatchBuilder()
      builder.append(1, null, Buffer.from('v'))
      return { ...place, builder }
    }),
  )
}

const ROWS: readonly Row[] = [
  { name: 'fetch: the connection drops', scripts: { Fetch: drop }, act: read },
  { name: 'fetch: not the leader', scripts: { Fetch: notLeader }, act: read },
  { name: 'fetch: no leader', scripts: { Metadata: noLeader }, act: read },
  { name: 'fetch: nobody answers', scripts: { Fetch: drop, Metadata: drop }, act: read },
  { name: 'produce: the connection drops', scripts: { Produce: drop }, act: write },
  { name: 'produce: not the leader', scripts: { Produce: refused(KAFKA_ERROR.NOT_LEADER_OR_FOLLOWER) }, act: write },
  { name: 'produce: no leader', scripts: { Metadata: noLeader }, act: write },
]

for (const { name, scripts, act } of ROWS) {
  t.test(`${name}: hundreds of partitions ask no more often than one`, async (t) => {
    const broker = new ScriptedBroker()
    const { clock, cluster } = broker
    await cluster.topicNames()
    for (const [api, script] of Object.entries(scripts)) broker.always(api, script)
    const written = act(broker)?.catch(() => undefined)
    const pass = async (untilMs: number) => {
      while (clock.now() < untilMs) await clock.nextTurn()
    }
    await pass(clock.now() + SETTLED_MS)
    const before = broker.asked.length
    await pass(clock.now() + MEASURED_MS)
    const counts = new Map<string, number>()
    for (const { api } of broker.asked.slice(before)) counts.set(api, (counts.get(api) ?? 0) + 1)
    t.ok(counts.size > 0, 'it goes on')
    for (const [api, count] of counts) {
      const perSecond = count / (MEASURED_MS / 1_000)
      const most = scripts.Metadata === drop ? WHERE_NOBODY_ANSWERS : MOST_PER_SECOND
      t.ok(perSecond <= most, `${api}: ${perSecond} per second`)
    }
    await cluster.close()
    await written
  })
}
