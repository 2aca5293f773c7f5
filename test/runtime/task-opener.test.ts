/** Take-overs that fail: how long is counted anew for each ownership. */
import t from 'tap'
import { MillraceError } from '../../lib/index.js'
import { seededRandom } from '../../lib/record/random.js'
import type { TaskId } from '../../lib/record/task-id.js'
import type { MembershipEvent } from '../../lib/runtime/membership/membership.js'
import { type MembershipState, OUTSIDE } from '../../lib/runtime/membership/membership-state.js'
import type { OwnedTask } from '../../lib/runtime/membership/ownership.js'
import { RetryUntilTimeout } from '../../lib/runtime/retry-until-timeout.js'
import type { TakeOver } from '../../lib/runtime/tasks/take-over.js'
import { TaskOpener } from '../../lib/runtime/tasks/task-opener.js'
import type { TaskSet } from '../../lib/runtime/tasks/task-set.js'
import type { ResolvedTopology } from '../../lib/runtime/topics/resolved-topology.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { id, ids } from './task-ids.js'

const owning = (tasks: ReadonlyMap<TaskId, OwnedTask>): MembershipState => ({
  ...OUTSIDE,
  owned: { ...OUTSIDE.owned, tasks },
})
const settle = () => new Promise((resolve) => setImmediate(resolve))

t.test('a task that left while its take-over failed has its whole time when it comes back', async (t) => {
  const clock = new ManualClock()
  const failed: unknown[] = []
  const posted: MembershipEvent[] = []
  let state: MembershipState = OUTSIDE
  const own = (number: number | null) => {
    const phase = 'opening' as const
    state = owning(number === null ? new Map() : new Map([[id('0_0'), { number, phase }]]))
  }
  const retries = new RetryUntilTimeout(
    { clock, random: seededRandom('opener'), log: silentLog, taskTimeoutMs: 60_000 },
    (what) => what(),
    (error) => failed.push(error),
  )
  const opener = new TaskOpener({
    takeOver: {
      async run() {
        throw new MillraceError('CLIENT_UNREACHABLE', 'no broker', { retriable: true })
      },
    } as unknown as TakeOver,
    tasks: { ids: () => [] } as unknown as TaskSet,
    plan: { sources: () => [], changelogs: () => [] } as unknown as ResolvedTopology,
    retries,
    config: { clock, log: silentLog, taskTimeoutMs: 0 },
    failed: (error) => failed.push(error),
    setAside: async () => {},
    state: () => state,
    post: (event) => posted.push(event),
  })
  const attempt = async (number: number) => {
    opener.open([{ taskId: id('0_0'), number }])
    await settle()
  }
  own(1)
  await attempt(1)
  own(null)
  clock.advance(1_000)
  t.match(posted, [{ kind: 'notOpened', tasks: [{ taskId: id('0_0'), number: 1 }] }])
  clock.advance(600_000)
  own(2)
  await attempt(2)
  t.same(failed, [], 'not ten minutes of failures')
  clock.advance(60_000)
  await attempt(2)
  t.match(failed, [{ code: 'STREAMS_TASK_TIMEOUT' }], 'but one, without a change of hands')
})

for (const [what, own] of [
  ['another member has', owning(new Map())],
  ['an instance that stops has', { ...OUTSIDE, life: { kind: 'finishing', leaves: false } }],
] as const) {
  t.test(`a take-over that fails of a task that ${what} is not tried again, and ends nothing`, async (t) => {
    const clock = new ManualClock()
    const posted: MembershipEvent[] = []
    const failed: unknown[] = []
    const warned: string[] = []
    const retries = new RetryUntilTimeout(
      { clock, random: seededRandom('opener'), log: silentLog, taskTimeoutMs: 0 },
      (what) => what(),
      (error) => failed.push(error),
    )
    const opener = new TaskOpener({
      takeOver: {
        async run() {
          throw new MillraceError('STATE_UNWRITABLE', 'no right to write')
        },
      } as unknown as TakeOver,
      tasks: { ids: () => [] } as unknown as TaskSet,
      plan: { sources: () => [], changelogs: () => [] } as unknown as ResolvedTopology,
      retries,
      config: {
        clock,
        log: { ...silentLog, warn: (_fields: object, text: string) => warned.push(text) },
        taskTimeoutMs: 0,
      },
      failed: (error) => failed.push(error),
      setAside: async () => {},
      state: () => own,
      post: (event) => posted.push(event),
    })
    opener.open([{ taskId: id('0_0'), number: 1 }])
    await settle()
    t.match(posted, [{ kind: 'notOpened', tasks: [{ taskId: id('0_0'), number: 1 }] }], 'at once, without a pause')
    t.same(failed, [])
    t.equal(warned.length, 1)
  })
}

t.test('nothing is tried again after the end', async (t) => {
  const clock = new ManualClock()
  let calls = 0
  const retries = new RetryUntilTimeout(
    { clock, random: seededRandom('opener'), log: silentLog, taskTimeoutMs: 0 },
    (what) => what(),
    (error) => t.fail(String(error)),
  )
  const passing = new MillraceError('CLIENT_UNREACHABLE', 'no broker', { retriable: true })
  retries.later('the first', passing, () => calls++)
  retries.end()
  t.equal(calls, 1, 'what waited is called')
  retries.later('the second', passing, () => calls++)
  clock.advance(60_000)
  t.equal(calls, 1)
})

t.test(
  'a task with nothing to restore does not wait for the others, and one that fails holds up no other',
  async (t) => {
    const clock = new ManualClock()
    const asked: string[][] = []
    const posted: MembershipEvent[] = []
    const all = ids(['0_0', '0_1', '1_0'])
    const tasks = new Map(all.map((taskId, i) => [taskId, { number: i, phase: 'opening' as const }]))
    const state = owning(tasks)
    const retries = new RetryUntilTimeout(
      { clock, random: seededRandom('opener'), log: silentLog, taskTimeoutMs: 0 },
      (what) => what(),
      (error) => t.fail(String(error)),
    )
    const opener = new TaskOpener({
      takeOver: {
        async run(taskIds: TaskId[]) {
          asked.push(taskIds.map(String))
          if (taskIds.includes(id('0_1')))
            throw new MillraceError('CLIENT_UNREACHABLE', 'no leader', { retriable: true })
          return taskIds.map((taskId) => ({ taskId }))
        },
      } as unknown as TakeOver,
      tasks: { ids: () => [] } as unknown as TaskSet,
      plan: {
        sources: () => [],
        changelogs: ({ subTopology }: TaskId) => (subTopology === 0 ? [1] : []),
      } as unknown as ResolvedTopology,
      retries,
      config: { clock, log: silentLog, taskTimeoutMs: 0 },
      failed: (error) => t.fail(String(error)),
      setAside: async () => {},
      state: () => state,
      post: (event) => posted.push(event),
    })
    const open = async (...numbers: number[]) => {
      opener.open(numbers.map((number) => ({ taskId: all[number]!, number })))
      await settle()
    }
    await open(0, 1, 2)
    t.same(asked.splice(0), [['1_0'], ['0_0', '0_1']])
    t.match(posted.splice(0), [{ kind: 'opened', tasks: [{ taskId: id('1_0') }] }])
    clock.advance(1_000)
    t.match(posted.splice(0), [{ kind: 'notOpened', tasks: [{ taskId: id('0_0') }, { taskId: id('0_1') }] }])
    await open(0, 1)
    t.same(asked.splice(0), [['0_0'], ['0_1']], 'each for itself now')
    t.match(posted.splice(0), [{ kind: 'opened', tasks: [{ taskId: id('0_0') }] }])
    retries.stop()
    t.match(
      posted.splice(0),
      [{ kind: 'notOpened', tasks: [{ taskId: id('0_1') }] }],
      'who closes does not wait for a pause',
    )
    clock.advance(60_000)
    t.same(posted, [], 'and leaves no timer')
  },
)
