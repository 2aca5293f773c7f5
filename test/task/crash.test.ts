/** Aborts, commits and restarts at random points: what was committed equals an undisturbed run, record by record. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { int64, string } from '../../lib/serde/primitive.js'
import type { TaskCommit } from '../../lib/task/commit.js'
import type { Topology } from '../../lib/topology/topology.js'
import { hopping, session, tumbling } from '../../lib/windows/definitions.js'
import { joinWindow } from '../../lib/windows/join-window.js'
import { type Input, TaskHarness, type Written, writtenBy } from './harness.js'

/** Every kind of state at once; caches off, so that outputs do not depend on when a commit happens. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const input = builder.stream('in', { key: string, value: string })
  const grouped = input.groupByKey()
  const uncached = { cached: false } as const
  grouped
    .count({ store: { name: 'all', ...uncached } })
    .toStream()
    .to('counts', { value: int64 })
  grouped
    .windowedBy(hopping({ sizeMs: 20, advanceMs: 10, graceMs: 5 }))
    .count({ store: { name: 'hops', ...uncached } })
    .toStream()
    .to('hops', { value: int64 })
  grouped
    .windowedBy(tumbling({ sizeMs: 15, graceMs: 5 }))
    .emitStrategy('onWindowClose')
    .reduce((a, b) => a + b, { store: { name: 'closed', ...uncached } })
    .toStream()
    .to('closed')
  grouped
    .windowedBy(session({ gapMs: 6, graceMs: 4 }))
    .reduce((a, b) => a + b, { store: { name: 'sessions', ...uncached } })
    .toStream()
    .to('sessions')
  const left = input.filter((_key, value) => value < 'n')
  const right = input.filterNot((_key, value) => value < 'n')
  const joiner = (one: string | null, two: string | null) => `${one}${two}`
  left.outerJoin(right, { window: joinWindow({ beforeMs: 8, afterMs: 12, graceMs: 5 }), joiner }).to('pairs', {
    value: string,
  })
  const rows = right.toTable({ store: { name: 'versions', versioned: { historyRetentionMs: 40 } } })
  rows.toStream().to('rows')
  left.leftJoin(rows, { joiner, graceMs: 10 }).to('waited')
  return builder.build()
}

function randomInputs(random: Random): Input[] {
  let nowMs = 0
  return Array.from({ length: 120 }, () => {
    nowMs += random.int(9)
    const timestamp = Math.max(0, nowMs - (random.int(3) === 0 ? random.int(50) : 0))
    const key = Buffer.from(`k${random.int(4)}`)
    return { topic: 'in', key, value: Buffer.from(String.fromCharCode(97 + random.int(26))), timestamp }
  })
}

/** The cluster's side: what is committed survives everything. */
class Committed {
  offset = 0
  metadata = ''
  readonly outputs: Written[] = []
  readonly changelogs: Written[] = []

  take(commit: TaskCommit): void {
    for (const record of writtenBy(commit)) {
      if (record.topic.endsWith('-changelog')) this.changelogs.push(record)
      else this.outputs.push(record)
    }
    for (const { offset, metadata } of commit.offsets) {
      this.offset = offset
      this.metadata = metadata
    }
  }

  restoreInto(harness: TaskHarness): void {
    for (const { topic, key, value, timestamp } of this.changelogs) {
      const store = topic.slice('app-'.length, -'-changelog'.length)
      harness.task.state.restore(store, key!, value, timestamp)
    }
    harness.task.restoreTimes([{ topic: 'in', partition: 0, metadata: this.metadata }])
  }
}

function undisturbed(inputs: readonly Input[]): Written[] {
  const harness = new TaskHarness(topology())
  const committed = new Committed()
  harness.add('in', inputs, 0)
  harness.task.process(inputs.length)
  committed.take(harness.task.collectCommit()!)
  return committed.outputs
}

function disturbed(inputs: readonly Input[], random: Random): { outputs: Written[]; restarts: number; aborts: number } {
  const harness = new TaskHarness(topology())
  const committed = new Committed()
  let restarts = 0
  let aborts = 0
  let fed = 0
  const refeed = () => {
    fed = committed.offset
  }
  for (let steps = 0; committed.offset < inputs.length && steps < 10_000; steps++) {
    if (fed < inputs.length) {
      const chunk = inputs.slice(fed, fed + 1 + random.int(8))
      harness.add('in', chunk, fed)
      fed += chunk.length
    }
    harness.task.process(1 + random.int(10))
    const what = random.int(10)
    if (what < 5) {
      const commit = harness.task.collectCommit()
      if (commit === null) continue
      // Processing goes on while a commit is in flight.
      if (random.int(2) === 0) harness.task.process(random.int(4))
      if (random.int(4) > 0) {
        committed.take(commit)
        harness.task.commitSucceeded(commit, new Map())
      } else {
        aborts++
        harness.task.commitAborted()
        refeed()
      }
    } else if (what === 5) {
      aborts++
      harness.task.commitAborted()
      refeed()
    } else if (what === 6) {
      restarts++
      harness.task.close()
      harness.open()
      committed.restoreInto(harness)
      refeed()
    }
  }
  return { outputs: committed.outputs, restarts, aborts }
}

const asText = (records: readonly Written[], topic: string) =>
  records
    .filter((record) => record.topic === topic)
    .map(({ key, value, timestamp }) => `${key?.toString('hex')} ${value?.toString('hex')} ${timestamp}`)

for (let seed = 1; seed <= 40; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const inputs = randomInputs(random)
    const expected = undisturbed(inputs)
    const { outputs, restarts, aborts } = disturbed(inputs, random)
    t.ok(restarts + aborts > 0, 'something was disturbed')
    for (const topic of ['counts', 'hops', 'closed', 'sessions', 'pairs', 'rows', 'waited']) {
      t.ok(asText(expected, topic).length > 0, `${topic} has results`)
      t.same(asText(outputs, topic), asText(expected, topic), topic)
    }
  })
}
