import t from 'tap'
import type { MillraceError } from '../../lib/errors.js'
import { type MembershipState, OUTSIDE } from '../../lib/runtime/membership/membership-state.js'
import { DamagedState } from '../../lib/runtime/restore/damaged-state.js'
import { TaskOpener, type TaskOpenerOptions } from '../../lib/runtime/tasks/task-opener.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'
import { id } from './task-ids.js'

const ROWS: readonly [what: string, everyMs: number, times: number, pausesMs: readonly number[], ends: boolean][] = [
  ['once', 0, 1, [100], false],
  ['at every read: pauses grow', 10, 9, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000], false],
  ['each minute: it was sound in between', 60_000, 4, [100, 100, 100, 100], false],
  ['every 59 s: in the end the disk is broken', 59_000, 7, [100, 200, 400, 800, 1_600, 3_200], true],
]

for (const [what, everyMs, times, pausesMs, ends] of ROWS) {
  t.test(`damage ${what}`, async (t) => {
    const clock = new ManualClock()
    const damaged = new DamagedState({ clock, log: silentLog, taskTimeoutMs: 300_000 })
    const pauses: number[] = []
    let final: MillraceError | undefined
    for (let i = 0; i < times; i++) {
      if (i > 0) clock.advance(everyMs)
      damaged.noticed(id('0_0'), 'a value does not match its checksum')
      t.equal(damaged.take(id('0_0')), 'a value does not match its checksum')
      t.equal(damaged.take(id('0_0')), undefined, 'once for each damage')
      try {
        pauses.push(damaged.pauseMs(id('0_0'), 'a value does not match its checksum'))
      } catch (error) {
        final = error as MillraceError
      }
    }
    t.same(pauses, pausesMs)
    if (ends) t.match(final, { code: 'STREAMS_TASK_TIMEOUT', message: /the state of task 0_0/ })
    else t.equal(final, undefined)
    t.equal(damaged.pauseMs(id('0_1'), 'bad'), 100, 'each task for itself')
  })
}

const settle = async () => {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

t.test(
  'a task whose state is damaged again and again is closed only after its pause, unless the instance stops',
  async (t) => {
    const clock = new ManualClock()
    const closed: number[] = []
    const tasks = new Map([[id('0_0'), { number: 1, phase: 'waiting' as const }]])
    let state: MembershipState = { ...OUTSIDE, owned: { ...OUTSIDE.owned, tasks } }
    const opener = new TaskOpener({
      tasks: { remove: () => new Map([[id('0_0'), async () => undefined]]) },
      config: { clock, log: silentLog, taskTimeoutMs: 300_000 },
      setAside: async () => undefined,
      state: () => state,
      post: () => closed.push(clock.monotonicMs()),
      failed: (error: unknown) => t.fail(String(error)),
    } as unknown as TaskOpenerOptions)
    const damage = async () => {
      opener.damaged(id('0_0'), 'bad')
      opener.close([id('0_0')])
      await settle()
    }
    const pass = async (ms: number) => {
      for (let left = ms; left > 0; left -= 50) {
        clock.advance(50)
        await settle()
      }
    }
    await damage()
    t.same(closed, [])
    await pass(100)
    t.same(closed, [100])
    await damage()
    await pass(150)
    t.same(closed, [100], 'twice as long')
    await pass(50)
    t.same(closed, [100, 300])
    await damage()
    state = { ...state, life: { kind: 'finishing', leaves: false } }
    await pass(100)
    t.equal(closed.length, 3, 'an instance that stops does not wait')
  },
)
