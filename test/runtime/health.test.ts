import t from 'tap'
import { Streams } from '../../lib/index.js'
import { type HealthFacts, healthOf } from '../../lib/runtime/health.js'
import { embedded } from './embedded.js'
import { counting, Gate, gatedEngines, heldTransport, until } from './group-rig.js'

t.test('what is a problem', async (t) => {
  const fine: HealthFacts = {
    state: 'running',
    unansweredMs: 0,
    tasks: { assigned: 2, running: 2 },
    held: [],
    lagRecords: 0,
    stalledMs: 0,
  }
  const rows: [string, Partial<HealthFacts>, RegExp | null][] = [
    ['nothing', {}, null],
    ['a rebalance is none', { state: 'rebalancing', tasks: { assigned: 2, running: 1 } }, null],
    ['records that wait a while', { lagRecords: 1_000_000, stalledMs: 29_000 }, null],
    ['and too long', { lagRecords: 7, stalledMs: 31_000 }, /7 records wait, and nothing was committed for 31 s/],
    ['a broker that restarts', { unansweredMs: 9_000 }, null],
    ['brokers that are gone', { unansweredMs: 12_000 }, /no broker has answered for 12 s/],
    ['an instance that has failed', { state: 'failed' }, /the instance is failed/],
    ['a version that waits', { held: ['sub-topology 0 waits'] }, /sub-topology 0 waits/],
  ]
  for (const [name, change, problem] of rows) {
    const { ok, problems } = healthOf({ ...fine, ...change })
    t.equal(ok, problem === null, name)
    if (problem !== null) t.match(problems, [problem], name)
  }
})

t.test('an instance tells its health through its life', async (t) => {
  const world = await embedded(t, { in: 2, out: 1 })
  const gate = new Gate()
  const transport = heldTransport(world.broker, {
    before: async ({ apiKey }) => {
      if (apiKey === 0) await gate.pass()
    },
  })
  const streams = new Streams(counting(), { applicationId: 'app', broker: world.broker, transport })
  t.match(streams.health(), { ok: false, state: 'created', tasks: { assigned: 0, running: 0 } })
  await streams.start()
  t.match(streams.health(), { ok: true, state: 'running', tasks: { assigned: 2, running: 2 }, lagRecords: 0 })
  gate.shut()
  await world.send(['a', 'b', 'c'].map((key) => ({ topic: 'in', key, value: 'v', partition: 0 })))
  t.ok(await until(() => streams.health().lagRecords >= 3), 'records wait for a commit')
  t.ok(await until(() => streams.health().stalledMs > 0))
  gate.release()
  t.ok(await until(() => streams.health().lagRecords === 0), 'and are committed')
  t.equal(streams.health().stalledMs, 0)
  await streams.close({ leaveGroup: true })
  t.match(streams.health(), { ok: false, state: 'closed' })
})

t.test('a store whose task is being opened is not answered for', async (t) => {
  const world = await embedded(t, { in: 1, out: 1 })
  const gated = gatedEngines()
  const settings = { applicationId: 'app', broker: world.broker, engines: gated.engines }
  const first = new Streams(counting(), settings)
  await first.start()
  await world.send([{ topic: 'in', key: 'k', value: 'v' }])
  await until(async () => (await first.queries.keyValue('counts').get('k')) !== null)
  await first.close()
  gated.opening.shut()
  const second = new Streams(counting(), settings)
  const starting = second.start()
  await until(() => gated.opening.waiting === 1)
  const counts = () => second.queries.keyValue<string, number>('counts')
  await t.rejects(counts().get('k'), { code: 'QUERY_STORE_NOT_READY', message: /0_0/, retriable: true })
  await t.rejects(
    (async () => {
      for await (const _row of counts().all());
    })(),
    { code: 'QUERY_STORE_NOT_READY' },
  )
  t.equal(await second.queries.keyValue('counts', { partitions: [5] }).get('k'), null, 'another partition is not here')
  gated.opening.release()
  await starting
  t.equal((await counts().get('k'))?.value, 1)
  await second.close({ leaveGroup: true })
})
