/** Any history of a member, drawn: what must always hold of the tasks it owns. */
import t from 'tap'
import { seededRandom } from '../../../lib/record/random.js'
import { type TaskId, taskIdOf } from '../../../lib/record/task-id.js'
import {
  decideMembership,
  type MembershipAction,
  type MembershipEvent,
} from '../../../lib/runtime/membership/membership.js'
import { OUTSIDE } from '../../../lib/runtime/membership/membership-state.js'
import { ownsTask } from '../../../lib/runtime/membership/ownership.js'
import { assigned, closed, lost, notOpened, opened, producerLost, rebalance, stale, taskLost, turn } from './events.js'

t.test('any history: numbers rise, a store has one user, and what runs is owned', async (t) => {
  const random = seededRandom('membership')
  const ids = ['0_0', '0_1', '1_0']
  for (let round = 0; round < 300; round++) {
    let state = OUTSIDE
    /** Stores in use: what for, and under which number. */
    const stores = new Map<TaskId, { use: 'opening' | 'running' | 'closing'; number: number }>()
    let inFlight = false
    let generationId = 0
    let joining = false
    const seen = new Set<number>()
    const act = (action: MembershipAction) => {
      if (action.kind === 'open') {
        t.equal(inFlight, false, 'no commit is in flight')
        for (const { taskId, number } of action.tasks) {
          t.notOk(stores.has(taskId), `${taskId} is in use`)
          t.ok(ownsTask(state.owned, taskId, number))
          seen.add(number)
          stores.set(taskId, { use: 'opening', number })
        }
      } else if (action.kind === 'start') stores.set(action.taskId, { use: 'running', number: action.number })
      else if (action.kind === 'discard') stores.set(action.taskId, { use: 'closing', number: action.number })
      else if (action.kind === 'close') {
        for (const taskId of action.taskIds) {
          t.equal(stores.get(taskId)?.use, 'running')
          stores.set(taskId, { use: 'closing', number: 0 })
        }
      } else if (action.kind === 'join') {
        t.equal(joining, false, 'one join at a time')
        t.equal(inFlight, false, 'no commit is in flight')
        joining = true
      } else if (action.kind === 'commit') inFlight = true
    }
    const decide = (event: MembershipEvent) => {
      const step = decideMembership(state, event)
      state = step.state
      for (const action of step.actions) act(action)
    }
    for (let step = 0; step < 60; step++) {
      const [taskId, store] = [...stores][random.int(Math.max(1, stores.size))] ?? [taskIdOf(0, 0), undefined]
      const choice = random.int(9)
      if (choice === 0) decide(rebalance)
      else if (choice === 1 && random.next() < 0.3) decide(random.next() < 0.5 ? lost : stale)
      else if (choice === 2 && joining) {
        joining = false
        generationId += random.next() < 0.8 ? 1 : 2
        decide(
          assigned(
            generationId,
            ids.filter(() => random.next() < 0.6),
          ),
        )
      } else if (choice === 3) inFlight = random.next() < 0.5
      else if (choice === 4 && random.next() < 0.2) decide(producerLost)
      else if (choice === 5) decide({ kind: 'producerReady' })
      else if (choice === 6 && store !== undefined) {
        if (store.use === 'opening') {
          const failed = random.next() < 0.3
          if (failed) stores.delete(taskId)
          decide(failed ? notOpened(taskId.text, store.number) : opened(taskId.text, store.number))
        } else if (store.use === 'closing') {
          stores.delete(taskId)
          decide(closed(taskId.text))
        } else if (random.next() < 0.2) decide(taskLost(taskId.text))
      } else decide(turn({ inFlight, pending: random.next() < 0.5 }))
      for (const [id, { use, number }] of stores) {
        if (use === 'running') t.ok(ownsTask(state.owned, id, number), `${id} runs under a number that we own`)
      }
    }
  }
})
