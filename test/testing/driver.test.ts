/** The test driver and the Processor API through it. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { ManualClock, type TestInputTimes, TopologyTestDriver } from '../../lib/testing/index.js'
import type { ProcessorContext } from '../../lib/topology/processor.js'
import { session, tumbling } from '../../lib/windows/definitions.js'

const io = { key: string, value: string }

t.test('pipes, reads, loops repartition topics back, shows stores', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .stream('lines', io)
    .flatMapValues((line) => line!.split(' '))
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
    .processValues<string | null>(() => {
      let context: ProcessorContext<string, string | null>
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
      .flatMapValues((value) => value!.split(''))
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

t.test('timestamps: the wall clock, a start, or a start that goes on', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream('in', io).to('out')
  const rows: [TestInputTimes, number[]][] = [
    [{}, [1_000, 1_500]],
    [{ startMs: 5 }, [5, 5]],
    [{ autoAdvanceMs: 10 }, [1_000, 1_010]],
    [{ startMs: 5, autoAdvanceMs: 10 }, [5, 15]],
  ]
  for (const [times, expected] of rows) {
    const driver = new TopologyTestDriver(builder.build(), { startMs: 1_000 })
    const input = driver.createInputTopic('in', string, string, times)
    const output = driver.createOutputTopic('out', string, string)
    input.pipe('k', 'v')
    input.pipe('k', 'given', 7)
    driver.advanceWallClockTime(500)
    input.pipe('k', 'v')
    input.advanceTime(100)
    input.pipe('k', 'v')
    const { startMs, autoAdvanceMs = 0 } = times
    const later = startMs === undefined && autoAdvanceMs === 0 ? 1_600 : expected[1]! + autoAdvanceMs + 100
    t.same(
      output.readAll().map(({ timestamp }) => timestamp),
      [expected[0], 7, expected[1], later],
      JSON.stringify(times),
    )
    t.throws(() => input.advanceTime(-1), { code: 'CONFIG_INVALID' })
  }
  const driver = new TopologyTestDriver(builder.build())
  t.throws(() => driver.createInputTopic('in', string, string, { autoAdvanceMs: -1 }), { code: 'CONFIG_INVALID' })
})

t.test('lists in, lists out', async (t) => {
  const builder = new StreamsBuilder()
  builder.stream('in', io).to('out')
  const driver = new TopologyTestDriver(builder.build())
  const input = driver.createInputTopic('in', string, string, { startMs: 100, autoAdvanceMs: 1 })
  const output = driver.createOutputTopic('out', string, string)
  input.pipeKeyValueList([
    ['a', '1'],
    ['b', null],
  ])
  input.pipeValueList(['2', '3'], 500, 50)
  input.pipeRecordList([{ key: 'c', value: '4', timestamp: 9, headers: [{ key: 'h', value: null }] }, { value: '5' }])
  t.equal(output.queueSize, 6)
  t.same(output.readKeyValue(), ['a', '1'])
  t.equal(output.readValue(), null)
  t.same(output.readAll(), [
    { key: null, value: '2', timestamp: 500, headers: [] },
    { key: null, value: '3', timestamp: 550, headers: [] },
    { key: 'c', value: '4', timestamp: 9, headers: [{ key: 'h', value: null }] },
    { key: null, value: '5', timestamp: 102, headers: [] },
  ])
  t.equal(output.queueSize, 0)
  t.equal(output.readKeyValue(), null)
  t.throws(() => output.readValue(), { code: 'TEST_TOPIC_EMPTY', topic: 'out' })
  input.pipeValueList(['x', 'y'])
  t.same(output.readValuesToList(), ['x', 'y'])
  input.pipeKeyValueList([['k', 'z']], 3)
  t.same(output.readKeyValuesToList(), [['k', 'z']])
})

t.test('stores by kind, and all of them', async (t) => {
  const builder = new StreamsBuilder()
  const grouped = builder.stream('in', io).groupByKey()
  grouped.count({ store: { name: 'counts' } })
  grouped.windowedBy(tumbling({ sizeMs: 100, graceMs: 0 })).count({ store: { name: 'windows' } })
  grouped.windowedBy(session({ gapMs: 50, graceMs: 0 })).count({ store: { name: 'sessions' } })
  builder.table('rows', { ...io, store: { name: 'versions', versioned: { historyRetentionMs: 1_000 } } })
  builder.globalTable('global', { ...io, store: { name: 'globals' } })
  const { stores, ...driver } = opened(new TopologyTestDriver(builder.build()))
  driver.pipe('in', 'k', 'v', 120)
  driver.pipe('rows', 'k', 'old', 10)
  driver.pipe('rows', 'k', 'new', 20)
  driver.pipe('global', 'k', 'everywhere', 5)
  t.same([...stores.all().keys()].sort(), ['counts', 'globals', 'sessions', 'versions', 'windows'])
  t.equal(stores.all().get('counts'), stores.any('counts'))
  t.match(stores.keyValue('counts').get('k'), { value: 1, timestamp: 120 })
  t.match(stores.keyValue('globals').get('k'), { value: 'everywhere' })
  t.match(stores.window('windows').fetch('k', 0, 200), [{ startMs: 100, value: 1 }])
  t.equal(stores.session('sessions').find('k', 0, 200).length, 1)
  t.match(stores.versioned('versions').getAsOf('k', 15), { value: 'old' })
  t.throws(() => stores.window('counts'), { code: 'QUERY_STORE_KIND', message: /timestampedKeyValue|keyValue/ })
  t.throws(() => stores.session('no'), { code: 'TOPOLOGY_STORE_UNKNOWN', message: /counts.*globals/ })
})

t.test('an output topic the topology cannot write to is named', async (t) => {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', io)
  input.groupBy((_key, value) => value!, { name: 'by' }).count({ store: { name: 'counts' } })
  input.to('out')
  const driver = new TopologyTestDriver(builder.build(), { applicationId: 'app', deadLetterTopic: 'dead' })
  for (const topic of ['out', 'dead', 'app-by-repartition', 'app-counts-changelog']) {
    t.ok(driver.createOutputTopic(topic, string, string).isEmpty, topic)
  }
  t.throws(() => driver.createOutputTopic('ouut', string, string), {
    code: 'TEST_TOPIC_UNKNOWN',
    message: /writes .*out/,
  })
  const anywhere = new StreamsBuilder()
  anywhere.stream('in', io).to((_key, value) => value!)
  t.ok(new TopologyTestDriver(anywhere.build()).createOutputTopic('any', string, string).isEmpty)
})

function opened(driver: TopologyTestDriver) {
  const pipe = (topic: string, key: string, value: string, timestampMs: number) =>
    driver.createInputTopic(topic, string, string).pipe(key, value, timestampMs)
  return { stores: driver.stores, pipe }
}
