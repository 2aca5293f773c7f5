/** Aborts, commits and restarts a task at random points, beside an undisturbed run of the same input. */
import type { Random } from '../../lib/record/random.js'
import type { TaskCommit } from '../../lib/task/task-commit.js'
import type { Topology } from '../../lib/topology/topology.js'
import { type Input, TaskHarness, type Written, writtenBy } from './harness.js'

export function randomInputs(random: Random): Input[] {
  let nowMs = 0
  return Array.from({ length: 120 }, () => {
    nowMs += random.int(9)
    const timestamp = Math.max(0, nowMs - (random.int(3) === 0 ? random.int(50) : 0))
    const key = Buffer.from(`k${random.int(4)}`)
    return { topic: 'in', key, value: Buffer.from(String.fromCharCode(97 + random.int(26))), timestamp }
  })
}

/** The cluster's side: what is committed survives everything. */
export class Committed {
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
    harness.task.restore([{ topic: 'in', partition: 0, offset: this.offset, metadata: this.metadata }])
  }
}

export function undisturbed(topology: Topology, inputs: readonly Input[]): Written[] {
  const harness = new TaskHarness(topology)
  const committed = new Committed()
  harness.add('in', inputs, 0)
  harness.task.process(inputs.length)
  committed.take(harness.task.collectCommit()!)
  return committed.outputs
}

export function disturbed(
  topology: Topology,
  inputs: readonly Input[],
  random: Random,
): { outputs: Written[]; restarts: number; aborts: number } {
  const harness = new TaskHarness(topology)
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

export const asText = (records: readonly Written[], topic: string) =>
  records
    .filter((record) => record.topic === topic)
    .map(({ key, value, timestamp }) => `${key?.toString('hex')} ${value?.toString('hex')} ${timestamp}`)
