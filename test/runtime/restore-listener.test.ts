/** Goal: who listens hears of every restore exactly how far it came. Method: lives of one application on one broker. */
import t from 'tap'
import { int64, type RestoreListener, type StoreRestore, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { asInt64, embedded } from './embedded.js'
import { until } from './group-rig.js'

function topology() {
  const builder = new StreamsBuilder()
  const names = builder.globalTable('names', { key: string, value: string, store: { name: 'names' } })
  builder
    .stream('in', { key: string, value: string })
    .leftJoin(names, { keySelector: (key) => key, joiner: (value) => value })
    .groupByKey({ key: string, value: string })
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}

/** One line for each call; offsets as they are told. */
function recorder() {
  const lines: string[] = []
  const told: StoreRestore[] = []
  const line = (what: string) => (restore: StoreRestore, batchRecords?: number) => {
    const { taskId, store, topic, partition, startOffset, endOffset, offset, records } = restore
    told.push(restore)
    const batch = batchRecords === undefined ? '' : ` +${batchRecords}`
    lines.push(
      `${what} ${taskId} ${store} ${topic}-${partition} ${startOffset}..${endOffset} at ${offset}, ${records}${batch}`,
    )
  }
  const listener: RestoreListener = {
    onStart: line('start'),
    onBatch: line('batch'),
    onEnd: line('end'),
    onSuspended: line('suspended'),
  }
  return { listener, lines, told }
}

t.test('every life tells of what it reads back, and of what it need not read', async (t) => {
  const world = await embedded(t, { in: 1, out: 1, names: 1 })
  await world.send([{ topic: 'names', key: 'a', value: 'Ann' }])
  const kept = new MemoryEngines()
  const changelog = 'app-counts-changelog-0'
  // The transaction marker takes an offset: the first life has written 0, its marker is 1; after the second the end is 4.
  const lives: [engines: MemoryEngines, counts: string[]][] = [
    [kept, [`start 1_0 counts ${changelog} 0..0 at 0, 0`, `end 1_0 counts ${changelog} 0..0 at 0, 0`]],
    [kept, [`start 1_0 counts ${changelog} 1..2 at 1, 0`, `end 1_0 counts ${changelog} 1..2 at 2, 0`]],
    [
      new MemoryEngines(),
      [
        `start 1_0 counts ${changelog} 0..4 at 0, 0`,
        `batch 1_0 counts ${changelog} 0..4 at 4, 2 +2`,
        `end 1_0 counts ${changelog} 0..4 at 4, 2`,
      ],
    ],
  ]
  const global = [
    'start global names names-0 0..2 at 0, 0',
    'batch global names names-0 0..2 at 2, 1 +1',
    'end global names names-0 0..2 at 2, 1',
  ]
  for (const [n, [engines, expected]] of lives.entries()) {
    const { listener, lines } = recorder()
    const streams = new Streams(topology(), {
      applicationId: 'app',
      broker: world.broker,
      engines,
      cacheMaxBytes: 0,
    })
    streams.onRestore({})
    streams.onRestore(listener)
    await streams.start()
    t.same(
      lines.filter((line) => line.includes(' global ')),
      global,
      `life ${n}`,
    )
    t.same(
      lines.filter((line) => !line.includes(' global ')),
      expected,
      `life ${n}`,
    )
    if (n < 2) {
      await world.send([{ topic: 'in', key: 'a', value: 'x' }])
      await world.until('out', (records) => records.length === n + 1, asInt64)
    }
    await streams.close({ leaveGroup: true })
  }
})

t.test('a restore that is cut short is suspended where it stands', async (t) => {
  const world = await embedded(t, { in: 1, out: 1, names: 1 })
  const settings = { applicationId: 'app', broker: world.broker, cacheMaxBytes: 0 }
  const first = new Streams(topology(), settings)
  await first.start()
  const keys = Array.from({ length: 3 }, (_, n) => `k${n}`)
  for (const [n, key] of keys.entries()) {
    await world.send([{ topic: 'in', key, value: 'x' }])
    await world.until('out', (records) => records.length === n + 1, asInt64)
  }
  await first.close()

  const { listener, told } = recorder()
  const second = new Streams(topology(), settings)
  const suspended: StoreRestore[] = []
  second.onRestore({
    ...listener,
    onStart: ({ taskId }) => {
      // Before the first record of the task's store.
      if (taskId !== 'global') second.close().catch(() => undefined)
    },
    onSuspended: (restore) => suspended.push(restore),
  })
  await second.start().catch(() => undefined)
  await second.finished.catch(() => undefined)
  t.same(
    told.filter(({ taskId }) => taskId !== 'global'),
    [],
    'neither a piece nor an end',
  )
  t.match(suspended, [{ taskId: '1_0', store: 'counts', startOffset: 0, offset: 0, records: 0 }])
})

t.test('a listener that throws ends the instance, whoever else listens', async (t) => {
  const world = await embedded(t, { in: 1, out: 1, names: 1 })
  const streams = new Streams(topology(), { applicationId: 'app', broker: world.broker })
  streams.onRestore({
    onEnd: ({ store }) => {
      if (store === 'counts') throw new Error('not today')
    },
  })
  await t.rejects(streams.start(), {
    code: 'HANDLER_FAILED',
    message: /onRestore/,
    cause: { message: 'not today' },
  })
  t.equal(streams.state, 'failed')
})

t.test(
  'a long changelog is told of in pieces of about a thousand records, and a close ends it between two',
  async (t) => {
    const world = await embedded(t, { in: 1, out: 1, names: 1 })
    const base = { applicationId: 'app', broker: world.broker, cacheMaxBytes: 0, log: silentLog }
    const first = new Streams(topology(), { ...base, engines: new MemoryEngines() })
    await first.start()
    for (let round = 0; round < 10; round++) {
      await world.send(Array.from({ length: 500 }, (_, i) => ({ topic: 'in', key: `${round}-${i}`, value: 'v' })))
      // A commit for each round: a batch has no more records than that.
      await until(() => (first.committedOffset('in', 0) ?? 0) >= (round + 1) * 500)
    }
    await first.close({ leaveGroup: true })

    const pieces: [records: number, offset: number][] = []
    const second = new Streams(topology(), { ...base, engines: new MemoryEngines() })
    second.onRestore({
      onBatch: ({ store, offset }, records) => void (store === 'counts' && pieces.push([records, offset])),
    })
    await second.start()
    t.equal(
      pieces.reduce((sum, [records]) => sum + records, 0),
      5_000,
    )
    t.ok(pieces.length >= 3, `${pieces.length} pieces`)
    t.same(
      pieces.map(([, offset]) => offset),
      pieces.map(([, offset]) => offset).sort((a, b) => a - b),
    )
    await second.close({ leaveGroup: true })

    const told: string[] = []
    const third = new Streams(topology(), { ...base, engines: new MemoryEngines() })
    let closing: Promise<unknown> | null = null
    third.onRestore({
      onBatch: ({ store, offset, endOffset }) => {
        if (store !== 'counts') return
        told.push(offset < endOffset ? 'half-way' : 'at its end')
        closing ??= third.close({ leaveGroup: true })
      },
      onSuspended: () => void told.push('suspended'),
    })
    await third.start().catch(() => undefined)
    await closing
    t.same(told, ['half-way', 'suspended'])
  },
)
