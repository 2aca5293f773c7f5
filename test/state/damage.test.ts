/**
 * Damage to the files of a task's state, between its lives and while it runs: noticed, kept beside, and never a wrong value.
 * A database holds numbered batches, each of which writes its number under several keys, so that any mixture of two shows.
 */
import { mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import { systemClock } from '../../lib/record/clock.js'
import type { EngineWrite, StateEngine, StateEngines } from '../../lib/state/engine/engine.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { natives } from './targets.js'

t.setTimeout(300_000)

const TASK = '0_0'
const KEYS = 40
const BATCHES = 60
const VALUE_BYTES = 1_000
const key = (n: number) => Buffer.from(`key-${String(n).padStart(4, '0')}`)
const ONE = Buffer.from('one')

/** Batch `n` sets every key to `n`; each value is large, so that there are several tables and a long log. */
async function write(engine: StateEngine, from: number, to: number): Promise<void> {
  for (let batch = from; batch < to; batch++) {
    const value = Buffer.alloc(VALUE_BYTES, batch)
    const writes: EngineWrite[] = Array.from({ length: KEYS }, (_, n) => ({ type: 'put', key: key(n), value }))
    if (batch === 3) writes.push({ type: 'put', key: ONE, value: ONE })
    await engine.write(writes)
  }
}

/** Two lives, so that both tables and a log contain something. */
async function fill(engines: StateEngines): Promise<void> {
  const first = await engines.open(TASK)
  await write(first, 0, BATCHES - 10)
  await first.close()
  const second = await engines.open(TASK)
  await write(second, BATCHES - 10, BATCHES)
  await second.close()
}

/** Number of the batch whose values are all there, -1 for an empty database. */
async function read(engine: StateEngine): Promise<number> {
  const found = Array.from({ length: KEYS }, (_, n) => engine.getSync(key(n)))
  const scanned = new Map<string, Buffer>()
  for await (const [name, value] of engine.entries({})) scanned.set(name.toString(), value)
  const many = await engine.getMany(found.map((_, n) => key(n)))
  const number = found[0]?.[0] ?? -1
  const right = (value: Buffer | undefined) =>
    number === -1 ? value === undefined : value?.equals(Buffer.alloc(VALUE_BYTES, number)) === true
  const all = [...found, ...many, ...found.map((_, n) => scanned.get(key(n).toString()))]
  if (!all.every(right)) throw new Error(`values of several batches, or wrong ones, beside ${number}`)
  if (number >= 3 && engine.getSync(ONE)?.equals(ONE) !== true) throw new Error('an old key is gone')
  return number
}

/** `damaged`, or the number of the last batch that is there. */
async function outcome(engines: StateEngines): Promise<string> {
  try {
    const engine = await engines.open(TASK)
    try {
      return String(await read(engine))
    } finally {
      await engine.close()
    }
  } catch (error) {
    if (isMillraceError(error, 'STATE_DAMAGED') && error.taskId === TASK) return 'damaged'
    throw error
  }
}

const TABLES = /\.(ldb|sst)$/
const LOGS = /^\d+\.log$/
const MANIFESTS = /^MANIFEST/

async function each(folder: string, which: RegExp, act: (path: string) => Promise<unknown>): Promise<void> {
  for (const file of await readdir(folder)) if (which.test(file)) await act(join(folder, file))
}

async function garble(path: string, every: number): Promise<void> {
  const bytes = await readFile(path)
  for (let at = 50; at < bytes.length; at += every) bytes[at]! ^= 0x5a
  await writeFile(path, bytes)
}

async function half(path: string): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size / 2))
}

async function becomeFolder(path: string): Promise<void> {
  await rm(path)
  await mkdir(path)
}

const empty = (path: string) => writeFile(path, '')

interface Row {
  readonly what: string
  readonly damage: (folder: string) => Promise<unknown>
  /** What it may lead to beside being noticed: an older whole batch, which the changelog brings up to date; or nothing lost. */
  readonly or?: 'older' | 'same'
}

const ROWS: readonly Row[] = [
  { what: 'CURRENT missing', damage: (folder) => rm(join(folder, 'CURRENT')) },
  { what: 'CURRENT empty', damage: (folder) => empty(join(folder, 'CURRENT')) },
  { what: 'CURRENT nonsense', damage: (folder) => writeFile(join(folder, 'CURRENT'), 'nonsense') },
  { what: 'CURRENT names another', damage: (folder) => writeFile(join(folder, 'CURRENT'), 'MANIFEST-777777\n') },
  { what: 'MANIFEST missing', damage: (folder) => each(folder, MANIFESTS, (path) => rm(path)) },
  { what: 'MANIFEST empty', damage: (folder) => each(folder, MANIFESTS, empty) },
  { what: 'MANIFEST cut', damage: (folder) => each(folder, MANIFESTS, (path) => truncate(path, 20)) },
  { what: 'MANIFEST half', damage: (folder) => each(folder, MANIFESTS, half), or: 'older' },
  { what: 'MANIFEST garbled', damage: (folder) => each(folder, MANIFESTS, (path) => garble(path, 97)) },
  { what: 'MANIFEST a folder', damage: (folder) => each(folder, MANIFESTS, becomeFolder) },
  { what: 'tables missing', damage: (folder) => each(folder, TABLES, (path) => rm(path)) },
  { what: 'tables empty', damage: (folder) => each(folder, TABLES, empty) },
  { what: 'tables half', damage: (folder) => each(folder, TABLES, half) },
  { what: 'tables garbled', damage: (folder) => each(folder, TABLES, (path) => garble(path, 997)) },
  { what: 'tables a folder', damage: (folder) => each(folder, TABLES, becomeFolder) },
  { what: 'log missing', damage: (folder) => each(folder, LOGS, (path) => rm(path)), or: 'older' },
  { what: 'log half', damage: (folder) => each(folder, LOGS, half), or: 'older' },
  { what: 'log empty', damage: (folder) => each(folder, LOGS, empty), or: 'older' },
  { what: 'log garbled', damage: (folder) => each(folder, LOGS, (path) => garble(path, 70_001)), or: 'older' },
  { what: 'every file empty', damage: (folder) => each(folder, /./, empty) },
  { what: 'the folder a file', damage: (folder) => rm(folder, { recursive: true }).then(() => empty(folder)) },
  { what: 'LOCK a folder', damage: (folder) => becomeFolder(join(folder, 'LOCK')), or: 'same' },
  {
    what: 'foreign files beside',
    damage: async (folder) => {
      await writeFile(join(folder, 'thumbs.db'), 'x')
      await writeFile(join(folder, '999999.ldb'), 'nonsense')
      await writeFile(join(folder, '999998.log'), 'nonsense')
    },
    or: 'same',
  },
]

for (const { name, skip, fresh, make } of natives) {
  for (const { what, damage, or } of ROWS) {
    t.test(`${name}: ${what}`, { skip }, async (t) => {
      const { engines, folder, done } = await fresh()
      t.teardown(done)
      await fill(engines)
      const other = await engines.open('0_1')
      await write(other, 0, 2)
      await damage(join(folder, TASK))
      for (let attempt = 0; attempt < 3; attempt++) {
        const found = await outcome(await make({ folder, clock: systemClock }))
        if (or === undefined) t.equal(found, 'damaged')
        else if (found !== 'damaged')
          t.ok(or === 'older' ? Number(found) < BATCHES : Number(found) === BATCHES - 1, found)
        if (found !== 'damaged') return
      }
      await engines.setAside(TASK, 'STATE_DAMAGED')
      t.equal(await outcome(engines), '-1', 'begins anew')
      t.equal(await read(other), 1, 'other tasks go on')
      const kept = (await readdir(folder)).filter((entry) => entry.startsWith(`${TASK}.`))
      t.equal(kept.length, 1, 'what was damaged is kept')
      await other.close()
    })
  }

  t.test(`${name}: one bit anywhere in its files never gives a wrong value`, { skip }, async (t) => {
    const { engines, folder, done } = await fresh()
    t.teardown(done)
    await fill(engines)
    const files = (await readdir(join(folder, TASK))).filter(
      (file) => !/LOCK|LOG|OPTIONS|IDENTITY|CHECKSUMS/.test(file),
    )
    const seen = { damaged: 0, older: 0 }
    // RocksDB takes its time to open.
    const spots = name === 'level' ? 8 : 3
    for (const file of files) {
      const path = join(folder, TASK, file)
      const bytes = await readFile(path)
      for (let spot = 0; spot < spots && bytes.length > 0; spot++) {
        const copy = join(folder, `copy-${file}-${spot}`)
        await copyFolder(join(folder, TASK), join(copy, TASK))
        const hurt = Buffer.from(bytes)
        hurt[Math.floor((bytes.length - 1) * (spot / (spots - 1)))]! ^= 1 << (spot % 8)
        await writeFile(join(copy, TASK, file), hurt)
        const found = await outcome(await make({ folder: copy, clock: systemClock }))
        seen[found === 'damaged' ? 'damaged' : 'older']++
        if (found !== 'damaged') t.match(found, /^\d+$/, `${file} ${spot}`)
        await rm(copy, { recursive: true })
      }
    }
    t.ok(seen.damaged > 3, JSON.stringify(seen))
  })

  t.test(
    `${name}: damage found while a task runs is told at once, and nothing reaches the database any more`,
    { skip },
    async (t) => {
      const { folder, done } = await fresh()
      t.teardown(done)
      const engines = await make({ folder, clock: systemClock })
      const told: string[] = []
      engines.onDamaged = (error) => told.push(`${error.code} ${error.taskId}`)
      await fill(engines)
      let engine = await engines.open(TASK)
      t.same(told, [])
      await each(join(folder, TASK), TABLES, (path) => overwriteValues(path))
      let code = ''
      try {
        for (let round = 0; round < 3; round++) await read(engine)
      } catch (error) {
        code = isMillraceError(error) ? error.code : String(error)
      }
      t.equal(code, 'STATE_DAMAGED')
      t.same(told, [`STATE_DAMAGED ${TASK}`], 'once')
      t.throws(() => engine.getSync(Buffer.from('never written')), { code: 'STATE_DAMAGED', taskId: TASK })
      await t.rejects(engine.write([{ type: 'put', key: ONE, value: ONE }]), { code: 'STATE_DAMAGED' })
      await engine.close()
      await engines.setAside(TASK, code)
      engine = await engines.open(TASK)
      t.equal(await read(engine), -1)
      await write(engine, 0, 4)
      t.equal(await read(engine), 3)
      await engine.close()
    },
  )

  t.test(`${name}: of what was set aside the newest is kept, and not more than a few`, { skip }, async (t) => {
    const { folder, done } = await fresh()
    t.teardown(done)
    const clock = new ManualClock(1_000)
    const engines = await make({ folder, clock })
    for (let round = 0; round < 5; round++) {
      await (await engines.open(TASK)).close()
      await engines.setAside(TASK, 'STATE_DAMAGED')
      clock.advance(1_000)
    }
    t.same((await readdir(folder)).sort(), ['0_0.state-damaged.4000', '0_0.state-damaged.5000'])
    for (let task = 1; task < 30; task++) {
      await (await engines.open(`0_${task}`)).close()
      await engines.setAside(`0_${task}`, 'STATE_DAMAGED')
      clock.advance(1_000)
    }
    t.equal((await readdir(folder)).length, 20)
  })
}

t.test('level: values written before there were checksums are read on', async (t) => {
  const { engines, folder, done } = await natives[0]!.fresh()
  t.teardown(done)
  await (await engines.open(TASK)).close()
  await rm(join(folder, TASK), { recursive: true })
  const { Level } = await import('level')
  const old = new Level<Buffer, Buffer>(join(folder, TASK), { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await old.put(ONE, ONE)
  await old.close()
  for (let life = 0; life < 2; life++) {
    const engine = await engines.open(TASK)
    t.same(engine.getSync(ONE), ONE)
    await engine.write([{ type: 'put', key: key(life), value: ONE }])
    t.same(engine.getSync(key(life)), ONE)
    await engine.close()
  }
})

/** Changes bytes of values in place: the file keeps its length, so that nothing but a checksum tells. */
async function overwriteValues(path: string): Promise<void> {
  const file = await open(path, 'r+').catch(() => null)
  // A compaction was quicker.
  if (file === null) return
  const bytes = await file.readFile()
  for (let at = 500; at < bytes.length - 2_000; at += VALUE_BYTES)
    await file.write(Buffer.from([bytes[at]! ^ 1]), 0, 1, at)
  await file.close()
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const file of await readdir(from)) await writeFile(join(to, file), await readFile(join(from, file)))
}
