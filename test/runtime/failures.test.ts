/** What a running instance does about records and errors it cannot go on with. */
import t from 'tap'
import { int64, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { asInt64, embedded } from './embedded.js'

t.test('a retried record leaves no trace of its failed attempts, in stores and topics', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  let broken = 4
  const attempts: number[] = []
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .peek((_key, count) => {
      if (count === 3 && broken-- > 0) throw new Error('not yet')
    })
    .to('out', { key: string, value: int64 })
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    cacheMaxBytes: 0,
    onProcessingError({ attempt }) {
      attempts.push(attempt)
      return 'retry'
    },
  })
  await streams.start()
  await world.send(Array.from({ length: 5 }, () => ({ topic: 'in', key: 'k', value: 'x' })))
  const records = await world.until('out', (found) => found.length >= 5, asInt64)
  t.same(records, ['k=1', 'k=2', 'k=3', 'k=4', 'k=5'])
  t.same(attempts, [1, 2, 3, 4])
  await streams.close()
})

t.test('a record waits before it is tried again, and other tasks go on', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const startMs = systemClock.now()
  let aheadMs = 0
  let attempts = 0
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .peek((_key, value) => {
      if (value === 'bad' && ++attempts < 3) throw new Error('not yet')
    })
    .to('out')
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    // The wall clock goes back meanwhile: a pause is no matter of the time of day.
    clock: { ...systemClock, monotonicMs: () => aheadMs, now: () => startMs - 1_000 * aheadMs },
    onProcessingError: () => 'retry',
    retryBackoffMs: 4_000,
  })
  await streams.start()
  await world.send([
    { topic: 'in', key: 'a', value: 'before', partition: 0 },
    { topic: 'in', key: 'a', value: 'bad', partition: 0 },
  ])
  await world.send([{ topic: 'in', key: 'b', value: '1', partition: 1 }])
  const sorted = async (count: number) => (await world.until('out', (found) => found.length >= count)).sort()
  t.match(await sorted(1), ['b=1'])
  await world.send([{ topic: 'in', key: 'b', value: '2', partition: 1 }])
  t.same(await sorted(2), ['b=1', 'b=2'], 'the other task goes on; the first drops what it did since the last commit')
  t.equal(attempts, 1)
  aheadMs = 4_000
  await world.send([{ topic: 'in', key: 'b', value: '3', partition: 1 }])
  await sorted(3)
  t.equal(attempts, 2)
  aheadMs += 4_000
  await world.send([{ topic: 'in', key: 'b', value: '4', partition: 1 }])
  await sorted(4)
  t.equal(attempts, 2, 'the second pause is twice as long')
  aheadMs += 4_000
  await world.send([{ topic: 'in', key: 'b', value: '5', partition: 1 }])
  t.same(await sorted(7), ['a=bad', 'a=before', 'b=1', 'b=2', 'b=3', 'b=4', 'b=5'])
  await streams.close()
})

t.test('the largest record allowed goes through, one byte more is skipped', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .mapValues((length) => 'x'.repeat(Number(length)))
    .to('out')
  const streams = new Streams(builder.build(), {
    applicationId: 'app',
    broker: world.broker,
    onProductionError: 'skip',
  })
  await streams.start()
  const lengths = [400_000, 1_048_486, 1_048_487, 400_000]
  await world.send(lengths.map((length) => ({ topic: 'in', key: 'k', value: String(length) })))
  const records = await world.until(
    'out',
    (found) => found.length >= 3,
    (value) => value.length,
  )
  t.same(records, ['k=400000', 'k=1048486', 'k=400000'])
  t.same([...streams.droppedRecords()], [['production', 1]])
  await streams.close()
})

const poisoned = (fail: () => boolean) => {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .peek((_key, value) => {
      if (value === 'bad' && fail()) throw new Error('no')
    })
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}
const rows = (...values: string[]) => values.map((value, partition) => ({ topic: 'in', key: value, value, partition }))

for (const engines of [new MemoryEngines(), undefined]) {
  const how = engines === undefined ? 'dynamic member' : 'static member with state'
  t.test(`replace opens the instance anew until it can go on: ${how}`, async (t) => {
    const world = await embedded(t, { in: 2, out: 2 })
    let failures = 0
    const errors: unknown[] = []
    const streams = new Streams(
      poisoned(() => ++failures <= 2),
      {
        applicationId: 'app',
        broker: world.broker,
        ...(engines === undefined ? {} : { engines }),
        onUncaughtError(error) {
          errors.push(error)
          return 'replace'
        },
      },
    )
    const states: string[] = []
    streams.onStateChange((state) => states.push(state))
    await streams.start()
    await world.send(rows('good', 'bad'))
    const records = await world.until('out', (found) => found.length >= 2, asInt64)
    t.same(records.sort(), ['bad=1', 'good=1'])
    t.equal(errors.length, 2)
    t.match(errors[0], { code: 'PROCESS_FAILED' })
    t.equal(states.filter((state) => state === 'starting').length, 3)
    await streams.close({ leaveGroup: true })
    t.equal(streams.state, 'closed')
  })
}

t.test('a close during the pause before a replacement is a close', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const streams = new Streams(
    poisoned(() => true),
    {
      applicationId: 'app',
      broker: world.broker,
      onUncaughtError: 'replace',
    },
  )
  const starting = new Promise<void>((resolve) => {
    streams.onStateChange((state, previous) => state === 'starting' && previous !== 'created' && resolve())
  })
  await streams.start()
  await world.send(rows('bad'))
  await starting
  await streams.close()
  t.equal(streams.state, 'closed')
})

for (const failing of [0, 2]) {
  t.test(`shutdownApplication stops every instance, whoever leads: instance ${failing} fails`, async (t) => {
    const world = await embedded(t, { in: 3, out: 3 })
    const all = [0, 1, 2].map(
      (index) =>
        new Streams(
          poisoned(() => index === failing),
          {
            applicationId: 'app',
            broker: world.broker,
            engines: new MemoryEngines(),
            heartbeatIntervalMs: 20,
            sessionTimeoutMs: 1_000,
            onUncaughtError: 'shutdownApplication',
          },
        ),
    )
    for (const streams of all) await streams.start()
    for (let i = 0; i < 500 && all.some((streams) => streams.tasks().length !== 1); i++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await world.send(rows('bad', 'bad', 'bad'))
    await t.rejects(all[failing]!.finished, { code: 'PROCESS_FAILED' })
    const others = all.filter((_streams, index) => index !== failing)
    for (const { finished } of others) await t.rejects(finished, { code: 'STREAMS_APPLICATION_SHUTDOWN' })
    t.same(
      all.map(({ state }) => state),
      ['failed', 'failed', 'failed'],
    )
    const again = new Streams(
      poisoned(() => false),
      { applicationId: 'app', broker: world.broker },
    )
    await again.start()
    t.equal(
      (await world.until('out', (found) => found.length >= 3, asInt64)).length,
      3,
      'a new start is not told to stop',
    )
    await again.close()
  })
}
