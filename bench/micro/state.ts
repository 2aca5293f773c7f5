/** LevelDB and RocksDB under one task, alternating: `node --import=tsx bench/micro/state.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/record/clock.js'
import type { EngineWrite, StateEngine, StateEngines } from '../../lib/state/engine/engine.js'
import { LevelEngines } from '../../lib/state/engine/level-engine.js'
import { RocksdbEngines } from '../../lib/state/engine/rocksdb-engine.js'

const KEYS = 500_000
/** About the 4 MiB of one flush. */
const BATCH = 25_000
const READS = 100_000
const ROUNDS = 5
const WHAT = ['puts/s', 'longest stop ms', 'getSync/s', 'getSync/s of missing keys', 'scanned/s'] as const

type Figures = Record<(typeof WHAT)[number], number>

const ENGINES: readonly [name: string, make: (folder: string) => Promise<StateEngines>][] = [
  ['LevelDB', async (folder) => new LevelEngines({ folder, clock: systemClock })],
  ['RocksDB', (folder) => RocksdbEngines.load({ folder, clock: systemClock })],
]

/** In an order that jumps about, the same every time. */
const keyAt = (n: number, prefix = 'user-') => Buffer.from(prefix + String((n * 314_159) % KEYS).padStart(10, '0'))

async function seconds(act: () => Promise<void>): Promise<number> {
  const start = systemClock.monotonicMs()
  await act()
  return (systemClock.monotonicMs() - start) / 1_000
}

/** Every key is written twice; the engine's own share of the event loop is the time a write takes to return. */
async function fill(engine: StateEngine): Promise<number> {
  let longestMs = 0
  for (let n = 0; n < 2 * KEYS; n += BATCH) {
    const value = Buffer.alloc(100, n % 251)
    const writes: EngineWrite[] = Array.from({ length: BATCH }, (_, i) => ({ type: 'put', key: keyAt(n + i), value }))
    const start = systemClock.monotonicMs()
    const written = engine.write(writes)
    longestMs = Math.max(longestMs, systemClock.monotonicMs() - start)
    await written
  }
  return longestMs
}

async function get(engine: StateEngine, prefix: string): Promise<void> {
  for (let n = 0; n < READS; n++) {
    const found = engine.getSync(keyAt(n * 7, prefix)) !== undefined
    if (found !== (prefix === 'user-')) throw new Error('a key has another value than was written')
  }
}

async function scan(engine: StateEngine): Promise<void> {
  let entries = 0
  for await (const _ of engine.entries({})) entries++
  if (entries !== KEYS) throw new Error(`${entries} entries instead of ${KEYS}`)
}

async function round(make: (folder: string) => Promise<StateEngines>): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  try {
    const engine = await (await make(folder)).open('0_0')
    let longestMs = 0
    const filling = await seconds(async () => {
      longestMs = await fill(engine)
    })
    const figures = {
      'puts/s': (2 * KEYS) / filling,
      'longest stop ms': longestMs,
      'getSync/s': READS / (await seconds(() => get(engine, 'user-'))),
      'getSync/s of missing keys': READS / (await seconds(() => get(engine, 'none-'))),
      'scanned/s': KEYS / (await seconds(() => scan(engine))),
    }
    await engine.close()
    return figures
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const found = new Map<string, Figures[]>(ENGINES.map(([name]) => [name, []]))
for (let n = 0; n < ROUNDS; n++) {
  for (const [name, make] of ENGINES) found.get(name)!.push(await round(make))
}
for (const what of WHAT) {
  const line = [...found].map(([name, rounds]) => {
    const sorted = rounds.map((figures) => figures[what]).sort((a, b) => a - b)
    const show = (value: number) => Math.round(value).toLocaleString('en')
    return `${name} ${show(sorted[ROUNDS >> 1]!)} (${show(sorted[0]!)} to ${show(sorted.at(-1)!)})`
  })
  process.stdout.write(`${what}: ${line.join(', ')}\n`)
}
