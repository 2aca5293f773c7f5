/**
 * A changelog that changes under a restore. Goal: the table is that of the changelog, or the restore says that it begins
 * anew. Method: the restore's own steps with a fetcher, brokers and a clock of the test's; then a restore that is cut short
 * on the embedded broker, after which the changelog is trimmed, emptied or created again.
 */
import t, { type Test } from 'tap'
import type { FetchedBatches, Fetcher } from '../../lib/client/fetcher.js'
import { MillraceError } from '../../lib/errors.js'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { formatTopicPartition, type TopicPartition } from '../../lib/record/record.js'
import { Patience } from '../../lib/runtime/patience.js'
import type { ChangelogFacts } from '../../lib/runtime/restore/changelog-facts.js'
import { RestoreListeners } from '../../lib/runtime/restore/listener.js'
import { type ChangelogRange, Restore } from '../../lib/runtime/restore/restore.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { TaskState } from '../../lib/state/task-state.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { store } from '../state/targets.js'
import { embedded } from './embedded.js'

t.setTimeout(120_000)

const DAY_MS = 86_400_000
const FACTS: ChangelogFacts = { topicId: 'T', logStart: 0, logEnd: 100, deleteRetentionMs: DAY_MS }

/** One task with one store, whose changelog is read in steps the test decides. */
function rig(taskTimeoutMs = 0) {
  const clock = new ManualClock(1_000)
  const positions = new Map<string, number>()
  const arrived: FetchedBatches[] = []
  const errors: MillraceError[] = []
  let wake = () => {}
  let ask = async (): Promise<ChangelogFacts> => FACTS
  const fetcher = {
    add: ({ topic, partition }: TopicPartition, offset: number) =>
      positions.set(formatTopicPartition(topic, partition), offset),
    remove: ({ topic, partition }: TopicPartition) => positions.delete(formatTopicPartition(topic, partition)),
    position: ({ topic, partition }: TopicPartition) => positions.get(formatTopicPartition(topic, partition)),
    poll() {
      const error = errors.shift()
      if (error !== undefined) throw error
      return arrived.splice(0)
    },
    close() {},
  } as unknown as Fetcher
  const asked: number[] = []
  const restore = new Restore({
    makeFetcher: (onArrival) => {
      wake = onArrival
      return fetcher
    },
    ask: async (partitions) => {
      asked.push(clock.monotonicMs())
      const facts = await ask()
      return new Map(partitions.map(({ topic, partition }) => [formatTopicPartition(topic, partition), facts]))
    },
    clock,
    listeners: new RestoreListeners(() => undefined),
    patience: new Patience({ clock, log: silentLog, taskTimeoutMs }),
  })
  const state = (taskId: string) =>
    TaskState.openSync({
      taskId,
      stores: [store({ name: 'table' })],
      clock,
      engine: new MemoryEngines().openSync(taskId),
    })
  const range = (partition: number): ChangelogRange => ({
    ...{ state: state(`0_${partition}`), store: 'table', topic: 'log', partition, from: 0, to: 100, isSource: false },
    ...{ topicId: 'T', asOfMs: clock.now(), deleteRetentionMs: DAY_MS, refill: null },
  })
  return {
    clock,
    asked,
    range,
    run: (ranges: readonly ChangelogRange[], cancelled = () => false) => restore.run(ranges, cancelled),
    /** Everything up to an offset arrives, without a record. */
    arrive(partition: number, nextOffset: number) {
      positions.set(`log-${partition}`, nextOffset)
      const marks = { leaderEpoch: -1, highWatermark: 100, lastStableOffset: 100, logStartOffset: 0, bytes: 0 }
      arrived.push({ topic: 'log', partition, batches: [], startOffset: 0, nextOffset, ...marks })
      wake()
    },
    fail(error: MillraceError) {
      errors.push(error)
      wake()
    },
    answer(facts: () => Promise<ChangelogFacts>) {
      ask = facts
    },
    /** Time goes by in small steps, with the turns of the event loop between. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 100) {
        for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
        clock.advance(Math.min(left, 100))
      }
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    },
  }
}

const reasons = (anew: ReadonlyMap<TaskState, string>) => [...anew].map(([{ taskId }, why]) => `${taskId}: ${why}`)

t.test('records that are gone make that task begin anew, and no other', async (t) => {
  const codes = [
    ['CLIENT_OFFSET_OUT_OF_RANGE', '0_0: the changelog no longer has offset 40'],
    ['CLIENT_LOG_TRUNCATED', '0_0: the changelog was truncated before offset 40 and written again'],
  ] as const
  for (const [code, reason] of codes) {
    const { run, range, arrive, fail, pass } = rig()
    const ranges = [range(0), range(1)]
    const done = run(ranges)
    await pass(100)
    arrive(0, 40)
    arrive(1, 40)
    await pass(100)
    fail(new MillraceError(code, 'gone', { topic: 'log', partition: 0, offset: 40 }))
    await pass(100)
    arrive(0, 100)
    arrive(1, 100)
    const { finished, anew } = await done
    t.ok(finished)
    t.same(reasons(anew), [reason])
    t.equal(ranges[1]!.state.checkpoint('table')?.offset, 100)
  }
})

t.test('nothing comes: what changed meanwhile is found by asking', async (t) => {
  const rows: [what: string, now: Partial<ChangelogFacts>, why: RegExp | null][] = [
    ['an open transaction', {}, null],
    ['trimmed', { logStart: 41 }, /begins at 41/],
    ['emptied', { logStart: 100 }, /begins at 100/],
    ['created again, and empty', { topicId: 'U', logEnd: 0 }, /created again/],
    ['created again, and longer', { topicId: 'U', logEnd: 1_000 }, /created again/],
    ['cut, on a broker without ids', { topicId: null, logEnd: 60 }, /ends at 60/],
  ]
  for (const [what, now, why] of rows) {
    const { run, range, arrive, answer, pass } = rig()
    answer(async () => ({ ...FACTS, ...now }))
    const done = run([range(0)])
    await pass(100)
    arrive(0, 40)
    await pass(1_500)
    if (why === null) {
      await pass(60_000)
      arrive(0, 100)
      t.same(await done, { finished: true, anew: new Map() }, what)
    } else t.match(reasons((await done).anew).join(), why, what)
  }
})

t.test('all was read: it must still be what the changelog holds', async (t) => {
  const rows: [what: string, now: Partial<ChangelogFacts>, afterMs: number, why: RegExp | null][] = [
    ['the same', {}, 0, null],
    ['trimmed behind the restore', { logStart: 100 }, 0, null],
    ['longer', { logEnd: 200 }, 0, null],
    ['created again', { topicId: 'U', logEnd: 200 }, 0, /created again/],
    ['in time', {}, DAY_MS, null],
    ['later than tombstones are kept', {}, DAY_MS + 1, /longer than the changelog keeps tombstones/],
  ]
  for (const [what, now, afterMs, why] of rows) {
    const { run, range, arrive, answer, pass, clock } = rig()
    const only = range(0)
    const done = run([only])
    await pass(100)
    answer(async () => ({ ...FACTS, ...now }))
    clock.advance(afterMs - 100)
    arrive(0, 100)
    await pass(100)
    const found = reasons((await done).anew)
    if (why === null) t.same(found, [], what)
    else t.match(found.join(), why, what)
  }
})

t.test('brokers that cannot answer are asked again after pauses that grow, for as long as taskTimeoutMs', async (t) => {
  const { run, range, asked, answer, pass } = rig(60_000)
  answer(async () => {
    throw new MillraceError('CLIENT_UNREACHABLE', 'nobody there', { retriable: true })
  })
  const done = run([range(0)])
  done.catch(() => {})
  await pass(80_000)
  await t.rejects(done, { code: 'STREAMS_TASK_TIMEOUT' })
  const pauses = asked.slice(1).map((at, i) => at - asked[i]!)
  t.ok(asked.length > 5 && asked.length < 30, `${asked.length} questions`)
  t.ok(pauses[0]! < 1_000 && Math.max(...pauses) >= 10_000, String(pauses))
})

t.test('an error that does not pass, and a restore that is cancelled, end it', async (t) => {
  const failing = rig()
  const failed = failing.run([failing.range(0)])
  failed.catch(() => {})
  await failing.pass(100)
  failing.fail(new MillraceError('CLIENT_TOPIC_MISSING', 'deleted', { topic: 'log', partition: 0 }))
  await failing.pass(100)
  await t.rejects(failed, { code: 'CLIENT_TOPIC_MISSING' })

  const { run, range, arrive, pass } = rig()
  const only = range(0)
  let cancelled = false
  const done = run([only], () => cancelled)
  await pass(100)
  arrive(0, 40)
  await pass(100)
  cancelled = true
  await pass(200)
  t.equal((await done).finished, false)
  t.match(only.state.checkpoint('table'), { offset: 40, topicId: 'T', restoredFrom: 0 }, 'and says how far it came')
})

function latest() {
  const builder = new StreamsBuilder()
  builder
    .stream('in', { key: string, value: string })
    .groupByKey()
    .reduce((_old, value) => value, { store: { name: 'latest' } })
  return builder.build()
}

type World = Awaited<ReturnType<typeof embedded>>
const LOG = 'app-latest-changelog'

async function rows(world: World, engines: MemoryEngines): Promise<Map<string, string>> {
  const streams = new Streams(latest(), {
    applicationId: 'app',
    broker: world.broker,
    engines,
    cacheMaxBytes: 0,
    log: silentLog,
  })
  await streams.start()
  const found = new Map<string, string>()
  for await (const { key, value } of streams.queries.keyValue<string, string>('latest').all()) {
    found.set(key, String(value))
  }
  await streams.close({ leaveGroup: true })
  return found
}

/** Forty values of 100 kB, so that a restore takes several fetches; the second restore is closed after its first. */
async function cutShort(t: Test): Promise<{ world: World; engines: MemoryEngines }> {
  const world = await embedded(t, { in: 1 })
  const first = new Streams(latest(), { applicationId: 'app', broker: world.broker, cacheMaxBytes: 0, log: silentLog })
  await first.start()
  for (let n = 0; n < 40; n++) await world.send([{ topic: 'in', key: `key-${n % 25}`, value: `${n}`.padEnd(100_000) }])
  while ((first.committedOffset('in', 0) ?? 0) < 80) await new Promise(setImmediate)
  await first.close({ leaveGroup: true })
  const engines = new MemoryEngines()
  const second = new Streams(latest(), {
    applicationId: 'app',
    broker: world.broker,
    engines,
    cacheMaxBytes: 0,
    log: silentLog,
  })
  let closing: Promise<unknown> | null = null
  second.onRestore({
    onBatch({ offset, endOffset }) {
      if (offset < endOffset) closing ??= second.close({ leaveGroup: true })
    },
  })
  await second.start().catch(() => undefined)
  t.not(closing, null, 'closed half-way')
  await closing
  return { world, engines }
}

const CHANGES: readonly [what: string, change: (world: World, end: number) => Promise<unknown>][] = [
  ['nothing', async () => {}],
  ['trimmed a little', ({ admin }) => admin.deleteRecords([{ topic: LOG, partition: 0, offset: 2 }])],
  ['trimmed', ({ admin }, end) => admin.deleteRecords([{ topic: LOG, partition: 0, offset: end - 5 }])],
  ['emptied', ({ admin }, end) => admin.deleteRecords([{ topic: LOG, partition: 0, offset: end }])],
  ['created again', ({ admin }) => admin.deleteTopics([LOG])],
]

for (const [what, change] of CHANGES) {
  t.test(`a restore is cut short, and the changelog then is changed (${what}): no row but those it has`, async (t) => {
    const { world, engines } = await cutShort(t)
    // As of a windowed store: without `delete` a log refuses to be trimmed.
    await world.admin.incrementalAlterConfigs(LOG, { 'cleanup.policy': 'compact,delete', 'retention.ms': '-1' })
    const [end] = await world.admin.listOffsets([{ topic: LOG, partition: 0 }], 'latest', 'readUncommitted')
    await change(world, end!.offset)
    const kept = await rows(world, engines)
    const fresh = await rows(world, new MemoryEngines())
    t.same(kept, fresh)
    if (what === 'nothing') t.equal(kept.size, 25)
    if (what === 'emptied' || what === 'created again') t.equal(kept.size, 0)
  })
}
