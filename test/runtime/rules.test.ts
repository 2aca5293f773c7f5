/** Rules of the instance loop that have no table of their own, each by itself: what is asked, kept and given up. */
import t from 'tap'
import { BatchBuilder, readBatches } from '../../lib/protocol/index.js'
import { Committer } from '../../lib/runtime/commit/committer.js'
import { askChangelogs } from '../../lib/runtime/restore/changelog-facts.js'
import { RestoreListeners } from '../../lib/runtime/restore/listener.js'
import { type ChangelogRange, Restore, type RestoreOptions } from '../../lib/runtime/restore/restore.js'
import { TakeOver, type TakeOverOptions } from '../../lib/runtime/tasks/take-over.js'
import { TaskSet, type TaskSetOptions } from '../../lib/runtime/tasks/task-set.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { id } from './task-ids.js'

const PARTITION = { topic: 'in', partition: 0 }

t.test('a take-over reads offsets that no open transaction can still change', async (t) => {
  const asked: unknown[] = []
  const takeOver = new TakeOver({
    member: {
      committedOffsets: async (_sources: unknown, options: unknown) => {
        asked.push(options)
        return []
      },
    },
    ask: async () => new Map(),
    restore: { run: async () => ({ finished: true, anew: new Map() }) },
  } as unknown as TakeOverOptions)
  t.same(await takeOver.run([], () => false), [])
  t.same(asked, [{ requireStable: true }])
})

t.test('a changelog ends where open transactions end', async (t) => {
  const asked: string[] = []
  const ask = askChangelogs({
    describeTopics: async () => new Map(),
    deleteRetentionMs: async () => 1_000,
    listOffsets: async (partitions, spec, isolation) => {
      asked.push(`${spec} ${isolation}`)
      return partitions.map((each) => ({ ...each, offset: spec === 'latest' ? 9 : 4 }) as never)
    },
  })
  t.match((await ask([PARTITION])).get('in-0'), { logStart: 4, logEnd: 9 })
  t.ok(asked.includes('latest readUncommitted'))
})

t.test('a restore applies values and deletions in order, and ends where its mark is', async (t) => {
  const builder = new BatchBuilder()
  for (const [key, value] of [
    ['a', '1'],
    ['b', '2'],
    ['a', null],
  ] as const) {
    builder.append(1, Buffer.from(key), value === null ? null : Buffer.from(value))
  }
  const options = {
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    transactional: false,
    compression: 'none',
  } as const
  const batches = readBatches(builder.build(options))
  const chunk = { ...PARTITION, batches, startOffset: 0, nextOffset: 3, bytes: 1, leaderEpoch: -1 }
  const arriving = [[chunk], []]
  const applied: string[] = []
  const ended: string[] = []
  const state = {
    taskId: '0_0',
    beginRestore: () => undefined,
    restore: (_store: string, key: Buffer, value: Buffer | null) => applied.push(`${key}=${value}`),
    restored: (_store: string, offset: number, _topicId: unknown, atEnd: boolean) => ended.push(`${offset} ${atEnd}`),
    maybeFlush: async () => undefined,
  }
  const restore = new Restore({
    makeFetcher: () => ({
      add: () => undefined,
      remove: () => undefined,
      close: () => undefined,
      position: () => 3,
      poll: () => arriving.shift() ?? [],
    }),
    ask: async () => new Map(),
    clock: new ManualClock(),
    listeners: new RestoreListeners(() => undefined),
    patience: { succeeded: () => undefined },
  } as unknown as RestoreOptions)
  const range = { ...PARTITION, state, store: 'table', from: 0, to: 3, isSource: false, topicId: null, refill: null }
  const ranges = [{ ...range, asOfMs: 0, deleteRetentionMs: 1e9 }] as unknown as ChangelogRange[]
  t.match(await restore.run(ranges, () => false), { finished: true })
  t.same(applied, ['a=1', 'b=2', 'a=null'])
  t.same(ended, ['3 true'])
})

t.test('a commit that has nothing to collect leaves nothing pending', async (t) => {
  const clock = new ManualClock()
  const policy = { commitLatencyMs: 20, commitIntervalMs: 100, commitBytes: 1_000, commitWhenDrained: true }
  const group = { commit: () => t.fail('nothing is sent') }
  const committer = new Committer({
    group: group as never,
    policy,
    clock,
    onFinished: () => undefined,
    onFailed: () => undefined,
  })
  committer.noteWork()
  t.ok(committer.pending)
  t.equal(committer.start([], {} as never), 0)
  t.notOk(committer.pending)
  t.notOk(committer.inFlight)
})

t.test('a task goes back to its last commit, and is not fetched once it is taken away', async (t) => {
  const calls: string[] = []
  const clock = new ManualClock()
  const note = (what: string) => (place: typeof PARTITION, offset?: number) => {
    calls.push(`${what} ${place.topic}-${place.partition}${offset === undefined ? '' : ` at ${offset}`}`)
  }
  const task = {
    commitAborted: () => calls.push('abort'),
    commitSucceeded: () => undefined,
    state: { maybeFlush: async () => undefined },
  }
  const tasks = new TaskSet({
    fetcher: { add: note('add'), seek: note('seek'), remove: note('remove') },
    clock,
    bufferBytes: 1,
    watchesSilence: false,
    makeTask: () => task,
    onFlushFailed: () => undefined,
  } as unknown as TaskSetOptions)
  const positions = [{ ...PARTITION, offset: 3, metadata: '', isReset: false }]
  tasks.start({ taskId: id('0_0'), state: task.state as never, positions, hasStore: () => false }, 7)
  t.same(calls.splice(0), ['add in-0 at 3'])
  tasks.rewind()
  t.same(calls.splice(0), ['abort', 'seek in-0 at 3'], 'before the first commit')
  const part = { taskId: id('0_0'), batches: [], offsets: [{ ...PARTITION, offset: 5, metadata: '' }] }
  tasks.committed([{ ...part, number: 7 } as never], new Map())
  tasks.rewind()
  t.same(calls.splice(0), ['abort', 'seek in-0 at 5'], 'after it')
  tasks.committed([{ ...part, number: 6, offsets: [{ ...PARTITION, offset: 9, metadata: '' }] } as never], new Map())
  t.equal(tasks.committedOffset('in', 0), 5, 'a commit under another number is not its own')
  tasks.remove([id('0_0')])
  t.same(calls.splice(0), ['remove in-0'])
  t.equal(tasks.readerOf('in', 0), null)
})
