/** Options that say how patient, how talkative and how thrifty an instance is. */
import t from 'tap'
import { brokerError } from '../../lib/client/broker-error.js'
import { MetadataCache } from '../../lib/client/metadata.js'
import { Streams, StreamsBuilder, string, tumbling } from '../../lib/index.js'
import { KAFKA_ERROR } from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { logSummaries } from '../../lib/runtime/log-summary.js'
import { RetryUntilTimeout } from '../../lib/runtime/retry-until-timeout.js'
import { type Log, silentLog } from '../../lib/telemetry/log.js'
import { ManualClock, TopologyTestDriver } from '../../lib/testing/index.js'
import { embedded } from './embedded.js'

const passing = brokerError(KAFKA_ERROR.COORDINATOR_NOT_AVAILABLE, 'JoinGroup', 'group g')
const final = brokerError(KAFKA_ERROR.GROUP_AUTHORIZATION_FAILED, 'JoinGroup', 'group g')

function patient(taskTimeoutMs: number) {
  const clock = new ManualClock(0)
  const failed: unknown[] = []
  let calls = 0
  const later = new RetryUntilTimeout(
    { clock, random: seededRandom('retries'), log: silentLog, taskTimeoutMs },
    (what) => what(),
    (error) => failed.push(error),
  )
  const fail = (error: unknown = passing) => later.later('it', error, () => calls++)
  return { clock, failed, later, fail, calls: () => calls }
}

t.test('pauses grow up to five seconds, a fifth more or less', async (t) => {
  const { clock, fail, calls } = patient(0)
  for (let i = 0; i < 12; i++) {
    const leastMs = 0.8 * Math.min(50 * 2 ** i, 5_000)
    fail()
    clock.advance(leastMs - 1)
    t.equal(calls(), i, `attempt ${i} waits at least ${leastMs} ms`)
    clock.advance(leastMs * 0.5 + 2)
    t.equal(calls(), i + 1)
  }
})

t.test('taskTimeoutMs: what passes is tried again for so long, 0 for ever', async (t) => {
  const bounded = patient(12_000)
  for (let i = 0; i < 3; i++) {
    bounded.fail()
    bounded.clock.advance(6_000)
  }
  t.equal(bounded.calls(), 2, 'the third failure came after twelve seconds')
  t.match(bounded.failed, [{ code: 'STREAMS_TASK_TIMEOUT', cause: passing }])

  const endless = patient(0)
  for (let i = 0; i < 10_000; i++) {
    endless.fail()
    endless.clock.advance(6_000)
  }
  t.equal(endless.calls(), 10_000)
  t.same(endless.failed, [])

  const recovering = patient(12_000)
  for (let i = 0; i < 10; i++) {
    recovering.fail()
    recovering.clock.advance(6_000)
    recovering.later.done('it')
  }
  t.same(recovering.failed, [], 'a success begins anew')

  const hopeless = patient(0)
  hopeless.fail(final)
  t.same(hopeless.failed, [final])
})

t.test('metadataMaxAgeMs: brokers are asked again when the answer is older', async (t) => {
  const clock = new ManualClock(0)
  let asked = 0
  const ask = async () => {
    asked++
    const topic = {
      errorCode: 0,
      name: 'in',
      topicId: '',
      isInternal: false,
      partitions: [],
      topicAuthorizedOperations: 0,
    }
    return { throttleTimeMs: 0, brokers: [], clusterId: null, controllerId: 0, topics: [topic], errorCode: 0 } as never
  }
  const cache = new MetadataCache(ask, clock, 1_000)
  for (const [atMs, times] of [
    [0, 1],
    [1_000, 1],
    [1_001, 2],
    [2_001, 2],
    [2_002, 3],
  ] as const) {
    clock.advance(atMs - clock.now())
    await cache.topic('in')
    t.equal(asked, times, `at ${atMs}`)
  }
})

t.test('logSummaryIntervalMs: a line with what came since the line before', async (t) => {
  const clock = new ManualClock(0)
  const lines: object[] = []
  const log: Log = { ...silentLog, info: (fields) => lines.push(fields) }
  const work = { tasks: 2, processedRecords: 5, commits: 1, droppedRecords: 0 }
  const cancel = logSummaries({ clock, log, logSummaryIntervalMs: 1_000 }, () => ({ ...work }))
  clock.advance(999)
  t.same(lines, [])
  Object.assign(work, { processedRecords: 12, commits: 3, droppedRecords: 1 })
  clock.advance(1)
  clock.advance(1_000)
  cancel()
  clock.advance(5_000)
  t.match(lines, [
    { tasks: 2, processedRecords: 7, commits: 2, droppedRecords: 1 },
    { tasks: 2, processedRecords: 0, commits: 0, droppedRecords: 0 },
  ])
  t.equal(lines.length, 2)
  logSummaries({ clock, log, logSummaryIntervalMs: 0 }, () => work)
  clock.advance(1_000_000)
  t.equal(lines.length, 2)
})

t.test('an instance counts its work, and gives its changelogs the retention asked for', async (t) => {
  const world = await embedded(t, { in: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .windowedBy(tumbling({ sizeMs: 100, graceMs: 10 }))
    .count({ store: { name: 'windows' } })
  const lines: { processedRecords?: number }[] = []
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    changelogExtraRetentionMs: 1_000,
    logSummaryIntervalMs: 5,
    log: { ...silentLog, info: (fields) => lines.push(fields) },
  })
  await streams.start()
  await world.send(Array.from({ length: 7 }, () => ({ topic: 'in', key: 'k', value: 'v' })))
  await world.until(
    'app-windows-changelog',
    (found) => found.length > 0,
    () => 0,
  )
  const records = () => lines.reduce((sum, { processedRecords = 0 }) => sum + processedRecords, 0)
  for (const deadline = Date.now() + 5_000; records() < 7 && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  t.equal(records(), 7)
  const config = await world.admin.describeConfigs('app-windows-changelog', ['retention.ms'])
  t.equal(config.get('retention.ms')?.value, '1110')
  await streams.close()
})

t.test('a default timestamp extractor is for sources that name none', async (t) => {
  const builder = new StreamsBuilder({ timestampExtractor: ({ value }) => Number(value) })
  const text = { key: string, value: string }
  builder.stream('in', text).to('out')
  builder.stream('own', { ...text, timestampExtractor: () => 1 }).to('out')
  builder.table('rows', text).toStream().to('out')
  const driver = new TopologyTestDriver(builder.build(), { startMs: 9 })
  for (const topic of ['in', 'own', 'rows']) driver.createInputTopic(topic, string, string).pipe('k', '5')
  const out = driver.createOutputTopic('out', string, string).readAll()
  t.same(
    out.map(({ timestamp }) => timestamp),
    [5, 1, 5],
  )
})
