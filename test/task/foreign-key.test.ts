/** The answering side of a foreign-key join: crashed or aborted at every commit in turn, it answers as if nothing had been. */
import t from 'tap'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { INSTRUCTION, type Instruction, subscriptionSerde } from '../../lib/serde/foreign-key.js'
import { string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import type { Topology } from '../../lib/topology/topology.js'
import { type Input, TaskHarness, type Written, writtenBy } from './harness.js'

const text = { key: string, value: string }
const REGISTRATION = 'fk-subscription-registration-topic'
const COMMIT_EVERY = 7

/** The other table first, so that its side is sub-topology 0. */
function topology(): Topology {
  const builder = new StreamsBuilder()
  const right = builder.table('right', { ...text, store: { name: 'right', cached: false } })
  const left = builder.table('left', text)
  left.join(right, { foreignKey: (v) => v, joiner: (l, r) => l + r, name: 'fk' })
  return builder.build()
}

const serde = subscriptionSerde(string as Serde<unknown>)

function randomInput(random: Random): Input {
  const timestamp = random.int(1000)
  const key = Buffer.from('abc'[random.int(3)]!)
  if (random.int(3) === 0) {
    return { topic: 'right', key, value: random.int(4) === 0 ? null : Buffer.from(`R${random.int(9)}`), timestamp }
  }
  const subscription = {
    hash: Buffer.alloc(16, random.int(200)),
    instruction: random.int(INSTRUCTION.answerIfMatched + 1) as Instruction,
    primaryKey: `k${random.int(8)}`,
    primaryPartition: 0,
  }
  return { topic: REGISTRATION, key, value: serde.serialize(subscription, REGISTRATION), timestamp }
}

/** Runs the inputs one by one; at commit number `crashAt` (from 0) the outcome is lost. */
function run(inputs: readonly Input[], crashAt: number, restart: boolean): Written[] {
  const harness = new TaskHarness(topology())
  const offsets = new Map<string, number>()
  const outputs: Written[] = []
  const changelogs: Written[] = []
  let committed = 0
  let commits = 0
  for (let at = 0; at < inputs.length; ) {
    const { topic, ...record } = inputs[at]!
    const offset = offsets.get(topic) ?? 0
    harness.task.setCaughtUp('right', 0, true)
    harness.task.setCaughtUp(REGISTRATION, 0, true)
    harness.add(topic, [record], offset)
    offsets.set(topic, offset + 1)
    while (harness.task.process(1) > 0);
    at++
    if (at % COMMIT_EVERY !== 0 && at < inputs.length) continue
    const commit = harness.task.collectCommit()
    if (commits++ === crashAt) {
      if (restart) {
        harness.open()
        for (const { topic: name, key, value, timestamp } of changelogs) {
          harness.task.state.restore(name.slice('app-'.length, -'-changelog'.length), key!, value, timestamp)
        }
      } else harness.task.commitAborted()
      for (const input of inputs.slice(committed, at)) offsets.set(input.topic, offsets.get(input.topic)! - 1)
      at = committed
      continue
    }
    committed = at
    if (commit === null) continue
    for (const written of writtenBy(commit)) (written.topic.endsWith('-changelog') ? changelogs : outputs).push(written)
    harness.task.commitSucceeded(commit, new Map())
  }
  return outputs
}

for (let seed = 1; seed <= 3; seed++) {
  const random = seededRandom(seed)
  const inputs = Array.from({ length: 105 }, () => randomInput(random))
  const undisturbed = run(inputs, -1, false)
  for (const restart of [false, true]) {
    t.test(`${restart ? 'restarted' : 'aborted'} at every commit, seed ${seed}`, async (t) => {
      t.ok(undisturbed.length > 50)
      for (let crashAt = 0; crashAt < inputs.length / COMMIT_EVERY; crashAt++) {
        t.same(run(inputs, crashAt, restart), undisturbed, `commit ${crashAt}`)
      }
    })
  }
}
