/** What an abort leaves of a task's stores. */
import t from 'tap'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { KeyValueStore } from '../../lib/state/ports/store.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { store } from './targets.js'

t.test('an abort drops what is in flight and what is open', async (t) => {
  const engine = new MemoryEngines().openSync('0_0')
  const state = TaskState.openSync({
    taskId: '0_0',
    stores: [store({ name: 'table' })],
    clock: new ManualClock(),
    engine,
  })
  const table = state.store<KeyValueStore<string, number>>('table')
  table.put('a', 1, 1)
  state.beginCommit(() => undefined)
  state.commitSucceeded(new Map())
  table.put('a', 2, 2)
  table.put('b', 2, 2)
  state.beginCommit(() => undefined)
  table.put('a', 3, 3)
  state.commitAborted()
  t.equal(table.get('a')?.value, 1)
  t.equal(table.get('b'), null)
  state.beginCommit(() => t.fail('nothing of it is left for the next commit'))
})
