/** Objects that a serde keeps: the store has the object itself until the commit, and bytes from then on. */
import t from 'tap'
import { string } from '../../../lib/serde/primitive.js'
import type { Serde } from '../../../lib/serde/serde.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../../lib/state/ports/store.js'
import { TaskState } from '../../../lib/state/task-state.js'
import { ManualClock } from '../../../lib/testing/manual-clock.js'
import { store } from '../targets.js'

interface Tally {
  count: number
}

let serialized = 0
const tally: Serde<Tally> = {
  name: 'tally',
  serialize({ count }) {
    serialized++
    return Buffer.from(String(count))
  },
  deserialize: (bytes) => ({ count: Number(bytes.toString()) }),
  keeps: (value) => (value as Tally).count >= 0,
}

function open(settings: Parameters<typeof store>[0]) {
  serialized = 0
  const state = TaskState.openSync({
    taskId: '0_0',
    stores: [store({ keySerde: string, valueSerde: tally as Serde<unknown>, cached: false, ...settings })],
    clock: new ManualClock(),
    engine: new MemoryEngines().openSync('0_0'),
  })
  const changes: (string | null)[] = []
  const commit = () => state.beginCommit((_, __, value) => changes.push(value === null ? null : String(value)))
  return { state, changes, commit, table: state.store<KeyValueStore<string, Tally>>(settings.name!) }
}

t.test('what it is at the commit is stored, once', async (t) => {
  const { state, changes, commit, table } = open({ name: 'tallies' })
  const one = { count: 1 }
  table.put('a', one, 1)
  t.equal(table.get('a')?.value, one)
  one.count = 2
  table.put('a', one, 5)
  t.equal(table.get('a')?.timestamp, 5)
  table.put('b', { count: 7 }, 1)
  table.put('b', null, 1)
  t.equal(serialized, 0)
  commit()
  t.equal(serialized, 1)
  t.same(changes, ['2', null])
  t.same(table.get('a')?.value, { count: 2 })
  one.count = 9
  t.same(table.get('a')?.value, { count: 2 }, 'what is in flight is out of reach')
  state.commitSucceeded(new Map())
  one.count = 10
  t.same(table.get('a')?.value, { count: 2 }, 'and what is committed')
})

t.test('an abort drops the object', async (t) => {
  const { state, commit, table } = open({ name: 'tallies' })
  table.put('a', { count: 1 }, 1)
  commit()
  state.commitSucceeded(new Map())
  const two = table.get('a')!.value
  two.count = 2
  table.put('a', two, 2)
  commit()
  const three = table.get('a')!.value
  three.count = 3
  table.put('a', three, 3)
  state.commitAborted()
  t.same(table.get('a')?.value, { count: 1 })
})

t.test('the serde decides for each object', async (t) => {
  const { table } = open({ name: 'tallies' })
  const negative = { count: -1 }
  table.put('a', negative, 1)
  negative.count = 5
  t.same(table.get('a')?.value, { count: -1 })
  t.equal(serialized, 1)
})

t.test('a store with headers keeps none', async (t) => {
  const { table } = open({ name: 'tallies', headers: true })
  const one = { count: 1 }
  table.put('a', one, 1)
  one.count = 5
  t.same(table.get('a')?.value, { count: 1 })
})

t.test('a store with a record cache keeps none: its listener is told what was there before', async (t) => {
  const { state, table } = open({ name: 'tallies', cached: true })
  const told: unknown[] = []
  const listening = table as unknown as {
    onFlush(listener: (key: string, value: unknown, before: unknown) => void): void
  }
  listening.onFlush((_, value, before) => told.push([value, before]))
  const one = { count: 1 }
  table.put('a', one, 1)
  state.flushListeners()
  one.count = 2
  table.put('a', one, 2)
  state.flushListeners()
  t.same(told, [
    [{ count: 1 }, null],
    [{ count: 2 }, { count: 1 }],
  ])
})
