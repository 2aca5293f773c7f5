/**
 * Goal: a restart changes nothing, wherever it falls. Method: a topology that joins, windows and suppresses takes its
 * input in small commits; for each commit in turn a run is killed right after it, with records processed that no commit
 * covers, and goes on from changelogs and offsets on empty disks. Outputs and late decisions must be those of the run
 * nothing happened to.
 */
import t from 'tap'
import { untilTimeLimit, untilWindowCloses } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { seededRandom } from '../../lib/record/random.js'
import { string } from '../../lib/serde/primitive.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, sliding, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { asText, Committed, randomInputs } from './disturb.js'
import { type Input, TaskHarness } from './harness.js'

const PER_COMMIT = 5
/** Processed after the last commit before the kill, and lost. */
const LOST = 3
const OUTPUTS = ['joined', 'final', 'hops', 'slid', 'sessions', 'finalSessions', 'limited', 'versions', 'pairs']

/** Caches off, so that outputs do not depend on when a commit happens. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const text = { key: string, value: string }
  const store = (name: string) => ({ store: { name, cached: false, value: string } })
  const both = (a: string, b: string | null) => `${a}${b}`
  const input = builder.stream('in', text)
  const low = input.filter((_key, value) => value! < 'n')
  const high = input.filterNot((_key, value) => value! < 'n')
  const joined = low.outerJoin(high, {
    window: joinWindow({ beforeMs: 10, afterMs: 15, graceMs: 12 }),
    joiner: (a, b) => `${a}-${b}`,
    ...text,
    otherValue: string,
  })
  joined.to('joined', text)
  const rejoined = joined.groupByKey(text)
  rejoined
    .windowedBy(tumbling({ sizeMs: 20, graceMs: 5 }))
    .reduce(both, store('perWindow'))
    .suppress(untilWindowCloses())
    .toStream()
    .to('final')
  const grouped = input.groupByKey()
  grouped
    .windowedBy(hopping({ sizeMs: 20, advanceMs: 10, graceMs: 4 }))
    .emitStrategy('onWindowClose')
    .reduce(both, store('hopping'))
    .toStream()
    .to('hops')
  grouped
    .windowedBy(sliding({ timeDifferenceMs: 12, graceMs: 6 }))
    .emitStrategy('onWindowClose')
    .reduce(both, store('sliding'))
    .toStream()
    .to('slid')
  const sessions = grouped.windowedBy(session({ gapMs: 6, graceMs: 4 }))
  sessions.emitStrategy('onWindowClose').reduce(both, store('closedSessions')).toStream().to('sessions')
  sessions.reduce(both, store('sessionsOf')).suppress(untilWindowCloses()).toStream().to('finalSessions')
  const latest = grouped.reduce(both, store('latest'))
  latest.suppress(untilTimeLimit(25)).toStream().to('limited')
  const versions = high.toTable({ ...text, store: { name: 'versions', versioned: { historyRetentionMs: 60 } } })
  low.join(versions, { joiner: both, graceMs: 20, ...text }).to('versions', text)
  const first = grouped.reduce((a) => a, store('first'))
  first
    .leftJoin(latest, { joiner: (a, b) => `${a}/${b}` })
    .toStream()
    .to('pairs')
  return builder.build()
}

interface Run {
  readonly outputs: readonly string[]
  readonly drops: readonly string[]
  readonly commits: number
}

/** `restartAfter` says after which commits (from 1) the task is killed. */
function run(inputs: readonly Input[], restartAfter: (commit: number) => boolean): Run {
  const harness = new TaskHarness(topology())
  const committed = new Committed()
  const drops: string[] = []
  const takeDrops = () => {
    for (const { reason, node, offset } of harness.drops.splice(0)) drops.push(`${reason} at ${node}, offset ${offset}`)
  }
  harness.add('in', inputs, 0)
  let commits = 0
  while (committed.offset < inputs.length) {
    harness.task.process(PER_COMMIT)
    const commit = harness.task.collectCommit()!
    committed.take(commit)
    harness.task.commitSucceeded(commit, new Map())
    takeDrops()
    commits++
    if (!restartAfter(commits)) continue
    harness.task.process(LOST)
    harness.drops.length = 0
    harness.task.close()
    harness.open()
    committed.restoreInto(harness)
    harness.add('in', inputs.slice(committed.offset), committed.offset)
  }
  return { outputs: OUTPUTS.flatMap((topic) => [topic, ...asText(committed.outputs, topic)]), drops, commits }
}

for (let seed = 1; seed <= 4; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const inputs = randomInputs(seededRandom(`restart/${seed}`))
    const expected = run(inputs, () => false)
    for (const topic of OUTPUTS) {
      const next = expected.outputs[expected.outputs.indexOf(topic) + 1]
      t.ok(next !== undefined && !OUTPUTS.includes(next), `${topic} has records`)
    }
    t.ok(expected.drops.length > 20, 'records are late')
    for (let commit = 1; commit <= expected.commits; commit++) {
      t.same(
        run(inputs, (at) => at === commit),
        expected,
        `a restart after commit ${commit}`,
      )
    }
    t.same(
      run(inputs, () => true),
      expected,
      'a restart after every commit',
    )
  })
}
