/**
 * Goal: an application is taken over from Kafka Streams at its changelogs, and given back. Method: the same input in two
 * halves, worked through by Kafka Streams alone, by Kafka Streams and then Millrace, and the other way round, each time
 * under one application id; outputs and final tables must be the same. No input triggers a rule in which the two differ
 * on purpose.
 */
import t, { type Test } from 'tap'
import { IdempotentProducer } from '../../lib/client/producer.js'
import { Admin, type Cluster, connect, readAll } from '../../lib/index.js'
import { BatchBuilder } from '../../lib/protocol/index.js'
import { partitionForKey } from '../../lib/record/partitioner.js'
import { seededRandom } from '../../lib/record/random.js'
import { commandWorks } from '../../verify/kafka/jars.js'
import { realKafka, uniqueName } from './broker.js'
import { kafkaStreams, millrace, type Side } from './java-takeover-sides.js'

const INPUTS = ['clicks', 'names', 'towns', 'orders']
/** What comes out of one task from one input: record for record the same. */
const EXACT = ['counted', 'tumbled', 'sessions', 'closed', 'ended']
/** What comes of several inputs, whose interleaving is free: the last value of every key. */
const TABLES = ['people', 'ordered']
/** The time of a foreign-key result is that of the answer that came last, and answers race. */
const TIMELESS = ['ordered']
const PARTITIONS = 2
const RECORDS = 1_500
const SETTLE_MS = 1_500
const DEADLINE_MS = 60_000

interface Line {
  readonly topic: string
  readonly key: string
  readonly value: string | null
  readonly timestamp: number
}

type Start = (bootstrap: string, id: string, prefix: string) => Promise<Side>

t.setTimeout(400_000)

t.test('Java, then Millrace; Millrace, then Java', { timeout: 380_000 }, async (t) => {
  if (!(await commandWorks('javac', '-version')) || !(await commandWorks('mvn', '-v'))) {
    return t.pass('Kafka Streams', { skip: 'needs a JDK and Maven' })
  }
  const kafka = await realKafka(t)
  if (kafka === null) return
  const input = lines()
  const alone = await run(t, kafka.bootstrap, [kafkaStreams, kafkaStreams], input)
  t.ok(
    [...alone.values()].every((records) => records.length > 10),
    'there is something to compare',
  )
  t.same(await run(t, kafka.bootstrap, [kafkaStreams, millrace], input), alone, 'taken over')
  t.same(await run(t, kafka.bootstrap, [millrace, kafkaStreams], input), alone, 'given back')
})

/** Each half by its side; returns what came out, by topic. */
async function run(t: Test, bootstrap: string, sides: readonly Start[], input: readonly Line[]) {
  const id = uniqueName('java-takeover')
  const prefix = `${id}.`
  const cluster = connect({ brokers: [bootstrap] })
  const admin = new Admin(cluster)
  await admin.createTopics(
    [...INPUTS, ...EXACT, ...TABLES].map((name) => ({
      name: `${prefix}${name}`,
      partitions: PARTITIONS,
      config: { 'retention.ms': '-1' },
    })),
  )
  const descriptions: string[] = []
  const half = Math.floor(input.length / 2)
  for (const [i, start] of sides.entries()) {
    await send(cluster, prefix, i === 0 ? input.slice(0, half) : input.slice(half))
    const side = await start(bootstrap, id, prefix)
    descriptions.push(side.description.trimEnd())
    try {
      await worked(cluster, admin, id, prefix)
    } finally {
      await side.stop()
    }
  }
  t.equal(descriptions[1], descriptions[0], 'both call every node, store and topic alike')
  const outputs = new Map<string, string[]>()
  for (const topic of EXACT) outputs.set(topic, perKey(await records(cluster, `${prefix}${topic}`)))
  for (const topic of TABLES) outputs.set(topic, lastPerKey(topic, await records(cluster, `${prefix}${topic}`)))
  await cluster.close()
  return outputs
}

/**
 * Event times rise by up to 20 ms, one in ten lies up to 80 ms back: late for nothing. They begin an hour ago, because
 * the changelogs of windows are deleted by event time; and at a full minute, so that all of them lie in one segment of
 * Kafka Streams' stores, which loses sessions it has not emitted on close with the segment they end in.
 */
function lines(): Line[] {
  const random = seededRandom('java-takeover')
  let now = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000
  return Array.from({ length: RECORDS }, (_, i) => {
    now += random.int(20)
    const timestamp = random.int(10) === 0 ? now - random.int(80) : now
    const topic = ['clicks', 'clicks', 'clicks', 'names', 'towns', 'orders'][random.int(6)]!
    const user = `user${random.int(12)}`
    const value = random.int(12) === 0 && topic !== 'clicks' ? null : `${topic}${i}`
    if (topic !== 'orders') return { topic, key: user, value, timestamp }
    return { topic, key: `order${random.int(30)}`, value: value === null ? null : `${value}|${user}`, timestamp }
  })
}

async function send(cluster: Cluster, prefix: string, input: readonly Line[]): Promise<void> {
  const builders = new Map<string, { topic: string; partition: number; builder: BatchBuilder }>()
  for (const { topic, key, value, timestamp } of input) {
    const partition = partitionForKey(Buffer.from(key), PARTITIONS)
    const name = `${topic}-${partition}`
    const batch = builders.get(name) ?? { topic: `${prefix}${topic}`, partition, builder: new BatchBuilder() }
    builders.set(name, batch)
    batch.builder.append(timestamp, Buffer.from(key), value === null ? null : Buffer.from(value))
  }
  const producer = new IdempotentProducer({ cluster })
  await producer.send([...builders.values()])
  await producer.close()
}

/** Until the group has committed all input, and nothing has come out for a while: internal topics are through too. */
async function worked(cluster: Cluster, admin: Admin, id: string, prefix: string): Promise<void> {
  const partitions = INPUTS.flatMap((topic) =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: `${prefix}${topic}`, partition })),
  )
  const deadline = Date.now() + DEADLINE_MS
  const ends = await admin.listOffsets(partitions, 'latest', 'readUncommitted')
  const end = new Map(ends.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]))
  for (let quietSince = 0, seen = -1; Date.now() < deadline; ) {
    const committed = await admin.groupOffsets(id, partitions)
    const through = committed.every(({ topic, partition, offset }) => offset === end.get(`${topic}-${partition}`))
    const out = await Promise.all(TABLES.map((topic) => records(cluster, `${prefix}${topic}`)))
    const count = out.reduce((sum, { length }) => sum + length, 0)
    if (!through || count !== seen) quietSince = Date.now()
    seen = count
    if (Date.now() - quietSince > SETTLE_MS) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the input was not worked through in time')
}

interface Out {
  readonly key: string
  readonly value: string
  readonly timestamp: number
}

async function records(cluster: Cluster, topic: string): Promise<Out[]> {
  const hex = (bytes: Buffer | null) => (bytes === null ? 'null' : bytes.toString('hex'))
  const all = await readAll({ cluster, topic })
  return all.map(({ key, value, timestamp }) => ({ key: hex(key), value: hex(value), timestamp }))
}

/** Every record; keys side by side, each in its order. */
function perKey(all: readonly Out[]): string[] {
  const sorted = all
    .map((record, i) => ({ ...record, i }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.i - b.i))
  return sorted.map(({ key, value, timestamp }) => `${key} = ${value} (${timestamp})`)
}

function lastPerKey(topic: string, all: readonly Out[]): string[] {
  const time = (timestamp: number) => (TIMELESS.includes(topic) ? '' : ` (${timestamp})`)
  const last = new Map(all.map(({ key, value, timestamp }) => [key, `${key} = ${value}${time(timestamp)}`]))
  return [...last.values()].sort()
}
