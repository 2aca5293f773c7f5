/** Records a broker refuses: the transaction is aborted, and the second time the record is known before it is sent. */
import t from 'tap'
import type { RecordFailure, StreamsOptions } from '../../lib/index.js'
import { Admin, connect, type embeddedBroker, int64, Streams, StreamsBuilder, string } from '../../lib/index.js'
import {
  createTopicsApi,
  decodeRequest,
  encodeResponse,
  KAFKA_ERROR,
  type ResponseInput,
} from '../../lib/protocol/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import type { WireRequest } from '../../lib/transport/transport.js'
import { asInt64, embedded } from './embedded.js'
import { until } from './group-rig.js'

type Embedded = Awaited<ReturnType<typeof embeddedBroker>>
type Topics = readonly { readonly name: string; readonly config?: Readonly<Record<string, string>> }[]

async function addTopics(broker: Embedded, topics: Topics): Promise<void> {
  const cluster = connect({ broker })
  await new Admin(cluster).createTopics(topics.map((topic) => ({ partitions: 1, config: {}, ...topic })))
  await cluster.close()
}

/** Counts keys, and writes each record on; a value "nokey" loses its key, "x100" becomes so many letters. */
function topology() {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { key: string, value: string })
  input
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('counts', { key: string, value: int64 })
  input
    .map((key, value): readonly [string | null, string | null] => [
      value === 'nokey' ? null : key,
      value!.startsWith('x') ? 'x'.repeat(Number(value!.slice(1))) : value,
    ])
    .to('out', { key: string, value: string })
  return builder.build()
}

function run(broker: Embedded, options: Partial<StreamsOptions>) {
  const streams = new Streams(topology(), { applicationId: 'app', broker, cacheMaxBytes: 0, ...options })
  streams.finished.catch(() => undefined)
  return streams
}

const lines = (...values: string[]) => values.map((value) => ({ topic: 'in', key: 'k', value }))

for (const processingGuarantee of ['exactlyOnce', 'atLeastOnce'] as const) {
  t.test(`${processingGuarantee}: what a compacted topic does not take is dead-lettered with its origin`, async (t) => {
    const world = await embedded(t, { in: 1, counts: 1, dead: 1 })
    await addTopics(world.broker, [{ name: 'out', config: { 'cleanup.policy': 'compact' } }])
    const failures: RecordFailure[] = []
    const streams = run(world.broker, {
      processingGuarantee,
      deadLetterTopic: 'dead',
      onProductionError(failure) {
        failures.push(failure)
        return 'deadLetter'
      },
    })
    await world.send(lines('a', 'nokey', 'b', 'nokey', 'c'))
    await streams.start()
    t.same(await world.until('dead', (found) => found.length >= 2), ['k=nokey', 'k=nokey'])
    await streams.close()
    const out = await world.committed('out')
    t.same([...new Set(out)], ['k=a', 'k=b', 'k=c'])
    if (processingGuarantee === 'exactlyOnce') {
      t.equal(out.length, 3, 'nothing twice')
      t.same(await world.committed('counts', asInt64), ['k=1', 'k=2', 'k=3', 'k=4', 'k=5'])
    }
    t.match(failures[0], {
      topic: 'in',
      offset: 1,
      error: { code: 'RECORD_REJECTED', topic: 'in', cause: { kafkaCode: 87, topic: 'out' } },
    })
    t.same([...streams.droppedRecords()], [['production', 2]])
  })
}

t.test('batches too large for their topic become smaller; a record too large is skipped', async (t) => {
  const world = await embedded(t, { in: 1, counts: 1 })
  await addTopics(world.broker, [{ name: 'out', config: { 'max.message.bytes': '2000' } }])
  const streams = run(world.broker, { onProductionError: 'skip' })
  await world.send(lines(...Array.from({ length: 40 }, () => 'x1500'), 'x3000', 'x1500', 'x4000'))
  await streams.start()
  const show = (value: Buffer) => value.length
  const out = await world.until('out', (found) => found.length >= 41, show)
  t.same([...new Set(out)], ['k=1500'])
  t.equal(out.length, 41)
  t.equal((await world.until('counts', (found) => found.length >= 43)).length, 43)
  await streams.close()
  t.same([...streams.droppedRecords()], [['production', 2]])
})

t.test('fail names the record that was at fault', async (t) => {
  const world = await embedded(t, { in: 1, counts: 1 })
  await addTopics(world.broker, [{ name: 'out', config: { 'cleanup.policy': 'compact' } }])
  const streams = run(world.broker, {})
  await streams.start()
  await world.send(lines('a', 'nokey'))
  await t.rejects(streams.finished, { code: 'RECORD_REJECTED', topic: 'in', partition: 0, offset: 1, taskId: '0_0' })
  t.same(await world.committed('counts'), [], 'nothing of it is committed')
})

t.test('a topic that does not exist is skipped record by record', async (t) => {
  const world = await embedded(t, { in: 1, known: 1 })
  const builder = new StreamsBuilder()
  builder.stream('in', { key: string, value: string }).to((_key, value) => value!)
  builder.stream('in', { key: string, value: string }).to('known')
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    onProductionError: 'skip',
  })
  await streams.start()
  await world.send(lines('known', 'unknown', 'known'))
  t.equal((await world.until('known', (found) => found.length >= 5)).length, 5)
  await streams.close()
  t.same([...streams.droppedRecords()], [['production', 1]])
})

t.test('a change its changelog refuses stops the instance, whatever the option says', async (t) => {
  const world = await embedded(t, { in: 1, counts: 1, out: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .reduce((_old, value) => value, { store: { name: 'last', topicConfig: { 'max.message.bytes': '1000' } } })
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    onProductionError: 'skip',
  })
  streams.finished.catch(() => undefined)
  await streams.start()
  await world.send(lines('a', 'x'.repeat(1_500)))
  await t.rejects(streams.finished, { code: 'CLIENT_REQUEST_FAILED', kafkaCode: 10, topic: 'app-last-changelog' })
})

/** Milliseconds, had the extractor not answered microseconds: Kafka takes no record so far ahead (KIP-937). */
const FAR_AHEAD = 1_767_225_600_000_000

function farAhead(rekeyed: boolean) {
  const builder = new StreamsBuilder()
  const text = { key: string, value: string }
  const timestampExtractor = ({ value }: { readonly value: unknown }) => (value === 'far' ? FAR_AHEAD : Date.now())
  const input = builder.stream('in', { ...text, timestampExtractor })
  const grouped = rekeyed ? input.groupBy((key) => key, text) : input.groupByKey()
  grouped
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}

for (const rekeyed of [false, true]) {
  const what = rekeyed ? 'a repartition topic and a changelog take' : 'a changelog takes'
  t.test(`${what} a record time far ahead, which the topics of the user refuse`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1, dead: 1 })
    const streams = new Streams(farAhead(rekeyed), {
      applicationId: 'app',
      broker: world.broker,
      cacheMaxBytes: 0,
      onProductionError: 'deadLetter',
      deadLetterTopic: 'dead',
    })
    streams.finished.catch((error) => t.fail(`ended by ${error.code}: ${error.message}`))
    await world.send(lines('far'))
    await streams.start()
    t.same(await world.until('dead', (found) => found.length >= 1), ['k=far'], 'the output')
    const row = () => streams.queries.keyValue('counts').get('k')
    await until(async () => (await row()) !== null)
    t.match(await row(), { value: 1, timestamp: FAR_AHEAD })
    await streams.close()
  })
}

/** Kafka before 3.6 refuses a topic with a configuration it does not know. */
function ofOlderBroker(broker: Embedded, onRefused: () => void) {
  const inner = loopbackTransport({ clock: systemClock, clientId: 'older', connect: () => broker.connection() })
  return {
    ...inner,
    async send(...[address, lane, request]: Parameters<typeof inner.send>) {
      const refused = refusesLimit(request)
      if (refused === null) return inner.send(address, lane, request)
      onRefused()
      return refused
    },
    close: () => inner.close(),
  }
}

function refusesLimit({ apiKey, apiVersion, body }: WireRequest): Buffer | null {
  if (apiKey !== createTopicsApi.key) return null
  const { topics } = decodeRequest(createTopicsApi, apiVersion, body)
  if (!topics.some(({ configs }) => configs.some(({ name }) => name === 'message.timestamp.after.max.ms'))) return null
  const refused = topics.map(({ name }) => ({ name, errorCode: KAFKA_ERROR.INVALID_CONFIG }))
  return encodeResponse(createTopicsApi, apiVersion, {
    topics: refused,
  } as unknown as ResponseInput<typeof createTopicsApi>)
}

t.test('topics are made on brokers that know no limit of record times', async (t) => {
  const world = await embedded(t, { in: 1, out: 1, counts: 1 })
  let refused = 0
  const transport = () => ofOlderBroker(world.broker, () => refused++)
  const streams = run(world.broker, { transport } as object)
  await world.send(lines('a'))
  await streams.start()
  t.same(await world.until('counts', (found) => found.length >= 1, asInt64), ['k=1'])
  await streams.close()
  t.equal(refused, 1)
})
