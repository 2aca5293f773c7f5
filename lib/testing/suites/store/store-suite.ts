/** The requirements for every storage engine, as tests. Run them on your own engine before you use it. */
import assert from 'node:assert/strict'
import { isMillraceError } from '../../../errors.js'
import type { EngineWrite, KeyRange, StateEngine, StateEngines } from '../../../state/engine/engine.js'
import { type EnginesCase, ORDERED_CASES } from './ordered-stores.js'
import { ORDERED_WINDOW_CASES } from './window-stores.js'

/** One case of the suite. */
export interface StoreSuiteCase {
  readonly name: string
  /** Rejects with an AssertionError if the engine fails the case. */
  run(): Promise<void>
}

const put = (key: Buffer | string, value: Buffer | string): EngineWrite => ({
  type: 'put',
  key: Buffer.from(key),
  value: Buffer.from(value),
})
const del = (key: Buffer | string): EngineWrite => ({ type: 'del', key: Buffer.from(key) })

async function collect(engine: StateEngine, range: KeyRange): Promise<[string, string][]> {
  const found: [string, string][] = []
  for await (const [key, value] of engine.entries(range)) found.push([key.toString('latin1'), value.toString('latin1')])
  return found
}

async function keysOf(engine: StateEngine, range: KeyRange): Promise<string> {
  return (await collect(engine, range)).map(([key]) => key).join(' ')
}

const CODED = (code: 'STATE_CLOSED' | 'STATE_LOCKED') => (error: unknown) => isMillraceError(error, code)

type EngineCase = readonly [name: string, check: (engine: StateEngine) => Promise<void>]

const ENGINE_CASES: readonly EngineCase[] = [
  [
    'reads back what was written, and undefined where nothing was',
    async (engine) => {
      await engine.write([put('a', '1'), put('b', '')])
      assert.equal(engine.getSync(Buffer.from('a'))?.toString(), '1')
      assert.equal(engine.getSync(Buffer.from('b'))?.length, 0)
      assert.equal(engine.getSync(Buffer.from('c')), undefined)
      await engine.write([del('a'), del('never there')])
      assert.equal(engine.getSync(Buffer.from('a')), undefined)
    },
  ],
  [
    'answers many keys in their order',
    async (engine) => {
      await engine.write([put('a', '1'), put('c', '3')])
      const found = await engine.getMany(['c', 'b', 'a', 'c'].map((key) => Buffer.from(key)))
      assert.deepEqual(
        found.map((value) => value?.toString()),
        ['3', undefined, '1', '3'],
      )
    },
  ],
  [
    'hands out and keeps private copies',
    async (engine) => {
      const write = put('a', 'old') as { key: Buffer; value: Buffer; type: 'put' }
      const written = engine.write([write])
      await written
      write.value.fill(0)
      write.key.fill(0)
      const read = engine.getSync(Buffer.from('a'))!
      assert.equal(read.toString(), 'old')
      read.fill(0)
      assert.equal(engine.getSync(Buffer.from('a'))?.toString(), 'old')
    },
  ],
  [
    'applies a batch in order: the last write of a key wins',
    async (engine) => {
      await engine.write([put('a', '1'), del('a'), put('a', '2'), put('b', '1'), del('b')])
      assert.deepEqual(await collect(engine, {}), [['a', '2']])
    },
  ],
  [
    'orders keys by their bytes',
    async (engine) => {
      const keys = [[0], [0, 0], [0, 1], [1], [0x7f], [0x80], [0xff], [0xff, 0xff]]
      await engine.write([...keys].reverse().map((key) => put(Buffer.from(key), 'x')))
      const found = await collect(engine, {})
      assert.deepEqual(
        found.map(([key]) => [...Buffer.from(key, 'latin1')]),
        keys,
      )
    },
  ],
  [
    'scans half-open ranges, both ways, with a limit',
    async (engine) => {
      await engine.write(['a', 'b', 'c', 'd'].map((key) => put(key, key)))
      const b = Buffer.from('b')
      const d = Buffer.from('d')
      assert.equal(await keysOf(engine, { gte: b, lt: d }), 'b c')
      assert.equal(await keysOf(engine, { gte: b, lt: d, reverse: true }), 'c b')
      assert.equal(await keysOf(engine, { gte: b }), 'b c d')
      assert.equal(await keysOf(engine, { lt: d, limit: 2 }), 'a b')
      assert.equal(await keysOf(engine, { reverse: true, limit: 1 }), 'd')
      assert.equal(await keysOf(engine, { gte: d, lt: b }), '')
    },
  ],
  [
    'scans what was there when the scan began',
    async (engine) => {
      await engine.write(Array.from({ length: 2000 }, (_, n) => put(`k${String(n).padStart(5, '0')}`, 'old')))
      const values = new Set<string>()
      let count = 0
      for await (const [, value] of engine.entries({})) {
        if (count++ === 0) await engine.write([put('k01999', 'new'), put('k99999', 'new'), del('k01500')])
        values.add(value.toString())
      }
      assert.equal(count, 2000)
      assert.deepEqual([...values], ['old'])
    },
  ],
  [
    'lets a scan end early and still closes',
    async (engine) => {
      await engine.write(['a', 'b', 'c'].map((key) => put(key, key)))
      for await (const [key] of engine.entries({})) if (key.toString() === 'b') break
      await engine.close()
    },
  ],
  [
    'clears ranges, and clearing again is harmless',
    async (engine) => {
      await engine.write(['a', 'b', 'c', 'd'].map((key) => put(key, key)))
      const range = { gte: Buffer.from('b'), lt: Buffer.from('d') }
      await engine.clear(range)
      await engine.clear(range)
      assert.equal(await keysOf(engine, {}), 'a d')
    },
  ],
  [
    'keeps values of a megabyte',
    async (engine) => {
      const value = Buffer.alloc(2 ** 20, 'abc')
      await engine.write([put('big', value)], { sync: true })
      assert.ok(engine.getSync(Buffer.from('big'))?.equals(value))
    },
  ],
  [
    'refuses everything with a code once closed, and closes twice',
    async (engine) => {
      await engine.close()
      await engine.close()
      const closed = CODED('STATE_CLOSED')
      assert.throws(() => engine.getSync(Buffer.from('a')), closed)
      await assert.rejects(engine.getMany([Buffer.from('a')]), closed)
      await assert.rejects(engine.write([put('a', '1')]), closed)
      await assert.rejects(engine.clear({}), closed)
      await assert.rejects(collect(engine, {}), closed)
    },
  ],
]

const ENGINES_CASES: readonly EnginesCase[] = [
  [
    'finds what was written after closing and opening',
    async (engines) => {
      const first = await engines.open('0_1')
      await first.write([put('a', '1')])
      await first.close()
      const again = await engines.open('0_1')
      assert.equal(again.getSync(Buffer.from('a'))?.toString(), '1')
      await again.close()
    },
  ],
  [
    'opens a task once at a time, and tasks apart from each other',
    async (engines) => {
      const first = await engines.open('0_1')
      const other = await engines.open('0_2')
      await first.write([put('a', '1')])
      assert.equal(other.getSync(Buffer.from('a')), undefined)
      await assert.rejects(engines.open('0_1'), CODED('STATE_LOCKED'))
      await assert.rejects(engines.setAside('0_1', 'still open'), CODED('STATE_LOCKED'))
      await first.close()
      await other.close()
      assert.deepEqual(await engines.list(), ['0_1', '0_2'])
    },
  ],
  [
    'sets a task aside, again and again, and starts empty',
    async (engines) => {
      for (let round = 0; round < 3; round++) {
        const engine = await engines.open('0_1')
        assert.equal(engine.getSync(Buffer.from('a')), undefined)
        await engine.write([put('a', '1')])
        await engine.close()
        await engines.setAside('0_1', 'damaged / on purpose')
        assert.deepEqual(await engines.list(), [])
      }
      await engines.setAside('0_9', 'never there')
    },
  ],
]

/** The cases that a storage engine must pass. `fresh` makes empty engines for a case, `done` disposes of them. */
export function storeSuite(
  fresh: () => Promise<{ readonly engines: StateEngines; readonly done: () => Promise<void> }>,
): StoreSuiteCase[] {
  const onEngines = async (check: (engines: StateEngines) => Promise<void>) => {
    const { engines, done } = await fresh()
    try {
      await check(engines)
    } finally {
      await done()
    }
  }
  return [
    ...[...ENGINES_CASES, ...ORDERED_CASES, ...ORDERED_WINDOW_CASES].map(([name, check]) => ({
      name,
      run: () => onEngines(check),
    })),
    ...ENGINE_CASES.map(([name, check]) => ({
      name,
      run: () =>
        onEngines(async (engines) => {
          const engine = await engines.open('0_0')
          await check(engine)
          await engine.close()
        }),
    })),
  ]
}
