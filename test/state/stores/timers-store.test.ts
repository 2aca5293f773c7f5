/** Timer stores over both engines: after commits, crashes and a full restore from the changelog the same timers fire. */
import t from 'tap'
import { string } from '../../../lib/serde/primitive.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import { readOnly } from '../../../lib/state/read-only.js'
import type { LocalTimerStore } from '../../../lib/state/stores/timers-store.js'
import { timerStoreDefinition } from '../../../lib/topology/store-definition.js'
import { Life } from '../life.js'

const DEFINITION = timerStoreDefinition({ name: 'timers', key: string })

function fired(life: Life, nowMs: number): string[] {
  const calls: string[] = []
  life.state.store<LocalTimerStore<string>>('timers').fire(nowMs, (key, atMs) => calls.push(`${key} ${atMs}`))
  return calls
}

const TAKEN = timerStoreDefinition({ name: 'timers', key: string, time: 'processorTime' })

const commit = (life: Life) => {
  life.send()
  life.succeed()
}

for (const flushed of [true, false]) {
  t.test(flushed ? 'from disk' : 'from the changelog', async (t) => {
    const life = new Life(new MemoryEngines(), [DEFINITION])
    await life.start()
    const timers = () => life.state.store<LocalTimerStore<string>>('timers')
    for (const [key, atMs] of [
      ['a', 10],
      ['b', 20],
      ['c', 5],
      ['d', 30],
      ['a', 25],
    ] as const)
      timers().schedule(key, atMs)
    t.same(fired(life, 5), ['c 5'])
    commit(life)
    if (flushed) await life.state.maybeFlush(true)
    timers().schedule('b', 1)
    t.same(fired(life, 27), ['b 1', 'a 25'], 'not committed')
    await life.crash()
    t.equal(life.rolledForward, flushed ? 0 : 4)
    t.equal(timers().nextMs, 20)
    t.same(fired(life, 27), ['b 20', 'a 25'])
    life.send()
    timers().schedule('a', 28)
    life.abort()
    t.equal(timers().scheduledAtMs('a'), 25)
    t.same(fired(life, 27), ['b 20', 'a 25'], 'aborted')
    t.ok(timers().cancel('d'))
    t.notOk(timers().cancel('d'))
    commit(life)
    t.same(fired(life, 100), [])
    await life.crash()
    t.equal(timers().scheduledAtMs('d'), null)
    t.same(fired(life, 100), [], 'nothing is left')
    const last = life.changelogs.get('timers')!.at(-1)!
    t.same([last.key, last.value], [Buffer.from('d'), null])
    await life.state.close({ flush: false })
  })
}

for (const flushed of [true, false]) {
  t.test(flushed ? 'taken, from disk' : 'taken, from the changelog', async (t) => {
    const life = new Life(new MemoryEngines(), [TAKEN])
    await life.start()
    const timers = () => life.state.store<LocalTimerStore<string>>('timers')
    const taken = (untilMs: number) =>
      timers()
        .takeDue(untilMs)
        .map(({ key, atMs }) => `${key} ${atMs}`)
    for (const [key, atMs] of [
      ['b', 20],
      ['c', 5],
      ['a', 20],
      ['d', 30],
    ] as const)
      timers().schedule(key, atMs)
    t.same(taken(5), ['c 5'])
    commit(life)
    if (flushed) await life.state.maybeFlush(true)
    t.same(taken(20), ['a 20', 'b 20'], 'not committed')
    await life.crash()
    t.equal(timers().nextMs, 20)
    t.same(taken(20), ['a 20', 'b 20'], 'after the crash')
    life.send()
    t.same(taken(Number.POSITIVE_INFINITY), ['d 30'])
    timers().schedule('d', 10)
    life.abort()
    t.same(taken(10), [], 'aborted')
    t.same(taken(Number.POSITIVE_INFINITY), ['a 20', 'b 20', 'd 30'])
    commit(life)
    await life.crash()
    t.same(taken(Number.POSITIVE_INFINITY), [], 'nothing is left')
    t.throws(() => readOnly(timers()).takeDue(0), { code: 'STATE_READ_ONLY' })
    await life.state.close({ flush: false })
  })
}
