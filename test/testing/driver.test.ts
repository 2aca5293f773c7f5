/** The test driver and the Processor API through it. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../lib/state/store.js'
import { ManualClock, TopologyTestDriver } from '../../lib/testing/index.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'

const io = { key: string, value: string }

t.test('pipes, reads, loops repartition topics back, shows stores', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', io)
    .flatMapValues((line) => line.split(' '))
    .groupBy((_key, word) => word)
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('words', { value: int64 })
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'wc', startMs: 1_000 })
  const lines = driver.createInputTopic('lines', string, string)
  const words = driver.createOutputTopic('words', string, int64)
  t.ok(words.isEmpty)
  lines.pipe(null, 'to be or not to be', 5)
  t.same(words.read(), { key: 'to', value: 1, timestamp: 5, headers: [] })
  t.same(Object.fromEntries(words.readToMap()), { be: 2, or: 1, not: 1, to: 2 })
  t.equal(words.read(), null)
  lines.pipe(null, 'be')
  t.equal(words.read()?.timestamp, 1_000, 'the wall clock is the default time')
  t.same(driver.store<KeyValueStore<string, number>>('counts').get('be'), { value: 3, timestamp: 1_000 })
  t.ok(driver.producedTopics().some((topic) => /^wc-.*-repartition$/.test(topic)))
  driver.close()
})

t.test('unknown topics and stores are named', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream('in', io).to('out')
  const driver = new TopologyTestDriver(builder.build())
  t.throws(() => driver.createInputTopic('out', string, string), { code: 'TEST_TOPIC_UNKNOWN' })
  t.throws(() => driver.store('nothing'), { code: 'TOPOLOGY_STORE_UNKNOWN' })
})

t.test('processors: stores, both timers, metadata, drops, forwarding by name, headers', async (t) => {
  const builder = new StreamsBuilder()
  builder.addStateStore({ name: 'seen', kind: 'keyValue', key: string, value: int64 })
  const log: string[] = []
  const processed = builder.stream('in', io).process(
    () => {
      let context: ProcessorContext<string, string>
      return {
        init(given) {
          context = given
          context.schedule(10, 'streamTime', (ms) => log.push(`stream ${ms}`))
          context.schedule(100, 'wallClockTime', (ms) => {
            log.push(`wall ${ms} ${context.recordMetadata()}`)
            context.forward({ key: 'timer', value: String(ms), timestamp: ms, headers: [] })
          })
        },
        process(record) {
          if (record.value === 'bad') {
            context.drop('unwanted')
            return
          }
          const store = context.getStateStore<KeyValueStore<string, number>>('seen')
          const count = (store.get(record.key)?.value ?? 0) + 1
          store.put(record.key, count, record.timestamp)
          const { topic, partition, offset } = context.recordMetadata()!
          log.push(`${topic}-${partition}@${offset} at ${context.currentStreamTimeMs()}`)
          context.forward({ ...record, value: `${record.value}${count}` })
        },
        close: () => log.push('closed'),
      }
    },
    { stores: ['seen'] },
  )
  processed.to('out', { key: string, value: string })
  const driver = new TopologyTestDriver(builder.build(), { startMs: 0 })
  const input = driver.createInputTopic('in', string, string)
  const out = driver.createOutputTopic('out', string, string)
  const headers = [{ key: 'trace', value: Buffer.from('1') }]
  input.pipe('k', 'a', 3, headers)
  input.pipe('k', 'bad', 4)
  input.pipe('k', 'b', 25)
  driver.advanceWallClockTime(99)
  driver.advanceWallClockTime(1)
  driver.close()
  t.same(log, ['in-0@0 at 3', 'stream 3', 'in-0@2 at 25', 'stream 25', 'wall 100 null', 'closed'])
  t.same(
    out.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]),
    [
      ['k', 'a1', 3],
      ['k', 'b2', 25],
      ['timer', '100', 100],
    ],
  )
  t.match(driver.droppedRecords(), [{ reason: 'unwanted', topic: 'in', partition: 0, offset: 1 }])
})

t.test('processValues must keep the key; an unconnected store is refused', async (t) => {
  const rekeying = new StreamsBuilder()
  rekeying
    .stream('in', io)
    .processValues<string>(() => {
      let context: ProcessorContext<string, string>
      return {
        init: (given) => {
          context = given
        },
        process: (record) => context.forward({ ...record, key: `${record.key}!` }),
      }
    })
    .to('out')
  const driver = new TopologyTestDriver(rekeying.build())
  t.throws(() => driver.createInputTopic('in', string, string).pipe('k', 'v', 1), { code: 'PROCESSOR_KEY_CHANGED' })

  const unconnected = new StreamsBuilder()
  unconnected.stream('in', io).process(() => ({
    init: (context) => {
      context.getStateStore('elsewhere')
    },
    process: () => {},
  }))
  t.throws(() => new TopologyTestDriver(unconnected.build()), { code: 'TOPOLOGY_STORE_UNKNOWN' })
})

t.test('with the record cache, one commit lets one change per key through', async (t) => {
  const topology = () => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', io)
      .flatMapValues((value) => value.split(''))
      .groupByKey()
      .count()
      .toStream()
      .to('out', { value: int64 })
    return builder.build()
  }
  for (const [cacheBytes, values] of [
    [0, [1, 2, 3]],
    [1_000_000, [3]],
  ] as const) {
    const driver = new TopologyTestDriver(topology(), { cacheBytes })
    driver.createInputTopic('in', string, string).pipe('k', 'abc', 1)
    const out = driver.createOutputTopic('out', string, int64)
    t.same(
      out.readAll().map(({ value }) => value),
      values,
    )
  }
})

t.test("of records of one time, the topic that Kafka Streams' driver would take goes first", async (t) => {
  const builder = new StreamsBuilder()
  const words = builder.stream('in', io)
  const grouped = () => words.groupBy((_key, value) => value, io)
  words.repartition()
  const texts = grouped().reduce((text, value) => `${text}+${value}`)
  const counts = grouped().count()
  counts
    .join(texts, { joiner: (count, text) => `${count} ${text}` })
    .toStream()
    .to('out', { value: string })
  const driver = new TopologyTestDriver(builder.build(), { cacheBytes: 0 })
  const input = driver.createInputTopic('in', string, string)
  const out = driver.createOutputTopic('out', string, string)
  input.pipe('a', 'w', 1)
  input.pipe('a', 'w', 2)
  // Three topics got their record at once: the first goes first, then the last, which Java's heap moves to the front.
  t.same(
    out.readAll().map(({ value }) => value),
    ['1 w', '2 w', '2 w+w'],
  )
})

t.test('the manual clock fires what falls due, in order', async (t) => {
  const clock = new ManualClock(100)
  const fired: string[] = []
  clock.setTimer(20, () => fired.push(`b${clock.now()}`))
  clock.setTimer(10, () => {
    fired.push(`a${clock.now()}`)
    clock.setTimer(5, () => fired.push(`c${clock.now()}`))
  })
  clock.setTimer(15, () => fired.push('never'))()
  clock.advance(30)
  t.same(fired, ['a110', 'c115', 'b120'])
  t.equal(clock.now(), 130)
})
