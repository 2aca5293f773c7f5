/** Goal: state of tasks that went elsewhere goes in its time and not before, whatever happens meanwhile. */
import { readdir } from 'node:fs/promises'
import t from 'tap'
import { int64, Streams, StreamsBuilder, string } from '../../lib/index.js'
import { cleanState } from '../../lib/runtime/state-cleaning.js'
import { LevelEngines } from '../../lib/state/engine/level-engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { asInt64, embedded } from './embedded.js'

const DELAY_MS = 600_000
const WEEK_MS = 7 * 24 * 60 * 60 * 1000

async function cleaning(tasks: readonly string[], stateCleanupDelayMs = DELAY_MS) {
  const clock = new ManualClock(1_000)
  const engines = new MemoryEngines()
  for (const task of tasks) await (await engines.open(task)).close()
  const before: number[] = []
  const owned = new Set<string>()
  const removed: string[] = []
  const stop = cleanState({
    config: { stateCleanupDelayMs, clock, log: silentLog },
    engines: Object.assign(engines, { removeSetAside: async (ms: number) => void before.push(ms) }),
    runs: (taskId) => owned.has(taskId.text),
    onRemoved: (taskId) => removed.push(taskId.text),
  })
  const advance = async (ms: number) => {
    for (let left = ms; left > 0; left -= 60_000) {
      clock.advance(Math.min(left, 60_000))
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await advance(1)
  return { engines, owned, removed, before, advance, stop }
}

t.test('a task that is elsewhere for the delay loses its state, one that runs here never', async (t) => {
  const { engines, owned, removed, advance, stop } = await cleaning(['0_0', '0_1', '9_9'])
  owned.add('0_0')
  await advance(DELAY_MS - 60_000)
  t.same(await engines.list(), ['0_0', '0_1', '9_9'])
  await advance(120_000)
  t.same(await engines.list(), ['0_0'])
  t.same(removed, ['0_1', '9_9'], 'also what the topology does not know any more')
  await advance(10 * DELAY_MS)
  t.same(await engines.list(), ['0_0'])
  await stop()
})

t.test('one that comes back keeps it, and the delay begins anew when it goes', async (t) => {
  const { engines, owned, advance, stop } = await cleaning(['0_0'])
  for (let round = 0; round < 3; round++) {
    await advance(DELAY_MS - 120_000)
    owned.add('0_0')
    await advance(60_000)
    owned.clear()
  }
  t.same(await engines.list(), ['0_0'])
  await advance(DELAY_MS + 60_000)
  t.same(await engines.list(), [])
  await stop()
})

t.test('one that is open stays, though nobody says that it runs', async (t) => {
  const { engines, advance, stop } = await cleaning(['0_0'])
  const engine = await engines.open('0_0')
  await advance(3 * DELAY_MS)
  t.same(await engines.list(), ['0_0'])
  await engine.close()
  await advance(2 * DELAY_MS)
  t.same(await engines.list(), [])
  await stop()
})

t.test('what was set aside is kept for a week; after the end, and with a delay of 0, nothing is removed', async (t) => {
  const { engines, before, advance, stop } = await cleaning(['0_0'])
  await advance(60_000)
  t.equal(before.at(-1), 61_001 - WEEK_MS)
  await stop()
  const looks = before.length
  await advance(3 * DELAY_MS)
  t.equal(before.length, looks)
  t.same(await engines.list(), ['0_0'])

  const never = await cleaning(['0_0'], 0)
  await never.advance(3 * DELAY_MS)
  t.same(await never.engines.list(), ['0_0'])
})

t.test(
  'cleanUp removes state and what was set aside, only while nothing runs, and the instance restores it',
  async (t) => {
    const builder = new StreamsBuilder()
    builder
      .stream('in', { key: string, value: string })
      .groupByKey()
      .count({ store: { name: 'counts' } })
      .toStream()
      .to('out', { key: string, value: int64 })
    const topology = builder.build()
    const world = await embedded(t, { in: 2, out: 2 })
    const { broker } = world
    const stateDir = t.testdir({})
    const folder = `${stateDir}/app`
    const settings = { applicationId: 'app', broker, stateDir, cacheMaxBytes: 0 }
    const lines = ['a', 'b', 'c', 'd'].map((key) => ({ topic: 'in', key, value: 'x' }))

    const first = new Streams(topology, settings)
    await first.start()
    await world.send(lines)
    await world.until('out', (records) => records.length === 4, asInt64)
    await t.rejects(first.cleanUp(), { code: 'STREAMS_STATE', message: /while the instance is running: close it/ })
    const second = new Streams(topology, settings)
    await t.rejects(second.cleanUp(), { code: 'STATE_LOCKED' }, 'another instance runs on the folder')
    await first.close()
    t.same((await readdir(folder)).sort(), ['0_0', '0_1', 'identity-copy', 'process'])
    await new LevelEngines({ folder, clock: new ManualClock(5) }).setAside('0_1', 'for a look')
    await first.cleanUp()
    t.same((await readdir(folder)).sort(), ['identity-copy', 'process'])

    await second.start()
    await world.send(lines)
    const records = await world.until('out', (found) => found.length === 8, asInt64)
    t.equal(records.filter((record) => record.endsWith('=2')).length, 4)
    await second.close()
    await new Streams(topology, settings).cleanUp()
    await new Streams(topology, { ...settings, applicationId: 'never-started', stateDir: null } as never).cleanUp()
    t.same((await readdir(folder)).sort(), ['identity-copy', 'process'])
  },
)
