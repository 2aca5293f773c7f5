/** Very many tasks share a few databases: each sees its own part only, and what happens to one part stays there. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import type { StateEngine } from '../../lib/state/engine/engine.js'
import { StateBudget } from '../../lib/state/engine/state-budget.js'
import { storeSuite } from '../../lib/testing/suites/store/store-suite.js'
import { natives } from './targets.js'

t.setTimeout(120_000)

const KEY = Buffer.from('key')
const MANY = 2_000
const put = (engine: StateEngine, text: string) =>
  engine.write([{ type: 'put', key: KEY, value: Buffer.from(text) }], { sync: true })
const got = (engine: StateEngine) => engine.getSync(KEY)?.toString()

t.test('one budget is divided over the databases that may be open', async (t) => {
  const total = { memoryBytes: 128 * 2 ** 20, files: 512 }
  const rows: [tasks: number, shared: number | null, databases: number][] = [
    [1, null, 1],
    [12, null, 12],
    [64, null, 64],
    [65, 16, 16],
    [600, 16, 16],
    [20_000, 16, 16],
  ]
  for (const [tasks, shared, databases] of rows) {
    const { share, sharedDatabases } = new StateBudget(total, tasks)
    t.equal(sharedDatabases, shared, `${tasks} tasks`)
    t.ok(share.memoryBytes * databases <= total.memoryBytes)
    t.ok(share.files * databases <= total.files)
  }
  t.equal(new StateBudget({ memoryBytes: 1, files: 100 }, 13).sharedDatabases, 12, 'a process that may open few files')
  t.equal(new StateBudget({ memoryBytes: 1, files: 1 }, 13).sharedDatabases, 1)
})

for (const { name, skip, fresh, make } of natives) {
  const shared = async () => {
    const { folder, done } = await fresh()
    return { engines: await make({ folder, clock: systemClock, expectedTasks: MANY }), folder, done }
  }

  t.test(`store suite in a shared database: ${name}`, { skip }, async (t) => {
    for (const { name, run } of storeSuite(shared)) t.test(name, run)
  })

  t.test(`${name}: tasks of one database do not see each other`, { skip }, async (t) => {
    const { engines, folder, done } = await shared()
    t.teardown(done)
    // The same database, and ids of which one begins like the other.
    const ids = ['0_1', '0_17', '1_0', '0_33', '1_16']
    const open = await Promise.all(ids.map((id) => engines.open(id)))
    for (const [i, engine] of open.entries()) await put(engine, ids[i]!)
    t.same(
      (await readdir(folder)).filter((entry) => entry.startsWith('shared')),
      ['shared-1'],
    )
    t.same(await engines.list(), [...ids].sort())
    t.equal(await engines.remove('0_1'), false, 'open')
    for (const [i, engine] of open.entries()) {
      const entries: string[] = []
      for await (const [key, value] of engine.entries({})) entries.push(`${key} ${value}`)
      t.same(entries, [`key ${ids[i]}`])
    }
    await open[0]!.clear({})
    t.same(open.map(got), [undefined, ...ids.slice(1)])
    await open[1]!.close()
    t.throws(() => open[1]!.getSync(KEY), { code: 'STATE_CLOSED' })
    t.equal(await engines.remove('0_17'), true)
    t.equal(got(await engines.open('0_17')), undefined)
    await open[2]!.close()
    await engines.setAside('1_0', 'too old')
    t.equal(got(await engines.open('1_0')), undefined)
    t.equal(got(open[3]!), '0_33', 'others go on')
  })

  t.test(`${name}: where the state of a task lies is where it stays`, { skip }, async (t) => {
    const { folder, done } = await fresh()
    t.teardown(done)
    const few = () => make({ folder, clock: systemClock, expectedTasks: 2 })
    const many = () => make({ folder, clock: systemClock, expectedTasks: MANY })
    const before = await (await few()).open('0_0')
    await put(before, 'own')
    await before.close()
    for (const engines of [await many(), await few()]) {
      for (const [id, text] of [
        ['0_0', 'own'],
        ['0_1', 'shared'],
      ] as const) {
        const engine = await engines.open(id)
        if (id === '0_1' && got(engine) === undefined) await put(engine, text)
        t.equal(got(engine), text)
        await engine.close()
      }
    }
    await rm(join(folder, '0_1', 'SHARED'))
    const lost = await (await many()).open('0_1')
    t.equal(got(lost), undefined, 'nobody knows whose it is')
    await lost.close()
  })

  t.test(`${name}: damage is told to every task of the database, and each begins anew`, { skip }, async (t) => {
    const { folder, done } = await fresh()
    t.teardown(done)
    const ids = ['0_1', '0_17', '0_2']
    let engines = await make({ folder, clock: systemClock, expectedTasks: MANY })
    for (const id of ids) {
      const engine = await engines.open(id)
      await put(engine, id)
      await engine.close()
    }
    await writeFile(join(folder, 'shared-1', 'CURRENT'), 'nonsense')
    engines = await make({ folder, clock: systemClock, expectedTasks: MANY })
    for (const id of ['0_1', '0_17']) await t.rejects(engines.open(id), { code: 'STATE_DAMAGED', taskId: id })
    await engines.setAside('0_1', 'STATE_DAMAGED')
    const first = await engines.open('0_1')
    t.equal(got(first), undefined)
    await put(first, 'anew')
    const second = await engines.open('0_17')
    t.equal(got(second), undefined)
    await second.close()
    await engines.setAside('0_17', 'STATE_DAMAGED')
    t.equal(got(first), 'anew', 'set aside once')
    const other = await engines.open('0_2')
    t.equal(got(other), '0_2', 'another database is not concerned')
    t.equal((await readdir(folder)).filter((entry) => /^shared-1\./.test(entry)).length, 1)
  })
}

t.test('level: damage found in a shared database while it runs', async (t) => {
  const { folder, done } = await natives[0]!.fresh()
  t.teardown(done)
  const engines = await natives[0]!.make({ folder, clock: systemClock, expectedTasks: MANY })
  const told: string[] = []
  engines.onDamaged = (error) => told.push(`${error.code} ${error.taskId}`)
  for (const id of ['0_1', '0_17']) {
    const engine = await engines.open(id)
    await engine.write([{ type: 'put', key: KEY, value: Buffer.from('unmistakable') }])
    await engine.close()
  }
  // Opened once more, so that the log becomes a table.
  await (await engines.open('0_1')).close()
  const [one, two] = [await engines.open('0_1'), await engines.open('0_17')]
  for (const file of await readdir(join(folder, 'shared-1'))) {
    if (!file.endsWith('.ldb')) continue
    const bytes = await readFile(join(folder, 'shared-1', file))
    for (let at = bytes.indexOf('unmistakable'); at >= 0; at = bytes.indexOf('unmistakable', at + 1)) bytes[at]! ^= 1
    await writeFile(join(folder, 'shared-1', file), bytes, { flag: 'r+' })
  }
  t.throws(() => one.getSync(KEY), { code: 'STATE_DAMAGED', taskId: '0_1' })
  t.same(told.sort(), ['STATE_DAMAGED 0_1', 'STATE_DAMAGED 0_17'])
  t.throws(() => two.getSync(Buffer.from('another')), { code: 'STATE_DAMAGED', taskId: '0_17' })
  await one.close()
  await engines.setAside('0_1', 'STATE_DAMAGED')
  const again = await engines.open('0_1')
  t.equal(got(again), undefined, 'beside a task that has not heard of it yet')
  await put(again, 'anew')
  await two.close()
  await engines.setAside('0_17', 'STATE_DAMAGED')
  t.equal(got(again), 'anew')
  t.equal(got(await engines.open('0_17')), undefined)
})
