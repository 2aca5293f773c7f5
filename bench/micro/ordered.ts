/** The cost of `ordered: true` on LevelDB, and the speed of iterations: `node --import=tsx bench/micro/ordered.ts`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { string, systemClock } from '../../lib/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { LevelEngines } from '../../lib/state/engine/level-engine.js'
import type { OrderedKeyValueStore } from '../../lib/state/ports/ordered.js'
import { TaskState } from '../../lib/state/task-state.js'
import { storeDefinition } from '../../lib/topology/store-definition.js'

const KEYS = 200_000
const KEYS_PER_COMMIT = 1_000
const ROUNDS = 3
const VALUE = 'v'.repeat(100)

type Store = OrderedKeyValueStore<string, string>

interface Figures {
  readonly newKeys: number[]
  readonly updates: number[]
  readonly rows: number[]
  readonly firstTen: number[]
  readonly restored: number[]
}

/** By the CPU time of the process, so that a busy machine shows less. */
async function perSecond(count: number, act: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return (count * 1e6) / (user + system)
}

function open(engine: Awaited<ReturnType<LevelEngines['open']>>, ordered: boolean): Promise<TaskState> {
  const stores = [storeDefinition({ name: 'store', key: string, value: string, ordered })]
  return TaskState.open({ taskId: '0_0', stores, engine, clock: systemClock })
}

async function putAll(state: TaskState, keys: readonly string[]): Promise<void> {
  const store = state.store<Store>('store')
  for (let i = 0; i < keys.length; i++) {
    store.put(keys[i]!, VALUE, i)
    if (i % KEYS_PER_COMMIT !== KEYS_PER_COMMIT - 1) continue
    state.beginCommit(() => {})
    state.commitSucceeded(new Map())
    await state.maybeFlush()
  }
  await state.maybeFlush(true)
}

async function measure(ordered: boolean, figures: Figures): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-ordered-'))
  const engines = new LevelEngines({ folder, clock: systemClock })
  const random = seededRandom('ordered')
  const keys = Array.from({ length: KEYS }, (_, i) => `${random.int(2 ** 31)}/${i}`.padStart(15, '0'))
  let state = await open(await engines.open('0_0'), ordered)
  figures.newKeys.push(await perSecond(KEYS, () => putAll(state, keys)))
  const shuffled = keys.map((_, i) => keys[(i * 7_919) % KEYS]!)
  figures.updates.push(await perSecond(KEYS, () => putAll(state, shuffled)))
  await state.close({ flush: true })
  state = await open(await engines.open('0_0'), ordered)
  const store = state.store<Store>('store')
  if (ordered) {
    let rows = 0
    figures.rows.push(
      await perSecond(KEYS, () => {
        for (const { value } of store.all()) if (value === VALUE) rows++
      }),
    )
    if (rows !== KEYS) throw new Error(`met ${rows} of ${KEYS} rows`)
    figures.firstTen.push(
      await perSecond(10_000, () => {
        for (let i = 0; i < 10_000; i++) {
          let left = 10
          for (const _ of store.range(shuffled[i]!, null)) if (--left === 0) break
        }
      }),
    )
  }
  await state.close({ flush: false })
  await rm(folder, { recursive: true, force: true })
  const restoring = await open(await new LevelEngines({ folder, clock: systemClock }).open('0_0'), ordered)
  const value = Buffer.from(VALUE)
  figures.restored.push(
    await perSecond(KEYS, async () => {
      for (let i = 0; i < KEYS; i++) {
        restoring.restore('store', Buffer.from(keys[i]!), value, i)
        if (i % KEYS_PER_COMMIT === 0) await restoring.maybeFlush()
      }
      await restoring.maybeFlush(true)
    }),
  )
  await restoring.close({ flush: false })
  await rm(folder, { recursive: true, force: true })
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0

for (const ordered of [false, true]) {
  const figures: Figures = { newKeys: [], updates: [], rows: [], firstTen: [], restored: [] }
  for (let round = 0; round < ROUNDS; round++) await measure(ordered, figures)
  const text = Object.entries(figures).map(
    ([name, values]) => `${name} ${Math.round(median(values)).toLocaleString('en')}/s`,
  )
  process.stdout.write(`${ordered ? 'ordered    ' : 'not ordered'} ${text.join(', ')}\n`)
}
