/** Take-overs that fail: how long is counted anew for each ownership. */
import t from 'tap'
import { MillraceError } from '../../lib/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { type MembershipEvent, type MembershipState, OUTSIDE } from '../../lib/runtime/membership/membership.js'
import type { Plan } from '../../lib/runtime/plan.js'
import { RetryUntilTimeout } from '../../lib/runtime/retry-until-timeout.js'
import type { TakeOver } from '../../lib/runtime/take-over.js'
import { TaskOpener } from '../../lib/runtime/task-opener.js'
import type { TaskSet } from '../../lib/runtime/task-set.js'
import { silentLog } from '../../lib/telemetry/log.js'
import { ManualClock } from '../../lib/testing/manual-clock.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

t.test('a task that left while its take-over failed has its whole time when it comes back', async (t) => {
  const clock = new ManualClock()
  const failed: unknown[] = []
  const posted: MembershipEvent[] = []
  let state: MembershipState = OUTSIDE
  const own = (number: number | null) => {
    const phase = 'opening' as const
    state = { ...OUTSIDE, tasks: number === null ? new Map() : new Map([['0_0', { number, phase }]]) }
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
    plan: { sources: () => [] } as unknown as Plan,
    retries,
    log: silentLog,
    setAside: async () => {},
    state: () => state,
    post: (event) => posted.push(event),
  })
  const attempt = async (number: number) => {
    opener.open([{ taskId: '0_0', number }])
    await settle()
  }
  own(1)
  await attempt(1)
  own(null)
  clock.advance(1_000)
  t.match(posted, [{ kind: 'notOpened', tasks: [{ taskId: '0_0', number: 1 }] }])
  clock.advance(600_000)
  own(2)
  await attempt(2)
  t.same(failed, [], 'not ten minutes of failures')
  clock.advance(60_000)
  await attempt(2)
  t.match(failed, [{ code: 'STREAMS_TASK_TIMEOUT' }], 'but one, without a change of hands')
})
