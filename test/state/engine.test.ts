/** Every engine passes the store suite; LevelDB's own troubles have codes. */
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../lib/record/clock.js'
import { LevelEngines } from '../../lib/state/level-engine.js'
import { storeSuite } from '../../lib/testing/store-suite.js'
import { targets } from './targets.js'

for (const target of targets) {
  t.test(`store suite: ${target.name}`, async (t) => {
    for (const { name, run } of storeSuite(target.fresh)) t.test(name, run)
  })
}

const level = targets.find((target) => target.name === 'level')!

t.test('two processes on one folder: the second is told who is in the way', async (t) => {
  const { engines, folder, done } = await level.fresh()
  t.teardown(done)
  const engine = await engines.open('0_0')
  const other = new LevelEngines({ folder, clock: systemClock })
  await t.rejects(other.open('0_0'), { code: 'STATE_LOCKED', taskId: '0_0' })
  await engine.close()
  await (await other.open('0_0')).close()
})

t.test('damaged files are told apart from a lock, and setting them aside keeps them', async (t) => {
  const rows: [string, (folder: string) => Promise<void>][] = [
    ['CURRENT says nonsense', (folder) => writeFile(join(folder, 'CURRENT'), 'nonsense')],
    [
      'MANIFEST deleted',
      async (folder) => {
        for (const file of await readdir(folder)) if (file.startsWith('MANIFEST')) await rm(join(folder, file))
      },
    ],
  ]
  for (const [name, damage] of rows) {
    const { engines, folder, done } = await level.fresh()
    t.teardown(done)
    const engine = await engines.open('0_0')
    await engine.write([{ type: 'put', key: Buffer.from('a'), value: Buffer.from('1') }])
    await engine.close()
    await damage(join(folder, '0_0'))
    await t.rejects(engines.open('0_0'), { code: 'STATE_CORRUPT' }, name)
    await engines.setAside('0_0', 'STATE_CORRUPT')
    const again = await engines.open('0_0')
    t.equal(again.getSync(Buffer.from('a')), undefined)
    await again.close()
    const kept = (await readdir(folder)).filter((entry) => entry !== '0_0')
    t.equal(kept.length, 1)
    t.match(kept[0], /^0_0\.state-corrupt\.\d+$/)
    t.same(await engines.list(), ['0_0'])
  }
})

t.test('a folder that cannot be written', async (t) => {
  const { folder, done } = await level.fresh()
  t.teardown(done)
  const file = join(folder, 'a-file')
  await writeFile(file, '')
  const rows = [file]
  if (process.getuid?.() !== 0) {
    const readOnly = join(folder, 'read-only')
    await mkdir(readOnly)
    await chmod(readOnly, 0o500)
    rows.push(readOnly)
  }
  for (const path of rows) {
    const engines = new LevelEngines({ folder: path, clock: systemClock })
    await t.rejects(engines.open('0_0'), { code: 'STATE_UNWRITABLE' })
  }
})

t.test('more tasks than the budget carries', async (t) => {
  const { folder, done } = await level.fresh()
  t.teardown(done)
  const engines = new LevelEngines({
    folder,
    clock: systemClock,
    memoryBytes: 8 * 2 ** 20,
    files: 64,
    expectedTasks: 2,
  })
  const open = [await engines.open('0_0'), await engines.open('0_1'), await engines.open('0_2')]
  await t.rejects(engines.open('0_3'), { code: 'STATE_BUDGET', taskId: '0_3' })
  await open[0]?.close()
  open.push(await engines.open('0_3'))
  for (const engine of open.slice(1)) await engine.close()
})
