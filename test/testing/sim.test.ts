import t from 'tap'
import { catchMutant, MUTANTS } from '../../lib/testing/sim-mutants.js'
import { SimProcess } from '../../lib/testing/sim-process.js'
import { runSeed } from '../../lib/testing/sim-seed.js'
import { SimWorld } from '../../lib/testing/sim-world.js'

// A seed is a second or two of work, on a busy machine many more of waiting.
t.setTimeout(280_000)

/** Seeds of the usual kind, by what they do most. */
const SEEDS: readonly (readonly [seed: number, why: string])[] = [
  [1, 'delays and lost answers'],
  [4, 'kills'],
]

for (const [seed, why] of SEEDS) {
  t.test(`seed ${seed}: ${why}`, async (t) => {
    const result = await runSeed(seed)
    t.same(result.violations, [])
    t.ok(result.records >= 2_000 && result.commits >= 20)
  })
}

t.test('one seed twice does exactly the same', async (t) => {
  const [first, second] = [await runSeed(9), await runSeed(9)]
  t.equal(first.traceHash, second.traceHash)
  t.equal(first.events, second.events)
})

t.test('a mutant is caught, and leaves nothing behind', async (t) => {
  const mutant = MUTANTS.find(({ name }) => name === 'batch before EndTxn')!
  const caught = await catchMutant(mutant, 2, 3)
  t.ok(caught, 'caught')
  t.same((await runSeed(caught!.plan.seed)).violations, [])
  t.equal(MUTANTS.length, 5)
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
  t.equal(held.timers, 0)
  t.equal(held.clock.now() - killed.clock.now(), 5_000)
})
