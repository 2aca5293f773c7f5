import t from 'tap'
import { SimProcess } from '../../lib/testing/simulation/process.js'
import { runPlan, runSeed } from '../../lib/testing/simulation/seed.js'
import { candidates, shrinkPlan } from '../../lib/testing/simulation/shrink.js'
import { simTopology, VERSIONS } from '../../lib/testing/simulation/topology.js'
import { drawPlan, unknownVariants, VARIANTS } from '../../lib/testing/simulation/variants.js'
import { SimWorld } from '../../lib/testing/simulation/world.js'
import { drawnApplication } from '../../verify/simulation/drawn.js'

// A seed is a second or two of work, on a busy machine many more of waiting.
t.setTimeout(280_000)

/** Seeds of some kinds, small ones, as each kind is played at length by the command. */
const SEEDS: readonly (readonly [seed: number, variant: string])[] = [
  [1, 'base'],
  [2, 'small,dynamic'],
  [3, 'small,rolling,slow-disk'],
  [4, 'drawn'],
  // All input is there before the members start.
  [149, 'mix'],
  // Faults abort most commits of an input that ends.
  [729, 'mix'],
]

for (const [seed, variant] of SEEDS) {
  t.test(`seed ${seed} of ${variant}`, async (t) => {
    const plan = drawPlan(seed, variant)
    const result = await runPlan(plan, { application: drawnApplication })
    t.same(result.violations, [])
    t.ok(result.records >= plan.least.records && result.commits >= plan.least.commits)
  })
}

t.test(
  'a seed that is stopped at its first violation goes no further, and one that has none is played to its end',
  async (t) => {
    // Nobody is there to process anything: the lag is the first violation, and the end of the seed would be one more.
    const plan = { ...drawPlan(3, 'small,quiet'), members: [] }
    const [whole, stopped] = [await runPlan(plan), await runPlan(plan, { stopAtFirst: true })]
    t.ok(whole.violations.length > 1)
    t.same(stopped.violations, whole.violations.slice(0, 1))
    t.ok(stopped.virtualMs < whole.virtualMs / 2, `${stopped.virtualMs} ms of ${whole.virtualMs}`)
    const sound = drawPlan(1, 'small,quiet')
    t.equal((await runPlan(sound, { stopAtFirst: true })).traceHash, (await runPlan(sound)).traceHash)
  },
)

t.test('one seed twice does exactly the same', async (t) => {
  const once = () => runSeed(9, { variant: 'small,dynamic,slow-open,retry' })
  const [first, second] = [await once(), await once()]
  t.equal(first.traceHash, second.traceHash)
  t.equal(first.events, second.events)
})

t.test('a plan is drawn from its number alone, and shrinks to what it needs to fail', async (t) => {
  const everything = Object.keys(VARIANTS)
    .filter((name) => name !== 'drawn')
    .join(',')
  const plan = drawPlan(7, everything)
  t.same(plan, drawPlan(7, everything))
  t.same(JSON.parse(JSON.stringify(plan)), plan, 'it survives being printed')
  const needed = plan.faults[3]!
  const { plan: smaller, tried } = await shrinkPlan(plan, async ({ faults }) => faults.includes(needed), 400)
  t.ok(tried < 400)
  t.same(smaller.faults, [needed])
  t.same(smaller.steps, [])
  t.equal(smaller.members.length, 1)
  t.same(smaller.slow, {})
  t.equal(
    candidates({ ...smaller, input: { records: 20, rounds: 1 } }).length,
    1,
    'only the fault is left to take away',
  )
})

t.test('a variant that is not known is named', async (t) => {
  t.same(unknownVariants('mix'), [])
  t.same(unknownVariants('dynamic,slow-everything'), ['slow-everything'])
})

t.test('events run by time; a process that is held runs what fell due later, a killed one never', async (t) => {
  const world = new SimWorld('test', { trace: false })
  const ran: string[] = []
  const held = new SimProcess(world, 'held', 5_000)
  const killed = new SimProcess(world, 'killed', 0)
  held.clock.setTimer(20, () => ran.push(`held at ${world.nowMs.toFixed(0)}`))
  held.clock.setTimer(30, () => ran.push(`then at ${world.nowMs.toFixed(0)}`))
  held.clock.setTimer(25, () => ran.push('cancelled'))()
  killed.clock.setTimer(20, () => ran.push('killed'))
  world.schedule(10, () => {
    held.hold(100)
    killed.die()
  })
  world.schedule(40, () => ran.push('free'))
  t.equal(await world.run(() => false, 1_000), false)
  t.same(ran, ['free', 'held at 110', 'then at 110'])
  t.equal(Math.round(held.standingMs), 100)
  t.equal(held.timers, 0)
  t.equal(held.clock.now() - killed.clock.now(), 5_000)
})

t.test('a deadline counts from the last disturbance, which may come while it runs', async (t) => {
  const rows = [
    { endsMs: 900, calmFromMs: 0, limitMs: 1_000, error: null },
    { endsMs: 1_500, calmFromMs: 0, limitMs: 1_000, error: 'it did not end within 1000 ms' },
    { endsMs: 1_500, calmFromMs: 700, limitMs: 1_000, error: null },
    { endsMs: 1_800, calmFromMs: 700, limitMs: 1_000, error: 'it did not end within 1000 ms of calm' },
    { endsMs: null, calmFromMs: 0, limitMs: 1_000, error: 'it did not end within 1000 ms' },
  ]
  for (const { endsMs, calmFromMs, limitMs, error } of rows) {
    const world = new SimWorld('test', { trace: false })
    let disturbedUntilMs = 0
    world.schedule(600, () => {
      disturbedUntilMs = calmFromMs
    })
    const work = new Promise<void>((resolve) => {
      if (endsMs !== null) world.schedule(endsMs, () => resolve())
    })
    const ended = world.finish('it', work, limitMs, () => disturbedUntilMs)
    t.equal(
      await ended.then(
        () => null,
        ({ message }) => message,
      ),
      error,
      `ends at ${endsMs}`,
    )
  }
})

t.test('every version of the topology keeps the times of its operators under the same names', async (t) => {
  const timed = Object.values(VERSIONS).map((version) =>
    simTopology({ cached: false, version, at: () => undefined })
      .nodes.filter(({ kind }) => kind === 'windowAggregate' || kind === 'sessionAggregate')
      .map(({ name }) => name),
  )
  t.same(
    timed,
    timed.map(() => ['by-window', 'by-session']),
  )
})

t.test('a drawn application is done when its repartition topics are read, too', async (t) => {
  const seen = new Set<boolean>()
  for (let seed = 1; seed <= 12; seed++) {
    const application = drawnApplication(drawPlan(seed, 'drawn'))
    const topology = application.topology(
      new SimProcess(new SimWorld('test', { trace: false }), 'a', 0),
      VERSIONS.first,
    )
    const internal = topology.repartitionTopics.map(({ name }) => `${application.id}-${name}`)
    seen.add(internal.length > 0)
    for (const topic of internal) t.ok(application.sources.includes(topic), topic)
  }
  t.equal(seen.size, 2, 'some have one')
})

t.test(
  'user code that takes its time moves its own clock at once, and everything else of the process waits',
  async (t) => {
    const world = new SimWorld('test', { trace: false })
    const process = new SimProcess(world, 'slow', 0)
    const ran: string[] = []
    process.clock.setTimer(10, () => {
      process.spend(200)
      process.spend(50)
      ran.push(`worked until ${process.clock.monotonicMs()}`)
      process.clock.setTimer(5, () => ran.push(`then at ${world.nowMs.toFixed(0)}`))
    })
    process.clock.setTimer(20, () => ran.push(`late at ${world.nowMs.toFixed(0)}`))
    await world.run(() => false, 1_000)
    t.same(ran, ['worked until 260', 'late at 260', 'then at 265'])
    process.jump(-5_000)
    t.equal(process.clock.now(), 1_700_000_000_000 + 265 - 5_000, 'a jump moves the wall clock')
    t.equal(process.clock.monotonicMs(), 265, 'and only that')
  },
)
