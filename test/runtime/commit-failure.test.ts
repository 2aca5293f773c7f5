/** What follows a commit that did not go through, as a table. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { seededRandom } from '../../lib/record/random.js'
import { afterFailedCommit, type FailedCommits, NO_FAILED_COMMITS } from '../../lib/runtime/commit/failed-commit.js'

const passing = new MillraceError('CLIENT_REQUEST_FAILED', 'the coordinator moves', { retriable: true })
const lasting = new MillraceError('CLIENT_AUTHORIZATION', 'not authorized')
/** Half way: a pause is neither longer nor shorter than its step. */
const random = { ...seededRandom('pauses'), next: () => 0.5 }
const config = { taskTimeoutMs: 60_000, random }
const times = (count: number, sinceMs: number): FailedCommits => ({ count, sinceMs, rejected: 0 })

t.test('each outcome', async (t) => {
  const rows: [
    name: string,
    failed: FailedCommits,
    outcome: Parameters<typeof afterFailedCommit>[1],
    recordAtFault: boolean,
    expected: string,
  ][] = [
    [
      'the first refusal is tried again soon',
      NO_FAILED_COMMITS,
      { kind: 'aborted', cause: passing },
      false,
      'rewind 10',
    ],
    ['the next after a longer pause', times(1, 900), { kind: 'aborted', cause: passing }, false, 'rewind 20'],
    ['pauses double', times(4, 900), { kind: 'aborted', cause: passing }, false, 'rewind 160'],
    ['up to five seconds', times(40, 900), { kind: 'aborted', cause: passing }, false, 'rewind 5000'],
    ['an unknown outcome takes over', NO_FAILED_COMMITS, { kind: 'unknown', cause: passing }, false, 'takeOver 10'],
    ['with pauses, too', times(2, 900), { kind: 'unknown', cause: passing }, false, 'takeOver 40'],
    ['a fenced producer takes over', NO_FAILED_COMMITS, { kind: 'fenced', cause: lasting }, false, 'takeOver 10'],
    [
      'a cause that never passes ends it',
      NO_FAILED_COMMITS,
      { kind: 'aborted', cause: lasting },
      false,
      'end CLIENT_AUTHORIZATION',
    ],
    ['a stale generation is no failure', times(3, 0), { kind: 'staleGeneration' }, false, 'rewind 0'],
    ['a record at fault comes again at once', times(3, 0), { kind: 'aborted', cause: lasting }, true, 'rewind 0'],
    [
      'but not for ever',
      { count: 1_000, sinceMs: 0, rejected: 1_000 },
      { kind: 'aborted', cause: lasting },
      true,
      'end STREAMS_COMMIT_REJECTED',
    ],
    [
      'passing errors end it after taskTimeoutMs',
      times(9, -59_000),
      { kind: 'aborted', cause: passing },
      false,
      'end STREAMS_COMMIT_REJECTED',
    ],
    [
      'unknown outcomes as well',
      times(9, -59_000),
      { kind: 'unknown', cause: passing },
      false,
      'end STREAMS_COMMIT_REJECTED',
    ],
    ['not a moment before', times(1, -58_999), { kind: 'aborted', cause: passing }, false, 'rewind 20'],
  ]
  for (const [name, failed, outcome, recordAtFault, expected] of rows) {
    const { next } = afterFailedCommit(failed, outcome, { recordAtFault, nowMs: 1_000 }, config)
    const words = next.kind === 'end' ? `end ${(next.error as MillraceError).code}` : `${next.kind} ${next.pauseMs}`
    t.equal(words, expected, name)
  }
})

t.test('failures are counted from the first, and taskTimeoutMs 0 is for ever', async (t) => {
  const outcome = { kind: 'aborted', cause: passing } as const
  let failed = NO_FAILED_COMMITS
  for (let nowMs = 0; nowMs < 10_000_000; nowMs += 100_000) {
    const step = afterFailedCommit(failed, outcome, { recordAtFault: false, nowMs }, { taskTimeoutMs: 0, random })
    failed = step.failed
    t.equal(step.next.kind, 'rewind')
  }
  t.same(failed, { count: 100, sinceMs: 0, rejected: 0 })
})
