/** Cases for an engine: it passes the store suite; a native store's own troubles have codes, and a kill leaves whole batches. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t from 'tap'
import { systemClock } from '../../../lib/record/clock.js'
import type { StateEngine } from '../../../lib/state/engine/engine.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { storeSuite } from '../../../lib/testing/suites/store/store-suite.js'
import { natives, targets } from '../targets.js'

const SEQUENCE = ['first', 'second', 'third'].map((key) => Buffer.from(key))

/** What every engine must do. */
export function engineCases(name: string): void {
  t.setTimeout(120_000)
  const target = targets.find((each) => each.name === name)!
  t.test(`store suite: ${name}`, { skip: target.skip }, async (t) => {
    for (const { name, run } of storeSuite(target.fresh)) t.test(name, run)
  })
}

/** And those that keep their state in a folder. */
export function nativeCases(native: string): void {
  engineCases(native)
  const { name, skip, fresh, make } = natives.find((each) => each.name === native)!
  t.test(`${name}: two processes on one folder: the second is told who is in the way`, { skip }, async (t) => {
    const { engines, folder, done } = await fresh()
    t.teardown(done)
    const engine = await engines.open('0_0')
    const other = await make({ folder, clock: systemClock })
    await t.rejects(other.open('0_0'), { code: 'STATE_LOCKED', taskId: '0_0' })
    await engine.close()
    await (await other.open('0_0')).close()
  })

  t.test(
    `${name}: damaged files are told apart from a lock, and setting them aside keeps them`,
    { skip },
    async (t) => {
      for (const [what, damage] of DAMAGES) {
        const { engines, folder, done } = await fresh()
        t.teardown(done)
        const engine = await engines.open('0_0')
        await engine.write([{ type: 'put', key: Buffer.from('a'), value: Buffer.from('1') }])
        await engine.close()
        await damage(join(folder, '0_0'))
        await t.rejects(engines.open('0_0'), { code: 'STATE_DAMAGED' }, what)
        await engines.setAside('0_0', 'STATE_DAMAGED')
        const again = await engines.open('0_0')
        t.equal(again.getSync(Buffer.from('a')), undefined)
        await again.close()
        const kept = (await readdir(folder)).filter((entry) => entry !== '0_0')
        t.equal(kept.length, 1)
        t.match(kept[0], /^0_0\.state-damaged\.\d+$/)
        t.same(await engines.list(), ['0_0'])
      }
    },
  )

  t.test(`${name}: a table that was overwritten is damage, not a wrong value`, { skip }, async (t) => {
    const { engines, folder, done } = await fresh()
    t.teardown(done)
    let engine = await engines.open('0_0')
    const key = (n: number) => Buffer.from(`key-${n}`)
    for (let batch = 0; batch < 20; batch++) {
      const value = Buffer.alloc(1_000, batch)
      const keys = Array.from({ length: 1_000 }, (_, n) => key(batch * 1_000 + n))
      await engine.write(keys.map((key) => ({ type: 'put', key, value })))
    }
    await engine.close()
    const tables = (await readdir(join(folder, '0_0'))).filter((file) => /\.(ldb|sst)$/.test(file))
    t.ok(tables.length > 0, 'some of it is in tables')
    for (const table of tables) {
      const path = join(folder, '0_0', table)
      const bytes = await readFile(path)
      if (bytes.length < 100_000) continue
      bytes.fill(7, 100, bytes.length - 10_000)
      await writeFile(path, bytes)
    }
    const outcomes = new Set<string>()
    try {
      engine = await engines.open('0_0')
      for (let n = 0; n < 20_000; n += 100) outcomes.add(outcomeOf(engine, key(n), Math.floor(n / 1_000)))
      await t.rejects(readAll(engine), { code: 'STATE_DAMAGED' })
      await engine.close()
    } catch (error) {
      outcomes.add((error as { code: string }).code)
    }
    outcomes.delete('right')
    t.same([...outcomes], ['STATE_DAMAGED'])
  })

  t.test(`${name}: a folder that cannot be written`, { skip }, async (t) => {
    const { folder, done } = await fresh()
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
      const engines = await make({ folder: path, clock: systemClock })
      await t.rejects(engines.open('0_0'), { code: 'STATE_UNWRITABLE' })
    }
  })

  t.test(`${name}: closing waits for reads under way, and lets go of the folder`, { skip }, async (t) => {
    const { engines, done } = await fresh()
    t.teardown(done)
    for (let round = 0; round < 5; round++) {
      const engine = await engines.open('0_0')
      await engine.write(SEQUENCE.map((key) => ({ type: 'put', key, value: Buffer.alloc(100_000, round) })))
      const reads = Array.from({ length: 20 }, () => engine.getMany(SEQUENCE))
      const scan = readAll(engine)
      const closed = engine.close()
      t.throws(() => engine.getSync(SEQUENCE[0]!), { code: 'STATE_CLOSED' })
      for (const read of await Promise.allSettled([...reads, scan])) {
        if (read.status === 'rejected') t.match(read.reason, { code: 'STATE_CLOSED' })
      }
      await closed
    }
  })

  t.test(`${name}: removes what is not open anywhere, and what was set aside long enough ago`, { skip }, async (t) => {
    const { folder, done } = await fresh()
    t.teardown(done)
    const clock = new ManualClock(1_000)
    const engines = await make({ folder, clock })
    const other = await make({ folder, clock })
    t.same(await engines.remove('0_0'), true, 'nothing there')
    const engine = await engines.open('0_0')
    await engine.write([{ type: 'put', key: SEQUENCE[0]!, value: SEQUENCE[1]! }])
    t.equal(await engines.remove('0_0'), false, 'open here')
    t.equal(await other.remove('0_0'), false, 'open elsewhere')
    t.same(await readdir(folder), ['0_0'])
    t.ok(engine.getSync(SEQUENCE[0]!))
    await engine.close()
    const [removed, opened] = await Promise.all([engines.remove('0_0'), engines.open('0_0')])
    t.equal(removed, true)
    t.equal(opened.getSync(SEQUENCE[0]!), undefined, 'who opens it meanwhile waits, and finds nothing')
    await opened.close()
    await writeFile(join(folder, '0_0', 'CURRENT'), 'nonsense')
    t.equal(await engines.remove('0_0'), true, 'damaged')
    t.same(await readdir(folder), [])

    for (const atMs of [2_000, 3_000]) {
      await (await engines.open('0_0')).close()
      clock.advance(1_000)
      await engines.setAside('0_0', `at ${atMs}`)
    }
    await mkdir(join(folder, '0_7.obsolete.9000'))
    await (await engines.open('process')).close()
    await engines.removeSetAside(3_000)
    t.same((await readdir(folder)).sort(), ['0_0.at-3000.3000', 'process'], 'a removal cut short is finished')
    await engines.removeSetAside(Number.POSITIVE_INFINITY)
    t.same(await readdir(folder), ['process'])
  })

  t.test(
    `${name}: kill -9 while it writes leaves whole batches, and every one it has acknowledged`,
    {
      skip,
    },
    async (t) => {
      const { engines, folder, done } = await fresh()
      t.teardown(done)
      let least = 0
      for (const acknowledgements of [1, 100]) {
        const acknowledged = await writeUntilKilled(name, folder, acknowledgements)
        least = Math.max(least, acknowledged)
        const engine = await engines.open('0_0')
        const found = SEQUENCE.map((key) => engine.getSync(key)?.readUInt32BE() ?? 0)
        t.equal(new Set(found).size, 1, `all of a batch or nothing: ${found}`)
        t.ok(found[0]! >= least, `${found[0]} written, ${least} acknowledged`)
        await engine.close()
      }
    },
  )

  for (const writer of natives.filter((each) => each.name !== name)) {
    const cannot = skip === false ? writer.skip : skip
    t.test(`${name}: a folder of ${writer.name} is refused, and kept when set aside`, { skip: cannot }, async (t) => {
      const { engines, folder, done } = await writer.fresh()
      t.teardown(done)
      await (await engines.open('0_0')).close()
      const other = await make({ folder, clock: systemClock })
      await t.rejects(other.open('0_0'), { code: 'STATE_LAYOUT_UNSUPPORTED', taskId: '0_0' })
      await other.setAside('0_0', 'STATE_LAYOUT_UNSUPPORTED')
      await (await other.open('0_0')).close()
    })
  }
}

const DAMAGES: [string, (folder: string) => Promise<void>][] = [
  ['CURRENT says nonsense', (folder) => writeFile(join(folder, 'CURRENT'), 'nonsense')],
  [
    'MANIFEST deleted',
    async (folder) => {
      for (const file of await readdir(folder)) if (file.startsWith('MANIFEST')) await rm(join(folder, file))
    },
  ],
]

function outcomeOf(engine: StateEngine, key: Buffer, fill: number): string {
  try {
    return engine.getSync(key)?.equals(Buffer.alloc(1_000, fill)) === true ? 'right' : 'wrong'
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function readAll(engine: StateEngine): Promise<void> {
  for await (const _ of engine.entries({}));
}

/** Starts a process that writes one batch after the other, kills it after some, and returns the last acknowledged. */
async function writeUntilKilled(name: string, folder: string, acknowledgements: number): Promise<number> {
  const script = join(import.meta.dirname, 'engine-writer.ts')
  const child: ChildProcess = spawn(process.execPath, ['--import=tsx', script, name, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = 0
  let seen = 0
  for await (const line of createInterface({ input: child.stdout! })) {
    last = Number(line)
    if (++seen === acknowledgements) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return last
}
