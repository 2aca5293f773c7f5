/** What a task's state says on disk about a restore that is under way: enough to continue it rightly, or to begin anew. */
import t from 'tap'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { TaskStateOptions } from '../../lib/state/state-options.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { store } from './targets.js'

function opened(stores: TaskStateOptions['stores'], engines: MemoryEngines, clock = new ManualClock()) {
  return TaskState.openSync({ taskId: '0_0', stores, clock, engine: engines.openSync('0_0') })
}

t.test('written-at is the start of a restore until the end is reached', async (t) => {
  const engines = new MemoryEngines()
  const clock = new ManualClock(1_000)
  let state = opened([store({ name: 'table' })], engines, clock)
  t.equal(state.checkpoint('table'), null)
  clock.advance(500)
  state.restore('table', Buffer.from('a'), Buffer.alloc(8), 1)
  state.restored('table', 10, 'id')
  await state.close({ flush: true })
  state = opened([store({ name: 'table' })], engines, clock)
  t.same(state.checkpoint('table'), { offset: 10, topicId: 'id', writtenAtMs: 1_000, restoredFrom: null })
  clock.advance(500)
  state.restored('table', 20, 'id', true)
  await state.maybeFlush(true)
  await state.close({ flush: false })
  state = opened([store({ name: 'table' })], engines, clock)
  t.same(state.checkpoint('table'), { offset: 20, topicId: 'id', writtenAtMs: 2_000, restoredFrom: null })
})

t.test('a restore from the log start says so on disk until it has ended', async (t) => {
  const engines = new MemoryEngines()
  const stores = [store({ name: 'table' })]
  let state = opened(stores, engines)
  const restart = async (flush: boolean) => {
    await state.close({ flush })
    state = opened(stores, engines)
    return state.checkpoint('table')
  }
  state.beginRestore('table', 7, 'id')
  t.match(await restart(true), { offset: 7, topicId: 'id', restoredFrom: 7 }, 'before the first record')
  state.beginRestore('table', 7, 'id')
  state.restore('table', Buffer.from('a'), Buffer.alloc(8), 1)
  state.restored('table', 10, 'id')
  t.match(await restart(true), { offset: 10, restoredFrom: 7 }, 'what was read, and how far, together')
  state.beginRestore('table', 10, 'id')
  state.restored('table', 20, 'id', true)
  t.match(await restart(true), { offset: 20, restoredFrom: null }, 'the end')
  state.beginRestore('table', 20, 'id')
  state.restored('table', 25, 'id')
  t.match(await restart(true), { offset: 25, restoredFrom: null }, 'rolling forward from what was complete')
})
