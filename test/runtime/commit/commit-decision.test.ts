/** When to commit: one row a case. */
import t from 'tap'
import { type CommitFacts, decideCommit } from '../../../lib/runtime/commit/commit-decision.js'

t.test('when a commit is due', async (t) => {
  const policy = { commitLatencyMs: 20, commitIntervalMs: 100, commitBytes: 1_000, commitWhenDrained: true }
  const facts: CommitFacts = {
    nowMs: 1_000,
    inFlight: false,
    pendingSinceMs: 995,
    hasOutput: true,
    pendingBytes: 10,
    drained: false,
    requested: false,
    lastCommitMs: 4,
    lastCommitStartedMs: 900,
  }
  const rows: [name: string, changes: Partial<CommitFacts>, expected: 'commit' | number | null][] = [
    ['nothing pending', { pendingSinceMs: null }, null],
    ['one is in flight', { inFlight: true, requested: true }, null],
    ['output waits for the latency bound', {}, 1_015],
    ['and is committed when it is reached', { nowMs: 1_015 }, 'commit'],
    ['offsets alone wait for the interval', { hasOutput: false }, 1_095],
    ['a drained input is committed at once', { drained: true }, 'commit'],
    ['but not right after another commit', { drained: true, lastCommitStartedMs: 998 }, 1_014],
    ['nor later than the latency bound', { drained: true, lastCommitStartedMs: 998, lastCommitMs: 500 }, 1_015],
    ['a drained input without output waits', { drained: true, hasOutput: false }, 1_095],
    ['enough bytes', { pendingBytes: 1_000 }, 'commit'],
    ['asked for', { requested: true }, 'commit'],
  ]
  const check = (name: string, changes: Partial<CommitFacts>, expected: 'commit' | number | null, changed = policy) => {
    const decision = decideCommit({ ...facts, ...changes }, changed)
    t.equal(decision.kind === 'commit' ? 'commit' : decision.untilMs, expected, name)
  }
  for (const [name, changes, expected] of rows) check(name, changes, expected)
  const patient = { ...policy, commitWhenDrained: false }
  for (const [name, changes, expected] of rows) {
    if (changes.drained !== true) check(`commitWhenDrained: false, ${name}`, changes, expected, patient)
  }
  check('commitWhenDrained: false, a drained input waits for the latency bound', { drained: true }, 1_015, patient)
  check('and is committed when it is reached', { drained: true, nowMs: 1_015 }, 'commit', patient)
})
