/** A task that changes hands while something of it is under way: what was begun under one ownership is worthless under another. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { endTxnApi } from '../../lib/protocol/index.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { asInt64, embedded } from './embedded.js'
import { counting, Gate, gatedEngines, heldTransport, started, until } from './group-rig.js'

const TIMES = { cacheMaxBytes: 0, sessionTimeoutMs: 6_000, heartbeatIntervalMs: 50 }
const numbers = (count: number) => Array.from({ length: count }, (_, i) => `k=${i + 1}`)

for (const inBetween of ['works', 'does nothing']) {
  t.test(`a task leaves during its take-over, another instance ${inBetween}, and it comes back`, async (t) => {
    const world = await embedded(t, { in: 2, out: 2 })
    const gated = gatedEngines()
    const base = { applicationId: 'app', broker: world.broker, ...TIMES }
    const a = await started(t, counting(), { ...base, engines: gated.engines })
    const b = await started(t, counting(), base)
    await until(() => a.tasks().length === 1 && b.tasks().length === 1)
    const partition = Number(b.tasks()[0]!.split('_')[1])
    const feed = (count: number) =>
      world.send(Array.from({ length: count }, () => ({ topic: 'in', partition, key: 'k', value: 'v' })))
    const counted = (count: number) =>
      world.until('out', (rows) => rows.filter((row) => row.startsWith('k=')).length >= count, asInt64)
    await feed(5)
    await counted(5)
    gated.opening.shut()
    await b.close({ leaveGroup: true })
    t.ok(await until(() => gated.opening.waiting === 1), 'the task is being opened by the first')
    const c = await started(t, counting(), base)
    await until(() => c.tasks().length === 1)
    const more = inBetween === 'works' ? 10 : 0
    if (more > 0) await feed(more)
    await counted(5 + more)
    await until(() => (c.committedOffset('in', partition) ?? 0) >= 6 + more)
    await c.close({ leaveGroup: true })
    await until(() => a.state === 'rebalancing')
    gated.opening.release()
    t.ok(await until(() => a.tasks().length === 2), 'and is back')
    await feed(2)
    t.same(await counted(7 + more), numbers(7 + more), 'each record counted once')
  })
}

t.test('a commit whose outcome is not handled is in flight: a retry and a hand-over wait for it', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const gated = gatedEngines()
  const endTxn = new Gate()
  const transport = heldTransport(world.broker, {
    after: async ({ apiKey }) => {
      if (apiKey === endTxnApi.key) await endTxn.pass()
    },
  })
  let poisonLeft = 1
  const throwing = (value: string) => {
    if (value === 'poison' && poisonLeft-- > 0) throw new Error('not yet')
    return value
  }
  const base = {
    applicationId: 'app',
    broker: world.broker,
    ...TIMES,
    onProcessingError: () => 'retry' as const,
    retryBackoffMs: 10,
  }
  const a = await started(t, counting(throwing), { ...base, transport, engines: gated.engines })
  const b = await started(t, counting(throwing), base)
  await until(() => a.tasks().length === 1 && b.tasks().length === 1)
  const partition = Number(a.tasks()[0]!.split('_')[1])
  const feed = (...values: string[]) => world.send(values.map((value) => ({ topic: 'in', partition, key: 'k', value })))
  await feed('1', '2', '3')
  await until(() => (a.committedOffset('in', partition) ?? 0) >= 3)
  gated.opening.shut()
  await b.close({ leaveGroup: true })
  await until(() => gated.opening.waiting === 1)
  const c = await started(t, counting(throwing), base)
  endTxn.shut()
  await feed('4', '5', '6')
  t.ok(await until(() => endTxn.waiting === 1), 'the transaction is through, its answer is late')
  gated.closing.shut()
  await feed('poison')
  t.ok(await until(() => poisonLeft === 0), 'a handler wants it tried again, which waits for the commit')
  gated.opening.release()
  await until(() => gated.closing.waiting === 1)
  endTxn.release()
  // The answer is there before the store is closed.
  await until(() => endTxn.waiting === 0)
  await new Promise((resolve) => setImmediate(resolve))
  gated.closing.release()
  await until(() => c.tasks().length === 1)
  await feed('8', '9')
  const rows = await world.until('out', (all) => all.length >= 9, asInt64)
  t.same(rows, numbers(9))
})

t.test('a store that another life still holds is waited for', async (t) => {
  const world = await embedded(t, { in: 2, out: 2 })
  const memory = new MemoryEngines()
  let refusals = 0
  const engines: StateEngines = {
    async open(id) {
      if (id === '0_1' && refusals++ < 3) throw new MillraceError('STATE_LOCKED', 'held', { taskId: id })
      return memory.open(id)
    },
    list: () => memory.list(),
    setAside: (id, reason) => memory.setAside(id, reason),
  }
  const streams = await started(t, counting(), { applicationId: 'app', broker: world.broker, ...TIMES, engines })
  t.same(streams.tasks(), ['0_0', '0_1'])
  t.equal(refusals, 4)
})
