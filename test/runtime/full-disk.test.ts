/** A disk that is full costs the task time, and nothing else: what was committed is written once there is room again. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { Streams, StreamsBuilder, string } from '../../lib/index.js'
import { type Clock, systemClock } from '../../lib/record/clock.js'
import { int64 } from '../../lib/serde/primitive.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { asInt64, embedded } from './embedded.js'
import { started, text, until } from './group-rig.js'

/** A thousandth of every pause, so that ten minutes pass while a test looks on. */
const hurried: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 1_000,
  setTimer: (delayMs, fire) => systemClock.setTimer(delayMs / 1_000, fire),
}

type Doing = 'open' | 'write'

/** Memory engines on a disk whose state the test decides. */
function diskEngines(trouble: (doing: Doing, name: string) => MillraceError | null) {
  const memory = new MemoryEngines()
  const opened: string[] = []
  let failures = 0
  const meet = (doing: Doing, name: string) => {
    const error = trouble(doing, name)
    if (error === null) return
    failures++
    throw error
  }
  const engines: StateEngines = {
    async open(name) {
      meet('open', name)
      opened.push(name)
      const engine = await memory.open(name)
      const write = engine.write.bind(engine)
      return Object.assign(engine, {
        async write(...given: Parameters<typeof write>) {
          meet('write', name)
          await write(...given)
        },
      })
    },
    list: () => memory.list(),
    setAside: (name, reason) => memory.setAside(name, reason),
  }
  return { engines, opened, failures: () => failures }
}

/** A count that has only its disk. */
function unlogged() {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .groupByKey()
    .count({ store: { name: 'counts', logged: false, cached: false } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}

const noRoom = (taskId: string) => new MillraceError('STATE_DISK_FULL', 'no room is left', { taskId, retriable: true })
const locked = (taskId: string) => new MillraceError('STATE_LOCKED', 'it is open elsewhere', { taskId })
const noFiles = (taskId: string) => new MillraceError('STATE_FILE_LIMIT', 'no more files', { taskId, retriable: true })

for (const [what, errorOf] of [
  ['a full disk', noRoom],
  ['no file left to open', noFiles],
] as const) {
  t.test(`${what}: the other tasks go on, and a store without a changelog loses nothing`, async (t) => {
    const world = await embedded(t, { in: 2, out: 2 })
    let full = false
    const disk = diskEngines((doing, name) => (full && doing === 'write' && name === '0_1' ? errorOf(name) : null))
    const base = { applicationId: 'app', broker: world.broker, engines: disk.engines }
    const streams = await started(t, unlogged(), base)
    const feed = () =>
      world.send([0, 1].map((partition) => ({ topic: 'in', key: `k${partition}`, value: 'v', partition })))
    const counts = () => world.committed('out', asInt64)
    await feed()
    await until(async () => (await counts()).length === 2)
    full = true
    await feed()
    await until(() => disk.failures() > 0)
    await feed()
    await until(async () => (await counts()).includes('k0=3'))
    full = false
    await until(async () => (await counts()).includes('k1=3'))
    t.same((await counts()).sort(), ['k0=1', 'k0=2', 'k0=3', 'k1=1', 'k1=2', 'k1=3'])
    t.equal(streams.state, 'running')
  })
}

for (const [what, doing, name, errorOf] of [
  ['full when the state of a task is opened', 'open', '0_0', noRoom],
  ['full when the identity of the process is opened', 'open', 'process', noRoom],
  ['full when the identity of the process is written', 'write', 'process', noRoom],
  ['full when its copy is opened', 'open', 'identity-copy', noRoom],
  ['full when its copy is written', 'write', 'identity-copy', noRoom],
  // By an earlier life that has not let go: the lock of the process itself is ours.
  ['locked when the state of a task is opened', 'open', '0_0', locked],
  ['locked when the copy of the identity is opened', 'open', 'identity-copy', locked],
] as const) {
  t.test(`a disk that is ${what}: the start waits`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    let left = 3
    const disk = diskEngines((met, of) => (met === doing && of === name && left-- > 0 ? errorOf(of) : null))
    const streams = await started(t, unlogged(), { applicationId: 'app', broker: world.broker, engines: disk.engines })
    t.equal(disk.failures(), 3)
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    t.same(await world.until('out', ({ length }) => length >= 1, asInt64), ['k=1'])
    t.equal(streams.state, 'running')
  })
}

for (const doing of ['open', 'write'] as const) {
  t.test(`a disk that stays full, at every ${doing}: pauses grow, and taskTimeoutMs ends it`, async (t) => {
    const world = await embedded(t, { in: 1, out: 1 })
    const disk = diskEngines((met, name) => (met === doing && name === '0_0' ? noRoom(name) : null))
    const settings = { clock: hurried, taskTimeoutMs: 300_000, closeTimeoutMs: 600_000, startTimeoutMs: 600_000 }
    const streams = new Streams(unlogged(), {
      ...{ applicationId: 'app', broker: world.broker, engines: disk.engines, onUncaughtError: 'shutdownInstance' },
      // Heartbeats and requests are hurried too.
      ...{ sessionTimeoutMs: 1_700_000, rebalanceTimeoutMs: 1_800_000, heartbeatIntervalMs: 10_000 },
      ...{ transactionTimeoutMs: 800_000, requestTimeoutMs: 900_000, maxPollIntervalMs: 100_000_000 },
      ...settings,
    })
    const finished = t.rejects(streams.finished, { code: 'STREAMS_TASK_TIMEOUT' })
    void streams.start().catch(() => undefined)
    await world.send([{ topic: 'in', key: 'k', value: 'v' }])
    await finished
    // 100, 200, 400 ... 10,000 ms, and then once every ten seconds: about 37. If the machine stands still while time is hurried, the
    // group may begin another generation, and the pauses with it; without pauses there are thousands.
    t.ok(disk.failures() < 100, `${disk.failures()} attempts in five minutes`)
    await streams.close().catch(() => undefined)
  })
}

t.test('a close does not wait for room', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const disk = diskEngines((doing, name) => (doing === 'write' && name === '0_0' ? noRoom(name) : null))
  const streams = new Streams(unlogged(), { applicationId: 'app', broker: world.broker, engines: disk.engines })
  await streams.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(() => disk.failures() > 2)
  const beganMs = performance.now()
  await streams.close({ leaveGroup: true })
  t.ok(performance.now() - beganMs < 2_000)
  t.equal(streams.state, 'closed')
})

t.test('a folder on which another process runs is no reason to wait', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const disk = diskEngines((doing, name) => (doing === 'open' && name === 'process' ? locked(name) : null))
  const streams = new Streams(unlogged(), { applicationId: 'app', broker: world.broker, engines: disk.engines })
  await t.rejects(streams.start(), { code: 'STATE_LOCKED' })
  t.equal(disk.failures(), 1)
})
